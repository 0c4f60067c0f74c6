//! `lbctl explain`.

mod support;

use support::{FAILURE, Server, ask};

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
    assert_eq!(server.asked()[0].line, "GET /api/v1/failures/..%2Fpools");
}
