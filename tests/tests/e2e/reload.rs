//! A new config replaces the running one as a whole, or not at all.

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{Connection, get, post};
use soe503_tests::proxy::{Proxy, config, eventually};

const RELOAD: &str = "/api/v1/config/reload";

async fn scene() -> (FaultyBackend, FaultyBackend, Proxy) {
    let first = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let second = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let proxy = Proxy::before(&[first.address()], "").await;
    (first, second, proxy)
}

#[tokio::test]
async fn fm28_an_invalid_config_is_refused_with_its_report_and_the_old_one_stays() {
    let (first, second, proxy) = scene().await;
    proxy.rewrite(&config(&[second.address()], "conect_timeout = \"1s\""));
    let answer = post(proxy.admin(), RELOAD).await.unwrap();
    assert!((400..500).contains(&answer.status), "{}", answer.text());
    let report = answer.text();
    for word in ["conect_timeout", "connect_timeout"] {
        assert!(report.contains(word), "no {word} in {report}");
    }
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    assert_eq!(first.counts().requests, 1);
    assert_eq!(second.counts().requests, 0);
}

#[tokio::test]
async fn the_same_by_signal() {
    let (first, second, proxy) = scene().await;
    proxy.rewrite(&config(&[second.address()], "conect_timeout = \"1s\""));
    proxy.signal("HUP").await;
    eventually("the report is in the log", async || {
        proxy.log().contains("conect_timeout")
    })
    .await;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    assert_eq!(first.counts().requests, 1);
    assert_eq!(second.counts().requests, 0);
}

#[tokio::test]
async fn a_valid_config_takes_over() {
    let (first, second, proxy) = scene().await;
    proxy.rewrite(&config(&[second.address()], ""));
    let answer = post(proxy.admin(), RELOAD).await.unwrap();
    assert!((200..300).contains(&answer.status), "{}", answer.text());
    eventually("the new backend is used", async || {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
        second.counts().requests > 0
    })
    .await;
    let before = first.counts().requests;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    assert_eq!(first.counts().requests, before);
}

#[tokio::test]
async fn a_valid_config_takes_over_by_signal_and_knows_its_backends_again() {
    let (first, second, proxy) = scene().await;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    proxy.rewrite(&config(&[first.address(), second.address()], ""));
    proxy.signal("HUP").await;
    eventually("the new backend is known", async || {
        proxy.pool().await["backends"].as_array().unwrap().len() == 2
    })
    .await;
    // State is kept by name: the old backend has not forgotten what it did.
    let pool = proxy.pool().await;
    let backends = pool["backends"].as_array().unwrap();
    let address = first.address().to_string();
    let old = backends
        .iter()
        .find(|one| one["address"] == address.as_str());
    assert_eq!(old.unwrap()["requests"], 1, "{pool}");
}

#[tokio::test]
async fn what_a_listener_accepts_changes_for_new_connections() {
    let (first, _second, proxy) = scene().await;
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n";
    let ask = async |client: &mut Connection| {
        client.send(request).await.unwrap();
        client.answer(false).await.unwrap().status
    };
    let mut open = Connection::open(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut open).await, 200);
    let limited = |limits: &str| {
        let listener = format!("limits = {{ {limits} }}\nexplain");
        config(&[first.address()], "").replacen("explain", &listener, 1)
    };
    proxy.rewrite(&limited("max_headers = 2, max_hops = 3"));
    let answer = post(proxy.admin(), RELOAD).await.unwrap();
    assert_eq!(answer.status, 422, "{}", answer.text());
    let said = "`limits.max_hops` of [[listeners]] changed, which needs a restart";
    assert!(answer.text().contains(said), "{}", answer.text());
    let mut new = Connection::open(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut new).await, 200, "nothing has changed");

    proxy.rewrite(&limited("max_headers = 2"));
    let answer = post(proxy.admin(), RELOAD).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut new = Connection::open(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut new).await, 431);
    assert_eq!(ask(&mut open).await, 200);
}

/// Nobody says a word: the file has changed, and that is enough where it is followed. A mistake in it changes nothing.
#[tokio::test]
async fn a_file_that_is_followed_takes_over_by_itself() {
    let first = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let second = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let followed = |backend: &FaultyBackend, more: &str| {
        let text = config(&[backend.address()], more);
        text.replace("[server]", "[server]\nfollow_config = true")
    };
    let proxy = Proxy::start(&followed(&first, "")).await;
    proxy.rewrite(&followed(&second, "conect_timeout = \"1s\""));
    eventually("the mistake is in the log", async || {
        proxy.log().contains("conect_timeout")
    })
    .await;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    assert_eq!((first.counts().requests, second.counts().requests), (1, 0));
    proxy.rewrite(&followed(&second, ""));
    eventually("the new backend is used", async || {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
        second.counts().requests > 0
    })
    .await;
}
