use http::HeaderName;

use super::*;
use crate::config::{AdminToken, TokenFile};

#[path = "guard_certificate_tests.rs"]
mod certificates;

const TOKEN: &str = "correct-horse-battery";
const READER: &str = "a-reader-and-no-more";

const OPERATOR: Result<AdminRole, Denied> = Ok(AdminRole::Operator);

fn loopback() -> Guard {
    let access = Arc::new(Access::new(AdminAccess::Loopback));
    Guard::new("127.0.0.1:9503".parse().unwrap(), access)
}

fn with_token() -> Guard {
    let file = |token| TokenFile::new("token".into(), AdminToken::new(token).unwrap());
    let tokens = AdminTokens::new(Some(file(TOKEN)), Some(file(READER))).unwrap();
    let access = Arc::new(Access::new(AdminAccess::by_tokens(tokens)));
    Guard::new("0.0.0.0:9503".parse().unwrap(), access)
}

fn ask(
    guard: &Guard,
    path: &str,
    peer: &str,
    headers: &[(&str, &str)],
) -> Result<AdminRole, Denied> {
    send(&Method::GET, guard, path, peer, headers)
}

fn send(
    method: &Method,
    guard: &Guard,
    path: &str,
    peer: &str,
    headers: &[(&str, &str)],
) -> Result<AdminRole, Denied> {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
        .collect();
    let asker = Asker {
        peer: peer.parse().unwrap(),
        secured: None,
        now: 1_000,
        tick: Tick::from_secs(1_000),
    };
    guard.admit(method, &path.parse().unwrap(), &headers, asker)
}

#[test]
fn hosts_that_mean_this_listener() {
    for (host, ours) in [
        ("127.0.0.1:9503", true),
        ("127.0.0.1", true),
        ("127.1.2.3:9503", true),
        ("localhost:9503", true),
        ("LOCALHOST", true),
        ("[::1]:9503", true),
        ("[::ffff:127.0.0.1]", true),
        ("evil.example:9503", false),
        ("localhost.evil.example", false),
        ("127.0.0.1.evil.example:9503", false),
        ("10.0.0.1:9503", false),
        ("", false),
        (":9503", false),
        ("127.0.0.1:x", false),
    ] {
        let expected = if ours {
            OPERATOR
        } else {
            Err(Denied::ForeignHost)
        };
        let result = ask(&loopback(), "/metrics", "127.0.0.1", &[("host", host)]);
        assert_eq!(result, expected, "{host:?}");
    }
    let missing = ask(&loopback(), "/metrics", "127.0.0.1", &[]);
    assert_eq!(missing, Err(Denied::ForeignHost));
}

/// What signs its messages needs no token: on that path alone, which refuses what is not signed.
#[test]
fn github_is_let_in_where_it_signs() {
    for guard in [loopback(), with_token()] {
        let forwarded = [("host", "soe503.example")];
        let github = "/api/v1/changes/github?service=cart";
        let admitted = send(&Method::POST, &guard, github, "10.0.0.9", &forwarded);
        assert_eq!(admitted, Ok(AdminRole::Source));
        for other in [Method::GET, Method::HEAD, Method::PUT] {
            let denied = send(&other, &guard, github, "10.0.0.9", &forwarded);
            assert!(denied.is_err(), "{other}");
        }
        for path in [
            "/api/v1/changes",
            "/api/v1/changes/argocd",
            "/api/v1/changes/github/",
            "/api/v1/changes/GitHub",
        ] {
            let denied = send(&Method::POST, &guard, path, "10.0.0.9", &forwarded);
            assert!(denied.is_err(), "{path}");
        }
    }
}

#[test]
fn an_absolute_uri_counts_as_the_host() {
    let rebound = ask(
        &loopback(),
        "http://evil.example/metrics",
        "127.0.0.1",
        &[("host", "localhost")],
    );
    assert_eq!(rebound, Err(Denied::ForeignHost));
}

#[test]
fn without_a_token_only_this_machine_is_served() {
    let headers = [("host", "127.0.0.1:9503")];
    assert_eq!(
        ask(&loopback(), "/metrics", "10.0.0.9", &headers),
        Err(Denied::NotLocal)
    );
    assert_eq!(ask(&loopback(), "/metrics", "::1", &headers), OPERATOR);
    assert_eq!(
        ask(&loopback(), "/metrics", "::ffff:127.0.0.1", &headers),
        OPERATOR
    );
}

