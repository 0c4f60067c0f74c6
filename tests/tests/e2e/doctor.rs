//! `lbctl doctor` and `lbctl config`: what the configuration in force costs, and how another one differs from it.

use std::net::SocketAddr;

use serde_json::Value;
use soe503_tests::http::get;
use soe503_tests::proxy::{Proxy, config, eventually, lbctl};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A backend that says that it keeps idle connections for so many seconds, until it is aborted: then its address refuses
/// connections.
async fn impatient(seconds: u32) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let mut clients = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            clients.spawn(serve(stream, seconds));
        }
    });
    (address, serving)
}

async fn serve(mut stream: TcpStream, seconds: u32) {
    let mut request = [0; 1024];
    while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
        let answer = format!(
            "HTTP/1.1 200 OK\r\nKeep-Alive: timeout={seconds}\r\nContent-Length: 2\r\n\r\nok"
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// What the doctor says, and its exit code.
async fn doctor(proxy: &Proxy) -> (Value, Option<i32>) {
    let said = lbctl(proxy, &["doctor", "--json"]).await;
    let document = serde_json::from_str(&said.stdout);
    (document.unwrap_or_else(|_| panic!("{said:?}")), said.code)
}

fn advice<'a>(document: &'a Value, id: &str) -> Option<&'a Value> {
    let mut all = document["advice"].as_array().unwrap().iter();
    all.find(|advice| advice["id"] == id)
}

#[tokio::test]
async fn the_doctor_says_what_to_set_and_what_that_would_have_saved() {
    let (address, serving) = impatient(2).await;
    let text = config(&[address], "").replace("[[routes]]", "[[routes]]\ntimeout = \"3s\"");
    let proxy = Proxy::start(&text).await;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);

    let (document, code) = doctor(&proxy).await;
    assert_eq!(code, Some(1), "a warning is bad news: {document}");
    let lint = &document["lints"][0];
    assert_eq!(lint["id"], "attempt_not_below_total");
    assert_eq!(lint["set"], "retry.attempt_timeout = \"1s\"");
    let line = text.lines().position(|line| line == "[[routes]]").unwrap() + 1;
    assert_eq!(lint["line"], line);
    let idle = advice(&document, "idle_timeout_long").expect("it has said so");
    assert_eq!(idle["key"], "pools.app.idle_timeout");
    assert_eq!(idle["set"], "\"1600ms\"");
    assert_eq!(idle["would_have_saved"], 0);
    assert!(advice(&document, "second_backend").is_none());

    serving.abort();
    let _ = serving.await;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 503);
    let (document, _) = doctor(&proxy).await;
    let second = advice(&document, "second_backend").unwrap_or_else(|| panic!("{document}"));
    assert_eq!(second["would_have_saved"], 1);
    assert_eq!(document["failed"], 1);

    let told = lbctl(&proxy, &["doctor"]).await;
    for words in [
        "routes[0].retry.attempt_timeout",
        "up to 1 request that failed",
    ] {
        assert!(
            told.stdout.contains(words),
            "no {words} in\n{}",
            told.stdout
        );
    }
}

#[tokio::test]
async fn the_least_patient_backend_counts() {
    let (one, _serving) = impatient(3).await;
    let (other, _serving_too) = impatient(2).await;
    let proxy = Proxy::before(&[one, other], "").await;
    eventually("it is known of both", async || {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
        let pool = proxy.pool().await;
        let mut backends = pool["backends"].as_array().unwrap().iter();
        backends.all(|backend| backend["requests"].as_u64() > Some(0))
    })
    .await;
    let (document, _) = doctor(&proxy).await;
    let idle = advice(&document, "idle_timeout_long").expect("both have said so");
    assert_eq!(idle["set"], "\"1600ms\"", "{document:#}");
    assert!(idle["why"].as_str().unwrap().contains(&other.to_string()));
}

#[tokio::test]
async fn a_difference_is_told_before_a_reload_and_is_gone_after_it() {
    let (address, _serving) = impatient(2).await;
    let proxy = Proxy::before(&[address], "").await;
    let same = lbctl(&proxy, &["config", "diff"]).await;
    assert_eq!(same.code, Some(0), "{same:?}");

    proxy.rewrite(&config(&[address], "connect_timeout = \"250ms\""));
    let diff = lbctl(&proxy, &["config", "diff"]).await;
    assert_eq!(diff.code, Some(1), "{diff:?}");
    for words in [
        "~ pools.app.connect_timeout: \"500ms\" -> \"250ms\"",
        "goes on     pool app: the state of its backends",
    ] {
        assert!(
            diff.stdout.contains(words),
            "no {words} in\n{}",
            diff.stdout
        );
    }
    let reload = lbctl(&proxy, &["config", "reload"]).await;
    assert_eq!(reload.code, Some(0), "{reload:?}");
    eventually("the file is in force", async || {
        lbctl(&proxy, &["config", "diff"]).await.code == Some(0)
    })
    .await;

    // A file here is held against what is in force there, and a broken one changes nothing.
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("new.toml");
    let filled = |more: &str| {
        let text = config(&[address], more);
        let text = text.replace("@listen@", &proxy.address().to_string());
        std::fs::write(&file, text.replace("@admin@", &proxy.admin().to_string())).unwrap();
    };
    filled("max_in_flight = 7");
    let path = file.to_str().unwrap();
    let diff = lbctl(&proxy, &["config", "diff", path]).await;
    assert_eq!(diff.code, Some(1), "{diff:?}");
    assert!(
        diff.stdout
            .contains("~ pools.app.max_in_flight: 10000 -> 7"),
        "{diff:?}"
    );
    assert!(diff.stdout.contains("\"250ms\" -> \"500ms\""), "{diff:?}");
    filled("max_in_fligth = 7");
    let broken = lbctl(&proxy, &["config", "diff", path]).await;
    assert_eq!(broken.code, Some(2), "{broken:?}");
    assert!(broken.stderr.contains("max_in_fligth"), "{broken:?}");
}
