//! Who is let in by a certificate.

use std::time::Duration;

use super::*;
use crate::config::{AdminCertificates, ClientName};
use crate::tls::Certificate;

const READER_ONLY: Result<AdminRole, Denied> = Ok(AdminRole::Reader);

/// A certificate with these URIs, which is valid at 1000.
fn with(uris: &[&str]) -> Secured {
    Secured::new(Some(&Certificate {
        subject: "O=Example".into(),
        common_name: None,
        names: Vec::new(),
        addresses: Vec::new(),
        uris: uris.iter().map(|&uri| uri.to_owned()).collect(),
        emails: Vec::new(),
        not_before: 900,
        not_after: 1_100,
    }))
}

/// With these tokens, those of `[OPS, …]` operators and those of `readers`, or all, readers.
fn guard(tokens: bool, readers: Option<&[&str]>) -> Guard {
    let name = |name: &&str| ClientName::Uri((*name).into());
    let readers = readers.map(|names| names.iter().map(name).collect());
    let file = |token| TokenFile::new("token".into(), AdminToken::new(token).unwrap());
    let tokens =
        tokens.then(|| AdminTokens::new(Some(file(TOKEN)), Some(file(super::READER))).unwrap());
    let access = AdminAccess::Shown(AdminCredentials {
        tokens,
        certificates: Some(AdminCertificates::new([name(&OPS)], readers)),
    });
    Guard::new(
        "0.0.0.0:9503".parse().unwrap(),
        Arc::new(Access::new(access)),
    )
}

const OPS: &str = "spiffe://example.org/ops";
const WATCH: &str = "spiffe://example.org/watch";
const OTHER: &str = "spiffe://example.org/other";

struct Request<'a> {
    method: Method,
    path: &'a str,
    headers: &'a [(&'a str, &'a str)],
    secured: Option<&'a Secured>,
    now: i64,
}

fn asks(guard: &Guard, request: &Request<'_>) -> Result<AdminRole, Denied> {
    let mut headers: HeaderMap = request
        .headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
        .collect();
    headers.insert(HOST, "admin.example:9503".parse().unwrap());
    let asker = Asker {
        peer: "10.0.0.9".parse().unwrap(),
        secured: request.secured,
        now: request.now,
        tick: Tick::from_secs(1_000),
    };
    let uri = request.path.parse().unwrap();
    guard.admit(&request.method, &uri, &headers, asker)
}

/// A look and an act.
fn both(
    guard: &Guard,
    secured: Option<&Secured>,
    headers: &[(&str, &str)],
) -> [Result<AdminRole, Denied>; 2] {
    [
        (Method::GET, "/metrics"),
        (Method::POST, "/api/v1/config/reload"),
    ]
    .map(|(method, path)| {
        let request = Request {
            method,
            path,
            headers,
            secured,
            now: 1_000,
        };
        asks(guard, &request)
    })
}

#[test]
fn a_certificate_or_a_token_lets_in_and_the_greater_role_counts() {
    let operator = format!("Bearer {TOKEN}");
    let reader = format!("Bearer {}", super::READER);
    let wrong = "Bearer wrong-and-wronger".to_owned();
    let acts = [OPERATOR, OPERATOR];
    let looks = [READER_ONLY, Err(Denied::ReadOnly)];
    let nobody = [Err(Denied::Unauthorized); 2];
    let not_named = [Err(Denied::NotNamed); 2];
    let secured = |uris: &[&str]| Some(with(uris));
    let rows = [
        // Of a certificate alone.
        (secured(&[OPS]), None, acts),
        (secured(&[WATCH]), None, looks),
        (secured(&[WATCH, OPS]), None, acts),
        (secured(&[OTHER]), None, not_named),
        (secured(&[]), None, not_named),
        (Some(Secured::default()), None, nobody),
        (None, None, nobody),
        // With a token.
        (secured(&[WATCH]), Some(&operator), acts),
        (secured(&[OPS]), Some(&reader), acts),
        (secured(&[OTHER]), Some(&operator), acts),
        (secured(&[OTHER]), Some(&reader), looks),
        (secured(&[OPS]), Some(&wrong), acts),
        (secured(&[WATCH]), Some(&wrong), looks),
        (secured(&[OTHER]), Some(&wrong), nobody),
        (Some(Secured::default()), Some(&operator), acts),
        (Some(Secured::default()), Some(&reader), looks),
        (None, Some(&operator), acts),
        (None, Some(&wrong), nobody),
    ];
    let guard = guard(true, Some(&[WATCH]));
    for (secured, token, expected) in rows {
        let headers: Vec<_> = token
            .map(|token| ("authorization", &**token))
            .into_iter()
            .collect();
        let found = both(&guard, secured.as_ref(), &headers);
        assert_eq!(found, expected, "{secured:?} {token:?}");
    }
}

