//! `lbctl explain`.

mod support;

use support::{FAILURE, INCIDENT, Server, ask};

#[test]
fn a_known_request_is_explained() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["explain", "01KAPY88"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out
            .starts_with("SOE-503  circuit_open/consecutive_failures  proven"),
        "{}",
        said.out
    );
    for label in [
        "Request",
        "Answered",
        "Attempts",
        "Evidence",
        "Ruled out",
        "Quick fix",
        "Long term",
        "Verify",
    ] {
        assert!(
            said.out.contains(&format!("\n  {label}")),
            "{label} in {}",
            said.out
        );
    }
}

#[test]
fn json_is_exactly_what_the_api_returned() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["explain", " 01KAPY88\n", "-o", "json"]);
    assert_eq!((said.code, &*said.out), (0, FAILURE));
}

#[test]
fn an_unknown_request_is_usage() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["explain", "../pools"]);
    assert_eq!((said.code, &*said.out), (2, ""));
    assert!(said.err.contains("no such thing"), "{}", said.err);
    assert!(
        said.err.contains("records are kept for failed requests"),
        "{}",
        said.err
    );
    let asked: Vec<String> = server.asked().into_iter().map(|a| a.line).collect();
    assert_eq!(
        asked,
        [
            "GET /api/v1/failures/..%2Fpools",
            "GET /api/v1/incidents/..%2Fpools"
        ]
    );
}

#[test]
fn an_incident_is_explained_under_its_id() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["explain", "01KAPX3Q"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out
            .starts_with("01KAPX3Q  dependency_failure/connect_refused  proven"),
        "{}",
        said.out
    );
    let since = "\n  Since 17:40:52, 8s after: deploy cart v2.8.0 (argocd, rev 9f3c1e2)\n";
    assert!(said.out.contains(since), "{}", said.out);
    let json = ask(&server.url(""), &["explain", "01KAPX3Q", "-o", "json"]);
    assert_eq!((json.code, &*json.out), (0, INCIDENT));
}
