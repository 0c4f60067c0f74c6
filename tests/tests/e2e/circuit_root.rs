//! What an open circuit says is wrong behind it, while no request gets through to find out.

use std::net::SocketAddr;

use sfv::{BareItem, Item, Parser};
use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Answer, get};
use soe503_tests::proxy::{Proxy, config, eventually};

/// Longer than anything is waited for: no probe gets through in a test, and nobody waits.
const POOL: &str = "ride_out = \"0s\"\n\
    circuit_breaker = { open_for = \"60s\", max_open_for = \"60s\", probe_interval = \"0s\" }";
const RESET: &str = "dependency_failure/reset_before_response";
const REFUSED: &str = "dependency_failure/connect_refused";

/// Cause and root of an answer.
fn cause_and_root(answer: &Answer) -> (String, Option<String>) {
    let value = answer.header_list("soe-cause");
    let item: Item = Parser::new(&value)
        .parse()
        .unwrap_or_else(|error| panic!("{value}: {error}"));
    let text = |item: &BareItem| match item {
        BareItem::Token(token) => token.as_str().to_owned(),
        other => panic!("no token: {other:?}"),
    };
    (text(&item.bare_item), item.params.get("root").map(text))
}

async fn ask(proxy: &Proxy) -> (String, Option<String>) {
    cause_and_root(&get(proxy.address(), "/page").await.unwrap())
}

/// A process that dies may break its connections off while its port still accepts.
#[tokio::test]
async fn backends_that_reset_and_then_refuse_are_told_as_refusing() {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Reset))
        .await
        .unwrap();
    let address: SocketAddr = backend.address();
    let proxy = Proxy::start(&config(&[address], POOL)).await;
    eventually("the circuit opens", async || {
        ask(&proxy).await.0 == "circuit_open/consecutive_failures"
    })
    .await;
    let open = ("circuit_open/consecutive_failures".to_owned(), RESET);
    for _ in 0..20 {
        let (cause, root) = ask(&proxy).await;
        assert_eq!((cause, root.as_deref()), (open.0.clone(), Some(open.1)));
    }
    let resets = backend.counts().requests;
    backend.stop().await;
    eventually("the root is that nobody listens", async || {
        let (cause, root) = ask(&proxy).await;
        assert_eq!(cause, open.0, "the circuit stays open");
        root.as_deref() == Some(REFUSED)
    })
    .await;
    assert!(resets >= 5, "five of them opened the circuit: {resets}");
    let answer = get(proxy.address(), "/page").await.unwrap();
    let problem = answer.text();
    assert!(
        problem.contains("knocked") && problem.contains("reset_before_response"),
        "what opened it stays told, beside what is wrong now: {problem}"
    );
}
