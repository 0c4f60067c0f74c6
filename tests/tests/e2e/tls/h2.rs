//! HTTP/2 to backends over TLS, if both sides agree on it.

use std::sync::atomic::Ordering::Relaxed;

use soe503_tests::http::get;
use soe503_tests::proxy::{Proxy, eventually};

use crate::tls::backends::Backend;
use crate::tls::support::{Authority, Files};
use crate::tls::upstream::{https, secure, trusting};

const NAME: &str = "app.internal";

/// A backend of these protocols behind a proxy that wants HTTP/2.
async fn scene(protocols: &[&[u8]], more: &str) -> (Backend, Proxy, Files) {
    let (authority, files) = (Authority::new(), Files::new());
    let backend = Backend::speaking(&authority.issue(&[NAME]), None, protocols).await;
    let tls = trusting(&files, &authority, &format!(", server_name = \"{NAME}\""));
    let pool = format!("{tls}\nprotocol = \"h2\"\n{more}");
    let proxy = Proxy::start(&secure(&[https(backend.address)], &pool)).await;
    (backend, proxy, files)
}

#[tokio::test]
async fn it_is_agreed_on_and_connections_are_shared() {
    let (backend, proxy, _files) = scene(&[b"http/1.1", b"h2"], "").await;
    for _ in 0..5 {
        let answer = get(proxy.address(), "/").await.unwrap();
        assert_eq!((answer.status, answer.text()), (200, "ok".into()));
        assert_eq!(answer.header("seen-scheme"), Some("https"));
    }
    let (name, alpn) = backend.seen.last.lock().unwrap().clone();
    assert_eq!(name.as_deref(), Some(NAME));
    assert_eq!(alpn.as_deref(), Some(&b"h2"[..]));
    assert_eq!(backend.requests(), 5);
    assert_eq!(backend.seen.connections.load(Relaxed), 1);
}

#[tokio::test]
async fn health_checks_agree_on_it_too() {
    let more = "health_check = { path = \"/healthz\", interval = \"500ms\" }";
    let (backend, proxy, _files) = scene(&[b"h2"], more).await;
    eventually("checks arrive", async || backend.requests() >= 1).await;
    // A check has as long as the interval: long enough for a handshake on a busy machine.
    eventually("they pass", async || {
        proxy.pool().await["backends"][0]["state"] == "up"
    })
    .await;
}

/// One that knows only HTTP/1.1 says so; one that says nothing is not spoken to.
#[tokio::test]
async fn a_backend_that_does_not_agree_gets_no_request() {
    for protocols in [&[&b"http/1.1"[..]][..], &[]] {
        let (backend, proxy, _files) = scene(protocols, "").await;
        let answer = get(proxy.address(), "/").await.unwrap();
        let cause = answer.header("soe-cause").unwrap_or_default();
        assert!(
            cause.starts_with("dependency_failure/invalid_response"),
            "{protocols:?}: {} {cause}",
            answer.status
        );
        assert_eq!(backend.requests(), 0);
    }
}
