//! TLS to backends: it works, and every way in which it does not has its name.

use std::net::SocketAddr;

use rcgen::date_time_ymd;
use serde_json::Value;
use soe503_tests::http::{Answer, get, once};
use soe503_tests::proxy::{Proxy, config, eventually, soe503_says};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use crate::tls::backends::{Backend, listen};
use crate::tls::support::{Authority, Files};

const NAME: &str = "tls_name_mismatch";
/// Handshakes of a debug build on a busy machine take their time.
const AT_LEISURE: &str = "connect_timeout = \"20s\"";
const UNVERIFIED: &str = "tls = { verify = false }\nconnect_timeout = \"20s\"";

/// A config for these URLs, with `tls` in the pool, and few retries.
pub(crate) fn secure(urls: &[String], tls: &str) -> String {
    let urls: Vec<_> = urls.iter().map(|url| format!("\"{url}\"")).collect();
    config(&[], tls).replace(
        "backends = []",
        &format!("backends = [{}]", urls.join(", ")),
    )
}

pub(crate) fn https(address: SocketAddr) -> String {
    format!("https://{address}")
}

/// Trusting `authority` alone, and more.
pub(crate) fn trusting(files: &Files, authority: &Authority, more: &str) -> String {
    let ca = files.write("ca.pem", &authority.pem());
    format!("{AT_LEISURE}\ntls = {{ ca = \"{ca}\"{more} }}")
}

#[tokio::test]
async fn requests_go_over_tls_and_connections_are_reused() {
    let (authority, files) = (Authority::new(), Files::new());
    let backend = Backend::start(&authority.issue(&["app.internal"]), None).await;
    let tls = trusting(&files, &authority, ", server_name = \"app.internal\"");
    let proxy = Proxy::start(&secure(&[https(backend.address)], &tls)).await;
    for _ in 0..5 {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    }
    let (name, alpn) = backend.seen.last.lock().unwrap().clone();
    assert_eq!(name.as_deref(), Some("app.internal"));
    assert_eq!(alpn.as_deref(), Some(&b"http/1.1"[..]));
    let connections = backend
        .seen
        .connections
        .load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!((backend.requests(), connections), (5, 1));
}

#[tokio::test]
async fn an_address_can_be_the_name_and_a_certificate_can_be_shown() {
    let (authority, files, clients) = (Authority::new(), Files::new(), Authority::new());
    let backend = Backend::start(&authority.issue(&["127.0.0.1"]), Some(&clients)).await;
    let ours = clients.issue(&["edge.example"]);
    files.pair("client", &ours);
    let shown = format!(
        ", client_cert = \"{}\", client_key = \"{}\"",
        files.path("client.pem").display(),
        files.path("client.key").display()
    );
    let tls = trusting(&files, &authority, &shown);
    let proxy = Proxy::start(&secure(&[https(backend.address)], &tls)).await;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
}

#[tokio::test]
async fn nothing_is_checked_if_that_is_what_is_wanted() {
    let backend = Backend::start(&Authority::new().issue(&["else.example"]), None).await;
    let config = secure(&[https(backend.address)], UNVERIFIED);
    let proxy = Proxy::start(&config).await;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    eventually("the log says so", async || {
        proxy.log().contains("not verified")
    })
    .await;
}

/// What a proxy before this one backend answers, and the first attempt's evidence.
async fn failing(urls: &[String], tls: &str) -> (Answer, Value) {
    let proxy = Proxy::start(&secure(urls, tls)).await;
    let request = "GET / HTTP/1.1\r\nHost: a\r\nAccept: application/problem+json\r\n\
                   Connection: close\r\n\r\n";
    let answer = once(proxy.address(), request).await.unwrap();
    let problem = answer.json();
    (answer, problem)
}

/// The answer names this cause, and says this.
async fn shows(address: SocketAddr, tls: &str, cause: &str, said: &[&str]) {
    let (answer, problem) = failing(&[https(address)], tls).await;
    assert!((502..=504).contains(&answer.status), "{}", answer.text());
    let text = answer.text();
    let found = answer.header("soe-cause").unwrap_or_default();
    assert!(found.contains(cause), "{found}, not {cause}: {text}");
    for word in said {
        assert!(text.contains(word), "no {word} in {text}");
    }
    let attempts = problem["attempts"].as_array();
    for attempt in attempts.into_iter().flatten() {
        assert_eq!(attempt["phase"], "tls", "{text}");
    }
}

