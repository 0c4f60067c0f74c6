//! A proxy whose incidents are soon over, and what is asked of it.

use serde_json::Value;
use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{Answer, get};
use soe503_tests::proxy::{Proxy, Said, eventually, lbctl};

/// Nobody waits for a pool, and an incident is over soon.
pub(crate) const QUICK: &str = "ride_out = \"0s\"\n[incidents]\nclose_after = \"1s\"";
pub(crate) const REFUSED: &str = "dependency_failure/connect_refused";

pub(crate) async fn ask(proxy: &Proxy) -> Answer {
    get(proxy.address(), "/page").await.unwrap()
}

pub(crate) async fn api(proxy: &Proxy, path: &str) -> Value {
    get(proxy.admin(), path).await.unwrap().json()
}

pub(crate) async fn incidents(proxy: &Proxy) -> Vec<Value> {
    let all = api(proxy, "/api/v1/incidents").await;
    all["incidents"].as_array().unwrap().clone()
}

pub(crate) async fn incident(proxy: &Proxy, id: &str) -> Value {
    api(proxy, &format!("/api/v1/incidents/{id}")).await
}

pub(crate) async fn change(proxy: &Proxy, more: &[&str]) -> Said {
    lbctl(proxy, &[&["change", "add"], more].concat()).await
}

/// Asks until there is an incident, and returns it.
pub(crate) async fn opened(proxy: &Proxy) -> Value {
    eventually("an incident is opened", async || {
        ask(proxy).await;
        !incidents(proxy).await.is_empty()
    })
    .await;
    incidents(proxy).await.remove(0)
}

/// A backend that works, and a proxy before it that has seen it work.
pub(crate) async fn scene() -> (FaultyBackend, Proxy) {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let proxy = Proxy::before(&[backend.address()], QUICK).await;
    for _ in 0..20 {
        assert_eq!(ask(&proxy).await.status, 200);
    }
    (backend, proxy)
}

pub(crate) fn kinds(incident: &Value) -> Vec<&str> {
    let timeline = incident["timeline"].as_array().unwrap();
    let kinds = timeline.iter().map(|entry| entry["kind"].as_str().unwrap());
    kinds.collect()
}

pub(crate) fn contains(said: &Said, words: &[&str]) {
    for word in words {
        assert!(said.stdout.contains(word), "no {word}:\n{}", said.stdout);
    }
}
