//! `lbctl config` and `lbctl doctor`.

mod support;

use support::{Server, ask, http};

const SAME: &str = r#"{"of":"a.toml","changes":[],"hidden":false,"needs_restart":null,"replaces":[],"keeps":[],"new_lints":[]}"#;
/// Only what is not shown differs.
const HIDDEN: &str = r#"{"of":"a.toml","changes":[],"hidden":true,"needs_restart":null,"replaces":[],"keeps":[],"new_lints":[]}"#;
const WELL: &str = r#"{"since":"2026-11-22T17:00:00.000Z","window_ms":60000,"requests":12,"failed":0,"lints":[],"advice":[]}"#;

/// An API that says `body` to everything.
fn saying(body: &'static str) -> Server {
    Server::start(move |_| http("200 OK", "", body).into_bytes())
}

#[test]
fn a_difference_is_told_by_key_and_is_bad_news() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["config", "diff"]);
    assert_eq!(said.code, 1, "{}", said.err);
    for line in [
        "~ pools.app.connect_timeout: \"500ms\" -> \"250ms\"",
        "- rate_limits.signup: {\"requests\":10}",
        "begins anew pool app: the circuit breaker",
        "goes on     pool app: the state of its backends",
    ] {
        assert!(said.out.contains(line), "{line} in\n{}", said.out);
    }
    let same = ask(&saying(SAME).url(""), &["config", "diff"]);
    assert_eq!((same.code, &*same.out), (0, "a.toml is what is in force\n"));
    let hidden = ask(&saying(HIDDEN).url(""), &["config", "diff"]);
    assert_eq!(hidden.code, 1, "a secret that differs is a difference");
}

#[test]
fn a_file_here_is_sent() {
    let server = Server::admin();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("new.toml");
    std::fs::write(&file, "[pools.app]\n").unwrap();
    let path = file.to_str().unwrap();
    let said = ask(&server.url(""), &["config", "diff", path, "-o", "json"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let asked = server.asked();
    assert_eq!(asked[0].line, "POST /api/v1/config/diff");
    let body = asked[0].whole.split_once("\r\n\r\n").unwrap().1;
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({ "text": "[pools.app]\n", "name": path })
    );
    let none = ask(&server.url(""), &["config", "diff", "/nowhere/new.toml"]);
    assert_eq!(none.code, 2);
    assert!(none.err.contains("/nowhere/new.toml"), "{}", none.err);
    assert_eq!(server.asked().len(), 1, "nothing is sent");
}

#[test]
fn what_is_in_force_is_shown_and_put_in_force() {
    let server = Server::admin();
    let shown = ask(&server.url(""), &["config", "show"]);
    assert_eq!((shown.code, shown.out.trim()), (0, "{\"server\":{}}"));
    let reloaded = ask(&server.url(""), &["config", "reload"]);
    assert_eq!(
        (reloaded.code, &*reloaded.out),
        (0, "the file is in force\n")
    );
    assert_eq!(server.asked()[1].line, "POST /api/v1/config/reload");
}

#[test]
fn the_doctor_tells_the_value_to_set_and_what_it_would_have_saved() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["doctor"]);
    assert_eq!(said.code, 1, "{}", said.err);
    for line in [
        "set retry.attempt_timeout = \"3300ms\"",
        "line 12, column 1",
        "set idle_timeout = \"1600ms\"",
        "up to 12 requests that failed",
        "183,402 requests in the last 45m, 41 failed",
    ] {
        assert!(said.out.contains(line), "{line} in\n{}", said.out);
    }
    let exactly = ask(&saying(WELL).url(""), &["doctor", "--json"]);
    assert_eq!((exactly.code, exactly.out.trim()), (0, WELL));
}

#[test]
fn a_file_that_is_not_valid_is_told_in_lines() {
    let server = Server::start(|_| {
        let body = r#"{"type":"about:blank","title":"The configuration is not valid","status":422,"detail":"error: unknown key\n --> a.toml:3:1"}"#;
        let head = "content-type: application/problem+json\r\n";
        http("422 Unprocessable Content", head, body).into_bytes()
    });
    for line in [&["config", "diff"][..], &["config", "reload"]] {
        let said = ask(&server.url(""), line);
        assert_eq!(said.code, 2);
        let told = "The configuration is not valid\n  error: unknown key\n   --> a.toml:3:1\n";
        assert!(said.err.ends_with(told), "{}", said.err);
    }
}
