//! Finding the admin API, and the command line itself.

mod support;

use support::{Server, ask, lbctl, nobody, problem, said};

#[test]
fn the_option_wins_over_the_variable() {
    let server = Server::admin();
    let said = ask(
        &nobody().url,
        &["--admin", &server.url("/"), "pool", "status", "static"],
    );
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
fn an_address_that_is_none_is_usage() {
    for (address, expected) in [
        ("127.0.0.1:9503", "expected the form http://127.0.0.1:9503"),
        ("unix://127.0.0.1:9503", "http:// or https://"),
    ] {
        let said = ask(address, &["pool", "status"]);
        assert_eq!(said.code, 2);
        assert!(
            said.err.contains(expected) && said.err.contains("LBCTL_ADMIN"),
            "{}",
            said.err
        );
    }
}

#[test]
fn what_is_for_tls_does_nothing_without_it_and_is_read_with_it() {
    let server = Server::admin();
    let asks = |admin: &str, name: &str| {
        let mut command = lbctl();
        command
            .env("LBCTL_ADMIN", admin)
            .env(name, "/nonexistent/x.pem");
        said(command.args(["breaker", "list"]))
    };
    let secure = server.url("").replace("http://", "https://");
    for (name, option) in [
        ("LBCTL_CA", "--ca /nonexistent/x.pem"),
        ("LBCTL_CERTIFICATE", "--certificate /nonexistent/x.pem"),
        ("LBCTL_KEY", "--key (or LBCTL_KEY) without --certificate"),
    ] {
        let plain = asks(&server.url(""), name);
        // One of its circuits is open.
        assert_eq!(plain.code, 1, "{}", plain.err);
        let tls = asks(&secure, name);
        assert_eq!(tls.code, 2, "{}", tls.err);
        assert!(tls.err.contains(option), "{}", tls.err);
    }
}

#[test]
fn the_token_comes_from_the_variable_or_from_a_file() {
    let server = Server::admin();
    let url = server.url("");
    said(
        lbctl()
            .env("LBCTL_ADMIN", &url)
            .env("LBCTL_TOKEN", "one")
            .args(["breaker", "list"]),
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    std::fs::write(&file, "two\n").unwrap();
    let file = file.to_str().unwrap();
    said(
        lbctl()
            .env("LBCTL_ADMIN", &url)
            .env("LBCTL_TOKEN", "one")
            .args(["breaker", "list", "--token-file", file]),
    );
    said(lbctl().env("LBCTL_ADMIN", &url).args(["breaker", "list"]));
    let asked = server.asked();
    assert!(
        asked[0].whole.contains("authorization: Bearer one\r\n"),
        "{}",
        asked[0].whole
    );
    assert!(
        asked[1].whole.contains("authorization: Bearer two\r\n"),
        "{}",
        asked[1].whole
    );
    assert!(
        !asked[2].whole.contains("authorization"),
        "{}",
        asked[2].whole
    );
}

#[test]
fn a_token_that_cannot_be_had_or_sent_is_usage_and_is_not_shown() {
    let server = Server::admin();
    let missing = ask(
        &server.url(""),
        &["breaker", "list", "--token-file", "/nonexistent/token"],
    );
    assert_eq!(missing.code, 2);
    assert!(
        missing.err.contains("/nonexistent/token"),
        "{}",
        missing.err
    );
    let bad = said(
        lbctl()
            .env("LBCTL_ADMIN", server.url(""))
            .env("LBCTL_TOKEN", "s3 cret")
            .args(["breaker", "list"]),
    );
    assert_eq!(bad.code, 2);
    assert!(
        bad.err.contains("LBCTL_TOKEN") && !bad.err.contains("s3 cret"),
        "{}",
        bad.err
    );
    assert!(server.asked().is_empty());
}

#[test]
fn a_refused_token_says_where_to_put_one() {
    let answer = problem("401 Unauthorized", "a token is needed");
    let server = Server::start(move |_| answer.clone().into_bytes());
    let said = ask(&server.url(""), &["pool", "status"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("a token is needed"), "{}", said.err);
    assert!(
        said.err.contains("--token-file or LBCTL_TOKEN"),
        "{}",
        said.err
    );
}

#[test]
fn a_token_that_may_only_look_is_told_which_one_may_act() {
    let detail = "This token has the role `reader` ([admin].read_token_file).";
    let answer = problem("403 Forbidden", detail);
    let server = Server::start(move |_| answer.clone().into_bytes());
    let act = ["pool", "drain", "app", "b1"];
    let with_token = said(
        lbctl()
            .env("LBCTL_ADMIN", server.url(""))
            .env("LBCTL_TOKEN", "one")
            .args(act),
    );
    assert_eq!(with_token.code, 2);
    for words in [
        detail,
        "the operator's token",
        "--token-file or LBCTL_TOKEN",
    ] {
        assert!(with_token.err.contains(words), "{}", with_token.err);
    }
    let without = ask(&server.url(""), &act);
    assert_eq!(without.code, 2);
    assert!(
        !without.err.contains("the operator's token"),
        "{}",
        without.err
    );
    assert!(without.err.contains("set token_file"), "{}", without.err);
}

#[test]
fn usage() {
    for args in [
        &["pool"][..],
        &["nonsense"],
        &["pool", "status", "-o", "xml"],
        &[],
    ] {
        let said = ask("http://127.0.0.1:1", args);
        assert_eq!(said.code, 2, "{args:?}");
    }
    let help = ask("http://127.0.0.1:1", &["--help"]);
    assert_eq!(help.code, 0);
    assert!(help.out.contains("Exit codes:"), "{}", help.out);
    assert_eq!(ask("http://127.0.0.1:1", &["--version"]).code, 0);
}

#[test]
fn colours_only_when_asked_for_in_a_pipe() {
    let server = Server::admin();
    let mut command = lbctl();
    command
        .env("LBCTL_ADMIN", server.url(""))
        .args(["pool", "status", "static"]);
    let forced = command.env("CLICOLOR_FORCE", "1").output().unwrap().stdout;
    assert!(forced.contains(&0x1b));
    let never = command
        .env("NO_COLOR", "1")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap()
        .stdout;
    assert!(!never.contains(&0x1b));
}