#[test]
fn with_a_token_the_token_decides_even_on_loopback() {
    let bearer = format!("Bearer {TOKEN}");
    let wrong = format!("Bearer {TOKEN}x");
    let basic = format!("Basic {TOKEN}");
    let of = |credentials: String| format!("Basic {}", STANDARD.encode(credentials));
    let (password, name) = (of(format!("ada:{TOKEN}")), of(format!("{TOKEN}:")));
    let (nobody, bare) = (of(format!(":{TOKEN}")), of(TOKEN.to_owned()));
    for (value, expected) in [
        (Some(bearer.as_str()), OPERATOR),
        (Some("bearer correct-horse-battery"), OPERATOR),
        (Some(wrong.as_str()), Err(Denied::Unauthorized)),
        (Some(basic.as_str()), Err(Denied::Unauthorized)),
        (Some(password.as_str()), OPERATOR),
        (Some(nobody.as_str()), OPERATOR),
        (Some(name.as_str()), Err(Denied::Unauthorized)),
        (Some(bare.as_str()), Err(Denied::Unauthorized)),
        (Some("Bearer"), Err(Denied::Unauthorized)),
        (Some(""), Err(Denied::Unauthorized)),
        (None, Err(Denied::Unauthorized)),
    ] {
        let headers: Vec<_> = [("host", "proxy.internal:9503")]
            .into_iter()
            .chain(value.map(|value| ("authorization", value)))
            .collect();
        for peer in ["10.0.0.9", "127.0.0.1"] {
            assert_eq!(
                ask(&with_token(), "/api/v1/pools", peer, &headers),
                expected,
                "{value:?}"
            );
        }
    }
}

#[test]
fn probes_need_neither_token_nor_name() {
    for path in ["/healthz", "/readyz"] {
        assert_eq!(
            ask(&with_token(), path, "10.0.0.9", &[("host", "pod-7")]),
            Ok(AdminRole::Reader)
        );
        assert_eq!(
            ask(&loopback(), path, "10.0.0.9", &[]),
            Ok(AdminRole::Reader)
        );
    }
    let beyond = ask(
        &with_token(),
        "/healthz/../metrics",
        "10.0.0.9",
        &[("host", "pod-7")],
    );
    assert_eq!(beyond, Err(Denied::Unauthorized));
}

#[test]
fn pages_of_other_sites_are_turned_away() {
    let host = ("host", "127.0.0.1:9503");
    for (header, expected) in [
        (("origin", "http://127.0.0.1:9503"), OPERATOR),
        (("origin", "http://evil.example"), Err(Denied::CrossSite)),
        (("origin", "http://127.0.0.1:8080"), Err(Denied::CrossSite)),
        (("origin", "http://127.0.0.1"), Err(Denied::CrossSite)),
        (("origin", "null"), Err(Denied::CrossSite)),
        (("origin", "file://127.0.0.1:9503"), Err(Denied::CrossSite)),
        (("sec-fetch-site", "cross-site"), Err(Denied::CrossSite)),
        (("sec-fetch-site", "same-site"), Err(Denied::CrossSite)),
        (("sec-fetch-site", "none"), OPERATOR),
        (("sec-fetch-site", "same-origin"), OPERATOR),
    ] {
        let result = ask(&loopback(), "/api/v1/pools", "127.0.0.1", &[host, header]);
        assert_eq!(result, expected, "{header:?}");
    }
    let bearer = format!("Bearer {TOKEN}");
    let stolen = [
        host,
        ("authorization", bearer.as_str()),
        ("origin", "http://evil.example"),
    ];
    assert_eq!(
        ask(&with_token(), "/metrics", "127.0.0.1", &stolen),
        Err(Denied::CrossSite)
    );
}