/// What it is worth needs no guess, so it is no matter that others at the address have none that is worth anything.
#[test]
fn certificates_without_a_role_are_limited_and_others_are_not() {
    let (all, readers) = (guard(true, None), guard(true, Some(&[WATCH])));
    let (other, ops) = (with(&[OTHER]), with(&[OPS]));
    for _ in 0..5 {
        assert_eq!(
            both(&readers, Some(&other), &[]),
            [Err(Denied::NotNamed); 2]
        );
    }
    let later = Err(Denied::TooManyGuesses(Duration::from_secs(1)));
    assert_eq!(both(&readers, Some(&other), &[]), [later; 2]);
    assert_eq!(both(&readers, Some(&ops), &[]), [OPERATOR; 2]);
    // With none that wants a name, none is refused.
    for _ in 0..50 {
        assert_eq!(both(&all, Some(&other), &[])[0], READER_ONLY);
    }
}

#[test]
fn without_tokens_a_token_opens_nothing_and_without_readers_everybody_looks() {
    let guard = guard(false, None);
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str())];
    let nobody = [Err(Denied::Unauthorized); 2];
    assert_eq!(both(&guard, Some(&Secured::default()), &headers), nobody);
    let looks = [READER_ONLY, Err(Denied::ReadOnly)];
    assert_eq!(both(&guard, Some(&with(&[OTHER])), &[]), looks);
    assert_eq!(both(&guard, Some(&with(&[OPS])), &[]), [OPERATOR; 2]);
    assert!(!guard.takes_tokens());
}

#[test]
fn a_certificate_counts_while_it_is_valid() {
    let (guard, secured) = (guard(true, None), with(&[OPS]));
    for (now, expected) in [
        (899, Err(Denied::Unauthorized)),
        (900, OPERATOR),
        (1_100, OPERATOR),
        (1_101, Err(Denied::Unauthorized)),
    ] {
        let request = Request {
            method: Method::GET,
            path: "/metrics",
            headers: &[],
            secured: Some(&secured),
            now,
        };
        assert_eq!(asks(&guard, &request), expected, "{now}");
    }
}

#[test]
fn probes_need_no_certificate() {
    for secured in [None, Some(Secured::default()), Some(with(&[OTHER]))] {
        for path in ["/healthz", "/readyz"] {
            let request = Request {
                method: Method::GET,
                path,
                headers: &[],
                secured: secured.as_ref(),
                now: 1_000,
            };
            assert_eq!(asks(&guard(false, Some(&[])), &request), READER_ONLY);
        }
    }
}

/// A browser sends a certificate along whatever page asks.
#[test]
fn other_sites_can_do_nothing_with_a_certificate() {
    let (guard, secured) = (guard(false, None), with(&[OPS]));
    let own = ("origin", "https://admin.example:9503");
    let cross = [Err(Denied::CrossSite); 2];
    for (header, expected) in [
        (own, [OPERATOR; 2]),
        (("sec-fetch-site", "same-origin"), [OPERATOR; 2]),
        (("sec-fetch-site", "none"), [OPERATOR; 2]),
        // Whoever is on the way can make a page that comes by plain HTTP.
        (("origin", "http://admin.example:9503"), cross),
        (("origin", "https://evil.example"), cross),
        (("origin", "https://admin.example"), cross),
        (("origin", "null"), cross),
        (("sec-fetch-site", "cross-site"), cross),
        (("sec-fetch-site", "same-site"), cross),
    ] {
        let found = both(&guard, Some(&secured), &[header]);
        assert_eq!(found, expected, "{header:?}");
    }
}

#[test]
fn a_certificate_is_called_by_the_name_that_counts() {
    let guard = guard(false, Some(&[WATCH]));
    let called = |secured: &Secured| {
        let asker = Asker {
            peer: "10.0.0.9".parse().unwrap(),
            secured: Some(secured),
            now: 1_000,
            tick: Tick::from_secs(1_000),
        };
        guard.proven_name(asker).map(|name| name.to_string())
    };
    assert_eq!(called(&with(&[OTHER, WATCH, OPS])), Some(OPS.into()));
    assert_eq!(called(&with(&[OTHER, WATCH])), Some(WATCH.into()));
    assert_eq!(called(&with(&[OTHER])), Some(OTHER.into()));
    assert_eq!(called(&with(&[])), Some("O=Example".into()));
    assert_eq!(called(&Secured::default()), None);
}