#[tokio::test]
async fn the_wrong_name() {
    let (authority, files) = (Authority::new(), Files::new());
    let backend = Backend::start(&authority.issue(&["else.example", "b.example"]), None).await;
    let tls = trusting(&files, &authority, ", server_name = \"app.internal\"");
    let said = ["else.example", "b.example", "app.internal"];
    shows(backend.address, &tls, NAME, &said).await;
    assert_eq!(backend.requests(), 0);
}

#[tokio::test]
async fn an_unknown_authority() {
    let (authority, files) = (Authority::new(), Files::new());
    let backend = Backend::start(&authority.issue(&["127.0.0.1"]), None).await;
    let tls = trusting(&files, &Authority::new(), "");
    shows(backend.address, &tls, "tls_untrusted", &["authority"]).await;
}

#[tokio::test]
async fn fm25_dates_that_are_over_or_to_come() {
    let (authority, files) = (Authority::new(), Files::new());
    let tls = trusting(&files, &authority, "");
    let over = authority.issue_with(&["127.0.0.1"], |params| {
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 2, 3);
    });
    let backend = Backend::start(&over, None).await;
    shows(backend.address, &tls, "tls_cert_expired", &["2001-02-03"]).await;
    let to_come = authority.issue_with(&["127.0.0.1"], |params| {
        params.not_before = date_time_ymd(2999, 1, 1);
        params.not_after = date_time_ymd(2999, 2, 3);
    });
    let backend = Backend::start(&to_come, None).await;
    shows(backend.address, &tls, "tls_cert_expired", &["2999-01-01"]).await;
}

/// A server that speaks plain HTTP and understands nothing else.
async fn plain_http() -> (SocketAddr, JoinHandle<()>) {
    listen(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.shutdown().await;
    })
    .await
}

#[tokio::test]
async fn plain_text_where_tls_should_be() {
    let (address, _) = plain_http().await;
    let tls = UNVERIFIED;
    shows(address, tls, "tls_plaintext_mismatch", &["HTTP/1.1"]).await;
    let (address, _) = listen(|mut stream| async move {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n").await;
        let _ = stream.read(&mut [0; 1024]).await;
    })
    .await;
    shows(address, tls, "tls_plaintext_mismatch", &["SSH-2.0-"]).await;
}

#[tokio::test]
async fn alerts_and_nonsense() {
    for (alert, cause) in [
        (40, "invalid_response"),
        (42, "tls_untrusted"),
        (45, "tls_cert_expired"),
        (112, "tls_name_mismatch"),
    ] {
        let (address, _) = listen(move |mut stream| async move {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, alert]).await;
            let _ = stream.read(&mut [0; 1024]).await;
        })
        .await;
        let said = format!("TLS alert {alert}");
        shows(address, UNVERIFIED, cause, &[&said]).await;
    }
    // A record of TLS, with nonsense in it.
    let (address, _) = listen(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(&[22, 3, 3, 0, 4, 99, 0, 0, 0]).await;
        let _ = stream.read(&mut [0; 1024]).await;
    })
    .await;
    let said = ["TLS handshake failed"];
    shows(address, UNVERIFIED, "invalid_response", &said).await;
}

#[tokio::test]
async fn nobody_answers_the_handshake_or_somebody_hangs_up() {
    let (address, _) = listen(|mut stream| async move {
        while stream
            .read(&mut [0; 1024])
            .await
            .is_ok_and(|count| count > 0)
        {}
    })
    .await;
    let tls = "tls = { verify = false }\nconnect_timeout = \"200ms\"";
    shows(
        address,
        tls,
        "connect_timeout",
        &["no answer to the TLS handshake"],
    )
    .await;
    let (address, _) = listen(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
    })
    .await;
    shows(address, UNVERIFIED, "reset_before_response", &["tls"]).await;
}

