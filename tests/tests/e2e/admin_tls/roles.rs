//! Who may do what.

use super::scene::{OPERATOR, OPS, READER, Scene, scene, status};
use crate::tls::support::Pair;

const ROLES: &str = ", operators = [\"spiffe://example.org/ops\"]";
const TOKENS: &str = "token_file = \"@operator@\"\nread_token_file = \"@reader@\"";

impl Scene {
    async fn with_token(&self, shows: Option<&Pair>, line: &str, token: &str) -> Option<u16> {
        let field = format!("Authorization: Bearer {token}\r\n");
        status(&self.ask(shows, line, &field).await.unwrap())
    }
}

#[tokio::test]
async fn a_certificate_says_what_its_holder_may_do_and_the_log_names_them() {
    let scene = scene(ROLES, "").await;
    let name = scene.backend.address();
    let drain = format!("/api/v1/pools/app/backends/{name}/drain");
    let rows: [(Option<&str>, &str, &[&str], &str); 8] = [
        (None, "/healthz", &[], "200"),
        (None, "/readyz", &[], "200"),
        (None, "/api/v1/pools", &[], "401"),
        (None, &drain, &["--data", ""], "401"),
        (Some("watch"), "/api/v1/pools", &[], "200"),
        (Some("watch"), &drain, &["--data", ""], "403"),
        (Some("ops"), "/", &[], "200"),
        (
            Some("ops"),
            &drain,
            &["--data", "{\"reason\":\"new disks\"}"],
            "200",
        ),
    ];
    for (shows, path, more, expected) in rows {
        let Some((said, code)) = scene.curl(shows, path, more).await else {
            return;
        };
        assert_eq!((&*said, code), (expected, Some(0)), "{shows:?} {path}");
    }
    let audit = scene.audited(3).await;
    let [nobody, reader, operator] = &audit[..] else {
        panic!("{audit:#?}");
    };
    assert!(!nobody.contains("certificate"), "{nobody}");
    for (line, words) in [
        (
            nobody,
            ["via=\"api\"", "status=401 refused=\"unauthorized\""],
        ),
        (
            reader,
            [
                "role=\"reader\"",
                "certificate=\"watch.example\" request=\"POST",
            ],
        ),
        (reader, ["", "status=403 refused=\"read_only\""]),
        (
            operator,
            [
                "role=\"operator\"",
                &*format!("certificate=\"{OPS}\" action=\"drain\""),
            ],
        ),
        (
            operator,
            ["pool=\"app\"", "reason=\"new disks\" status=200"],
        ),
    ] {
        for word in words {
            assert!(line.contains(word), "no {word} in {line}");
        }
    }
}

#[tokio::test]
async fn tokens_and_certificates_stand_side_by_side() {
    let scene = scene(ROLES, TOKENS).await;
    let (ops, watch) = (&scene.people.ops, &scene.people.watch);
    let (look, act) = ("GET /api/v1/pools", "POST /api/v1/pools/app/breaker/reset");
    for (shows, token, expected) in [
        (None, OPERATOR, [200, 200]),
        (None, READER, [200, 403]),
        (None, "nobody-knows-this-one", [401, 401]),
        (Some(watch), READER, [200, 403]),
        (Some(watch), OPERATOR, [200, 200]),
        (Some(ops), READER, [200, 200]),
        (Some(ops), "nobody-knows-this-one", [200, 200]),
        (Some(watch), "nobody-knows-this-one", [200, 403]),
    ] {
        for (line, expected) in [look, act].into_iter().zip(expected) {
            let found = scene.with_token(shows, line, token).await;
            assert_eq!(found, Some(expected), "{line} {token}");
        }
    }
    // The token of somebody who looks on, and those who may act by certificates.
    let log = scene.proxy.log();
    assert!(!log.contains(OPERATOR) && !log.contains(READER), "{log}");
}

#[tokio::test]
async fn who_has_no_role_is_told_so_and_other_sites_are_turned_away() {
    let readers = ", operators = [\"spiffe://example.org/ops\"], readers = [\"CN=nobody\"]";
    let scene = scene(readers, "").await;
    let (ops, watch) = (Some(&scene.people.ops), Some(&scene.people.watch));
    assert_eq!(scene.status(watch, "GET /metrics").await, Some(403));
    assert_eq!(scene.status(watch, "GET /healthz").await, Some(200));
    assert_eq!(scene.status(ops, "GET /metrics").await, Some(200));
    let not_named = "soe503_admin_refused_total{reason=\"not_named\"}";
    assert_eq!(scene.metric(not_named).await, Some(1.0));
    let answer = scene.ask(None, "GET /metrics", "").await.unwrap();
    assert!(
        answer.contains("www-authenticate: bearer") && !answer.contains("basic"),
        "a browser would ask for a password: {answer}"
    );
    for (field, expected) in [
        ("Sec-Fetch-Site: cross-site\r\n", 403),
        ("Origin: https://evil.example\r\n", 403),
        ("Origin: http://edge.example\r\n", 403),
        ("Origin: https://edge.example\r\n", 200),
    ] {
        for line in ["GET /api/v1/pools", "POST /api/v1/pools/app/breaker/reset"] {
            let answer = scene.ask(ops, line, field).await.unwrap();
            assert_eq!(status(&answer), Some(expected), "{line} {field}");
        }
    }
}

#[tokio::test]
async fn tls_without_certificates_of_clients_is_tls_for_tokens() {
    let scene = scene("none", TOKENS).await;
    assert_eq!(scene.status(None, "GET /healthz").await, Some(200));
    assert_eq!(scene.status(None, "GET /metrics").await, Some(401));
    let looks = scene.with_token(None, "GET /metrics", READER).await;
    assert_eq!(looks, Some(200));
    // Nobody is asked for what somebody would show.
    let shows = Some(&scene.people.ops);
    assert_eq!(scene.status(shows, "GET /metrics").await, Some(401));
}