#[test]
fn a_link_to_the_dashboard_may_be_anywhere_and_a_form_may_not() {
    let followed = [
        ("host", "127.0.0.1:9503"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    let here = "127.0.0.1";
    for page in ["/", "/incidents", "/incidents/01K", "/config"] {
        assert_eq!(ask(&loopback(), page, here, &followed), OPERATOR, "{page}");
    }
    for other in [
        "/act?path=/api/v1/config/reload",
        "/live",
        "/done/1",
        "/api/v1/config",
        "/metrics",
    ] {
        let denied = ask(&loopback(), other, here, &followed);
        assert_eq!(denied, Err(Denied::CrossSite), "{other}");
    }
    assert_eq!(
        send(&Method::POST, &loopback(), "/act", here, &followed),
        Err(Denied::CrossSite)
    );
    for (at, value) in [(2, "cors"), (2, "no-cors"), (3, "iframe"), (3, "image")] {
        let mut other = followed;
        other[at].1 = value;
        assert_eq!(
            ask(&loopback(), "/", here, &other),
            Err(Denied::CrossSite),
            "{value}"
        );
    }
    let mut rebound = followed;
    rebound[0].1 = "evil.example";
    assert_eq!(
        ask(&loopback(), "/", here, &rebound),
        Err(Denied::ForeignHost)
    );
    assert_eq!(
        ask(&with_token(), "/", here, &followed),
        Err(Denied::Unauthorized)
    );
}

#[test]
fn a_reader_looks_at_everything_and_does_nothing() {
    let bearer = format!("Bearer {READER}");
    let password = format!("Basic {}", STANDARD.encode(format!("ada:{READER}")));
    for value in [&bearer, &password] {
        let headers = [
            ("host", "proxy.internal:9503"),
            ("authorization", value.as_str()),
        ];
        for path in [
            "/",
            "/live",
            "/metrics",
            "/config",
            "/done/1",
            "/api/v1/pools",
            "/api/v1/config",
            "/healthz",
        ] {
            for method in [Method::GET, Method::HEAD] {
                let looks = send(&method, &with_token(), path, "10.0.0.9", &headers);
                assert_eq!(looks, Ok(AdminRole::Reader), "{method} {path}");
            }
            for method in [
                Method::POST,
                Method::DELETE,
                Method::PUT,
                Method::PATCH,
                Method::OPTIONS,
                "BREW".parse().unwrap(),
            ] {
                let acts = send(&method, &with_token(), path, "10.0.0.9", &headers);
                assert_eq!(acts, Err(Denied::ReadOnly), "{method} {path}");
            }
        }
        let question = ask(
            &with_token(),
            "/act?path=/api/v1/config/reload",
            "::1",
            &headers,
        );
        assert_eq!(question, Err(Denied::ReadOnly));
    }
    let problem = Denied::ReadOnly.problem();
    for word in [
        "`operator`",
        "[admin].token_file",
        "[admin].read_token_file",
    ] {
        assert!(problem.detail.contains(word), "{}", problem.detail);
    }
}

#[test]
fn an_act_is_never_a_probe() {
    for path in ["/healthz", "/readyz"] {
        let denied = send(&Method::POST, &with_token(), path, "10.0.0.9", &[]);
        assert_eq!(denied, Err(Denied::Unauthorized), "{path}");
    }
}

#[test]
fn a_name_is_what_somebody_said() {
    let name = |value: String| {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        with_token().claimed_name(&headers)
    };
    let basic = |said: &str| format!("Basic {}", STANDARD.encode(said));
    assert_eq!(name(basic("ada:secret:x")), Some("ada".into()));
    assert_eq!(name(basic("a\nb\u{7}:x")), Some("ab".into()));
    assert_eq!(
        name(basic(&format!("{}:x", "n".repeat(500)))),
        Some("n".repeat(64))
    );
    for nobody in [
        basic(":x"),
        basic("x"),
        "Basic !".into(),
        "Bearer ada:x".into(),
        // Secrets are no names.
        basic("twice:twice"),
        basic(&format!("my {TOKEN}:{TOKEN}")),
        basic(&format!(" {READER}:{TOKEN}")),
    ] {
        assert_eq!(name(nobody.clone()), None, "{nobody}");
    }
}

#[test]
fn every_refusal_says_what_to_do() {
    for denied in [
        Denied::Unauthorized,
        Denied::NotNamed,
        Denied::NotLocal,
        Denied::ForeignHost,
        Denied::CrossSite,
        Denied::ReadOnly,
    ] {
        let problem = denied.problem();
        assert!(matches!(problem.status, 401 | 403), "{denied:?}");
        assert!(problem.detail.len() > 40, "{denied:?}");
        assert_eq!(denied.retry_after(), None, "{denied:?}");
    }
    let wait = std::time::Duration::from_millis(2_001);
    for (denied, status, seconds) in [
        (Denied::TooManyGuesses(wait), 429, Some(3)),
        (Denied::TooManyActs(wait / 10), 429, Some(1)),
        (Denied::SlowBody, 408, None),
    ] {
        let problem = denied.problem();
        assert_eq!(problem.status, status, "{denied:?}");
        assert_eq!(denied.retry_after(), seconds, "{denied:?}");
        let told = seconds.map(|seconds| format!("in {seconds} s"));
        assert!(
            told.is_none_or(|told| problem.detail.contains(&told)),
            "{}",
            problem.detail
        );
    }
}