#[tokio::test]
async fn a_backend_that_wants_a_certificate_says_so() {
    let (authority, files) = (Authority::new(), Files::new());
    let pair = authority.issue(&["127.0.0.1"]);
    let backend = Backend::start(&pair, Some(&Authority::new())).await;
    let tls = trusting(&files, &authority, "");
    let (answer, _) = failing(&[https(backend.address)], &tls).await;
    let cause = answer.header("soe-cause").unwrap_or_default();
    assert!(cause.contains("tls_untrusted"), "{}", answer.text());
    assert!(answer.text().contains("116"), "{}", answer.text());
}

#[tokio::test]
async fn a_failed_handshake_is_retried_elsewhere_whatever_the_method() {
    let (authority, files) = (Authority::new(), Files::new());
    let bad = Backend::start(&Authority::new().issue(&["127.0.0.1"]), None).await;
    let good = Backend::start(&authority.issue(&["127.0.0.1"]), None).await;
    let tls = trusting(&files, &authority, "") + "\nretry_budget = { min_per_second = 1000 }";
    let urls = [https(bad.address), https(good.address)];
    let proxy = Proxy::start(&secure(&urls, &tls)).await;
    for _ in 0..20 {
        let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\
                       Connection: close\r\n\r\n";
        let answer = once(proxy.address(), request).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!((good.requests(), bad.requests()), (20, 0));
}

#[tokio::test]
async fn health_checks_shake_hands_too() {
    let (authority, files) = (Authority::new(), Files::new());
    let good = Backend::start(&authority.issue(&["127.0.0.1"]), None).await;
    let bad = Backend::start(&authority.issue(&["else.example"]), None).await;
    for check in [
        "{ path = \"/healthz\"",
        "{ type = \"tcp\"",
        "{ type = \"tls\"",
    ] {
        let more = format!(
            "{}\nhealth_check = {check}, interval = \"500ms\", rise = 1, fall = 1 }}",
            trusting(&files, &authority, "")
        );
        let urls = [https(good.address), https(bad.address)];
        let proxy = Proxy::start(&secure(&urls, &more)).await;
        // A check that ran out of time on a busy machine is followed by another.
        eventually(
            "the good one is up, the bad one down for its name",
            async || {
                let pool = proxy.pool().await;
                let state = |index: usize| pool["backends"][index]["state"].clone();
                let why = pool["backends"][1].to_string();
                (state(0), state(1)) == ("up".into(), "down".into())
                    && why.contains("else.example")
                    && why.contains(NAME)
            },
        )
        .await;
    }
}

#[tokio::test]
async fn check_connect_shakes_hands() {
    let (authority, files) = (Authority::new(), Files::new());
    let good = Backend::start(&authority.issue(&["127.0.0.1"]), None).await;
    let bad = Backend::start(&authority.issue(&["else.example"]), None).await;
    let (plain, _) = plain_http().await;
    let urls = [https(good.address), https(bad.address), https(plain)];
    let text = secure(&urls, &trusting(&files, &authority, ""))
        .replace("@listen@", "127.0.0.1:1")
        .replace("@admin@", "127.0.0.1:2");
    let file = files.write("soe503.toml", &text);
    let said = soe503_says(&["check", "--connect", &file]).await;
    assert_eq!(said.code, Some(1), "{}{}", said.stdout, said.stderr);
    for word in [
        "connected, TLS",
        "else.example",
        "not for 127.0.0.1",
        "not TLS",
        "1 of 3",
    ] {
        assert!(said.stdout.contains(word), "no {word} in {}", said.stdout);
    }
}

#[tokio::test]
async fn a_new_authority_on_disk_is_believed() {
    let (old, new, files) = (Authority::new(), Authority::new(), Files::new());
    let backend = Backend::start(&new.issue(&["127.0.0.1"]), None).await;
    let tls = trusting(&files, &old, "");
    let proxy = Proxy::start(&secure(&[https(backend.address)], &tls)).await;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 503);
    files.write("ca.pem", &new.pem());
    eventually("the new authority counts", async || {
        get(proxy.address(), "/").await.unwrap().status == 200
    })
    .await;
}
