//! `lbctl pool`.

mod support;

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use support::{POOLS, Server, ask, http, nobody, problem};

#[test]
fn status_shows_all_pools_and_exits_1_because_one_is_down() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["pool", "status"]);
    assert_eq!(said.code, 1, "{}", said.err);
    for word in [
        "app",
        "degraded",
        "ejected",
        "connection refused",
        "DOWN",
        "IN-FLIGHT",
    ] {
        assert!(said.out.contains(word), "{word} in {}", said.out);
    }
    assert_eq!(said.err, "");
}

#[test]
fn status_of_one_pool_that_is_fine_exits_0() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["pool", "status", "static"]);
    assert_eq!(said.code, 0);
    assert!(
        said.out.starts_with("+ static  ok  1 backend in rotation"),
        "{}",
        said.out
    );
    let said = ask(&server.url(""), &["pool", "status", "search"]);
    assert_eq!(said.code, 1);
}

#[test]
fn status_shows_what_is_hedged() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["pool", "status"]);
    let hedge = "hedge after 32 ms (61 sent, 48 won, 3 refused by the budget)";
    assert!(said.out.contains(hedge), "{}", said.out);
    let said = ask(&server.url(""), &["pool", "status", "static"]);
    assert!(!said.out.contains("hedge"), "{}", said.out);
}

#[test]
fn json_is_exactly_what_the_api_returned() {
    let odd = "{\n  \"pools\" : [ ],\t\"tomorrow\":1 }\n";
    for body in [POOLS, odd] {
        let server = Server::start(move |_| http("200 OK", "", body).into_bytes());
        let said = ask(&server.url(""), &["pool", "status", "-o", "json"]);
        assert_eq!(said.out, body);
    }
}

#[test]
fn wide_shows_every_column() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["pool", "status", "static", "-o", "wide"]);
    for column in [
        "ADDRESS",
        "WEIGHT",
        "REQUESTS",
        "FAILED",
        "IDLE",
        "192.0.2.7:80",
        "1,200,345",
    ] {
        assert!(said.out.contains(column), "{column} in {}", said.out);
    }
}

#[test]
fn a_misspelt_pool_gets_the_nearest_name() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["pool", "status", "serach"]);
    assert_eq!((said.code, &*said.out), (2, ""));
    let expected = format!(
        "error: no pool is named \"serach\" at {}\n  did you mean \"search\"?\n  \
         pools: app, search, static, panicky, held\n",
        server.url("")
    );
    assert_eq!(said.err, expected);
}

#[test]
fn drain_posts_reason_and_until_and_tells_what_became_of_it() {
    let server = Server::admin();
    let args = [
        "pool",
        "drain",
        "app",
        "app-1",
        "--reason",
        "new kernel",
        "--until",
        "2126-11-22T18:00:00Z",
    ];
    let said = ask(&server.url(""), &args);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(
        said.out,
        "- app-1 is draining: no new requests, 3 requests in flight\n  \
         drained: new kernel\n  pool app: degraded, 1 of 4 backends in rotation\n"
    );
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert!(
        asked[0]
            .whole
            .ends_with(r#"{"reason":"new kernel","until":"2126-11-22T18:00:00.000Z"}"#),
        "{}",
        asked[0].whole
    );
}

#[test]
fn disable_and_enable() {
    let server = Server::admin();
    let said = ask(
        &server.url(""),
        &["pool", "disable", "app", "app-1", "--until", "30m"],
    );
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.starts_with("- app-1 is disabled"), "{}", said.out);
    let said = ask(&server.url(""), &["pool", "enable", "app", "app-3"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(
        said.out,
        "+ app-3 is up: it gets requests\n  pool app: degraded, 3 of 4 backends in rotation\n"
    );
    let said = ask(
        &server.url(""),
        &["pool", "enable", "app", "app-3", "-o", "json"],
    );
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["backends"][2]["state"], "up");
}

#[test]
fn an_unknown_backend_or_an_address_gets_the_name() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["pool", "drain", "app", "ap-2"]);
    assert_eq!(said.code, 2);
    assert!(
        said.err
            .contains("pool \"app\" has no backend named \"ap-2\""),
        "{}",
        said.err
    );
    assert!(said.err.contains("did you mean \"app-2\"?"), "{}", said.err);
    let said = ask(&server.url(""), &["pool", "drain", "app", "127.0.0.1:8084"]);
    assert!(
        said.err
            .contains("127.0.0.1:8084 is the address of \"app-4\""),
        "{}",
        said.err
    );
    let said = ask(&server.url(""), &["pool", "drain", "sarch", "x"]);
    assert!(
        said.err.contains("did you mean \"search\"?"),
        "{}",
        said.err
    );
}

#[test]
fn a_time_that_is_none_or_over_is_usage_and_asks_nobody() {
    let server = Server::admin();
    for when in ["soon", "2020-01-01T00:00:00.000Z"] {
        let said = ask(
            &server.url(""),
            &["pool", "disable", "app", "app-1", "--until", when],
        );
        assert_eq!(said.code, 2);
        assert!(said.err.contains(when), "{}", said.err);
    }
    assert!(server.asked().is_empty());
}

#[test]
fn nobody_there_exits_3_with_what_was_tried() {
    let nobody = nobody();
    let admin = &nobody.url;
    for args in [
        &["pool", "status"][..],
        &["pool", "drain", "a", "b"],
        &["breaker", "list"],
        &["explain", "x"],
    ] {
        let said = ask(admin, args);
        assert_eq!((said.code, &*said.out), (3, ""), "{args:?}");
        let expected =
            format!("error: no admin API at {admin}: connecting failed: Connection refused\n");
        assert!(said.err.starts_with(&expected), "{}", said.err);
        assert!(said.err.contains("--admin"), "{}", said.err);
    }
}

#[test]
fn something_else_there_exits_3() {
    let server = Server::start(|_| http("200 OK", "", "<html>hello</html>").into_bytes());
    let said = ask(&server.url(""), &["pool", "status"]);
    assert_eq!(said.code, 3);
    assert!(
        said.err.contains("is not the soe503 admin API"),
        "{}",
        said.err
    );
}

#[test]
fn a_failing_api_exits_3() {
    let answer = problem("500 Internal Server Error", "the snapshot is gone");
    let server = Server::start(move |_| answer.clone().into_bytes());
    let said = ask(&server.url(""), &["pool", "status"]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("the snapshot is gone"), "{}", said.err);
}

#[test]
fn watch_shows_it_again() {
    let server = Server::admin();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("lbctl"))
        .args(["pool", "status", "static", "--watch"])
        .args(["--admin", &server.url("")])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let heads = lines
        .map_while(Result::ok)
        .filter(|l| l.starts_with("+ static"));
    assert_eq!(heads.take(2).count(), 2);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(server.asked().len(), 2);
}
