//! `lbctl breaker`.

mod support;

use support::{POOLS, Server, ask, http, pool};

#[test]
fn list_exits_1_because_a_circuit_is_open() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["breaker", "list"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.out.contains("POOL     CIRCUIT"), "{}", said.out);
    assert!(said.out.contains("x search   OPEN"), "{}", said.out);
    assert!(
        said.out.contains("root dependency_failure/connect_refused"),
        "{}",
        said.out
    );
    let said = ask(&server.url(""), &["breaker", "list", "-o", "json"]);
    assert_eq!((said.code, &*said.out), (1, POOLS));
}

#[test]
fn list_exits_0_when_all_are_closed() {
    let body = serde_json::json!({ "pools": [pool("static")] }).to_string();
    let server = Server::start(move |_| http("200 OK", "", &body).into_bytes());
    let said = ask(&server.url(""), &["breaker", "list"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("+ static  closed"), "{}", said.out);
}

#[test]
fn actions_post_and_tell_how_to_undo_them() {
    let rows = [
        (
            "open",
            "x app: circuit HELD OPEN: every request fails at once, until: lbctl breaker reset app\n",
        ),
        (
            "close",
            "- app: circuit held closed: every request passes, whatever happens, until: lbctl breaker reset app\n",
        ),
        (
            "reset",
            "+ app: circuit closed: it starts to count anew and decides for itself\n",
        ),
    ];
    for (action, expected) in rows {
        let server = Server::admin();
        let said = ask(
            &server.url(""),
            &["breaker", action, "app", "--reason", "drill"],
        );
        assert_eq!((said.code, &*said.out), (0, expected), "{}", said.err);
        let asked = server.asked();
        assert_eq!(
            asked[0].line,
            format!("POST /api/v1/pools/app/breaker/{action}")
        );
        assert!(
            asked[0].whole.contains(r#""reason":"drill""#),
            "{}",
            asked[0].whole
        );
    }
}

#[test]
fn a_misspelt_pool_gets_the_nearest_name() {
    let server = Server::admin();
    let said = ask(&server.url(""), &["breaker", "reset", "aap"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("did you mean \"app\"?"), "{}", said.err);
}
