//! `lbctl incidents`, `lbctl report` and `lbctl change`.

mod support;

use support::{Server, ask};

#[test]
fn what_goes_on_is_unhealthy_and_nothing_is_fine() {
    let server = Server::admin();
    let all = ask(&server.url(""), &["incidents"]);
    assert_eq!(all.code, 1, "{}", all.err);
    assert!(
        all.out.contains("01KAPX3Q") && all.out.contains("01KAPW00"),
        "{}",
        all.out
    );
    let open = ask(&server.url(""), &["incidents", "--open"]);
    assert_eq!((open.code, &*open.out), (0, "no incident is open\n"));
}

#[test]
fn a_report_is_markdown() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["report", "01KAPX3Q"]);
    assert_eq!(said.code, 0, "{}", said.err);
    for heading in [
        "# Incident 01KAPX3Q",
        "## Impact",
        "| Time (UTC) | Event | Impact |",
        "## Root cause",
        "## Action items",
    ] {
        assert!(said.out.contains(heading), "{heading} in {}", said.out);
    }
    let lonely = ask(&server.url(""), &["report", "01KAPY88"]);
    assert_eq!(lonely.code, 2);
    assert!(
        lonely.err.contains("belongs to no incident"),
        "{}",
        lonely.err
    );
    let unknown = ask(&server.url(""), &["report", "nothing"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("lbctl incidents"), "{}", unknown.err);
}

#[test]
fn a_change_is_reported_with_what_was_said() {
    let server = Server::admin();
    let line = [
        "change",
        "add",
        "--kind",
        "deploy",
        "--service",
        "cart",
        "--version",
        "v2.8.0",
        "--pool",
        "cart",
        "--by",
        "argocd",
        "--at",
        "2026-11-22T17:40:44Z",
    ];
    let said = ask(&server.url(""), &line);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("deploy cart v2.8.0"), "{}", said.out);
    let asked = server.asked();
    let body = asked[0].whole.split_once("\r\n\r\n").unwrap().1;
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["pools"], serde_json::json!(["cart"]));
    assert_eq!(body["at"], "2026-11-22T17:40:44.000Z");
    let list = ask(&server.url(""), &["change", "list"]);
    assert_eq!(list.code, 0);
    assert!(list.out.contains("configuration reload"), "{}", list.out);
    let both = ask(
        &server.url(""),
        &[
            "change",
            "add",
            "--kind",
            "flag",
            "--pool",
            "a",
            "--everything",
        ],
    );
    assert_eq!(both.code, 2);
}
