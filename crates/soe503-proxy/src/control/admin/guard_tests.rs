use http::HeaderName;

use super::*;

const TOKEN: &str = "correct-horse-battery";

fn loopback() -> Guard {
    Guard::new("127.0.0.1:9503".parse().unwrap(), AdminAccess::Loopback)
}

fn with_token() -> Guard {
    let token = AdminToken::new(TOKEN).unwrap();
    Guard::new("0.0.0.0:9503".parse().unwrap(), AdminAccess::Token(token))
}

fn ask(guard: &Guard, path: &str, peer: &str, headers: &[(&str, &str)]) -> Result<(), Denied> {
    send(&Method::GET, guard, path, peer, headers)
}

fn send(
    method: &Method,
    guard: &Guard,
    path: &str,
    peer: &str,
    headers: &[(&str, &str)],
) -> Result<(), Denied> {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
        .collect();
    let (path, peer) = (path.parse().unwrap(), peer.parse().unwrap());
    guard.admit(method, &path, &headers, peer)
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
            Ok(())
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
        let admitted = ask(
            &guard,
            "/api/v1/changes/github?service=cart",
            "10.0.0.9",
            &forwarded,
        );
        assert_eq!(admitted, Ok(()));
        for path in [
            "/api/v1/changes",
            "/api/v1/changes/argocd",
            "/api/v1/changes/github/",
            "/api/v1/changes/GitHub",
        ] {
            assert!(ask(&guard, path, "10.0.0.9", &forwarded).is_err(), "{path}");
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
    assert_eq!(ask(&loopback(), "/metrics", "::1", &headers), Ok(()));
    assert_eq!(
        ask(&loopback(), "/metrics", "::ffff:127.0.0.1", &headers),
        Ok(())
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
        (Some(bearer.as_str()), Ok(())),
        (Some("bearer correct-horse-battery"), Ok(())),
        (Some(wrong.as_str()), Err(Denied::Unauthorized)),
        (Some(basic.as_str()), Err(Denied::Unauthorized)),
        (Some(password.as_str()), Ok(())),
        (Some(nobody.as_str()), Ok(())),
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
            Ok(())
        );
        assert_eq!(ask(&loopback(), path, "10.0.0.9", &[]), Ok(()));
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
        (("origin", "http://127.0.0.1:9503"), Ok(())),
        (("origin", "http://evil.example"), Err(Denied::CrossSite)),
        (("origin", "http://127.0.0.1:8080"), Err(Denied::CrossSite)),
        (("origin", "http://127.0.0.1"), Err(Denied::CrossSite)),
        (("origin", "null"), Err(Denied::CrossSite)),
        (("origin", "file://127.0.0.1:9503"), Err(Denied::CrossSite)),
        (("sec-fetch-site", "cross-site"), Err(Denied::CrossSite)),
        (("sec-fetch-site", "same-site"), Err(Denied::CrossSite)),
        (("sec-fetch-site", "none"), Ok(())),
        (("sec-fetch-site", "same-origin"), Ok(())),
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
        assert_eq!(ask(&loopback(), page, here, &followed), Ok(()), "{page}");
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
fn a_name_is_what_somebody_said() {
    let name = |value: String| {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        claimed_name(&headers)
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
    ] {
        assert_eq!(name(nobody.clone()), None, "{nobody}");
    }
}

#[test]
fn every_refusal_says_what_to_do() {
    for denied in [
        Denied::Unauthorized,
        Denied::NotLocal,
        Denied::ForeignHost,
        Denied::CrossSite,
    ] {
        let problem = denied.problem();
        assert!(matches!(problem.status, 401 | 403), "{denied:?}");
        assert!(problem.detail.len() > 40, "{denied:?}");
    }
}
