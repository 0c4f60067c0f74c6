//! Older answers instead of failures, as clients and operators see them.

use std::net::SocketAddr;

use soe503_tests::http::{Answer, get, once};
use soe503_tests::proxy::{Proxy, config, lbctl};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A page that everybody may keep, until it is aborted: then its address refuses connections.
async fn pages() -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            if stream.read(&mut request).await.unwrap_or(0) == 0 {
                continue;
            }
            let answer = "HTTP/1.1 200 OK\r\nCache-Control: max-age=1\r\nETag: \"7\"\r\n\
                          Content-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\npage";
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, serving)
}

async fn metric(proxy: &Proxy, line: &str) -> Option<String> {
    let page = get(proxy.admin(), "/metrics").await.unwrap().text();
    let found = page.lines().find_map(|l| l.strip_prefix(line))?;
    Some(found.trim().to_owned())
}

fn is_page(answer: &Answer) {
    assert_eq!((answer.status, answer.text()), (200, "page".into()));
    assert_eq!(answer.header("etag"), Some("\"7\""));
}

#[tokio::test]
async fn a_dead_backends_page_is_given_and_marked_and_counted_until_it_is_flushed() {
    let (address, serving) = pages().await;
    let proxy = Proxy::start(&config(&[address], "cache = {}")).await;
    let fresh = get(proxy.address(), "/page").await.unwrap();
    is_page(&fresh);
    assert_eq!(fresh.header("x-soe-degraded"), None);

    serving.abort();
    let _ = serving.await;
    let older = get(proxy.address(), "/page").await.unwrap();
    is_page(&older);
    assert_eq!(older.header("x-soe-degraded"), Some("stale"));
    assert!(older.header("age").is_some());
    let status = older.header("cache-status").unwrap();
    assert!(status.starts_with("\"app\"; hit; ttl="), "{status}");
    let cause = older.header("soe-cause").unwrap();
    assert!(cause.starts_with("dependency_failure/"), "{cause}");

    // What nobody has asked for is not there, and what a client does not want is not given.
    assert_eq!(get(proxy.address(), "/other").await.unwrap().status, 503);
    let anew =
        "GET /page HTTP/1.1\r\nHost: a\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n";
    assert_eq!(once(proxy.address(), anew).await.unwrap().status, 503);

    let prevented = "soe503_prevented_total{pool=\"app\",by=\"stale\"}";
    assert_eq!(metric(&proxy, prevented).await.as_deref(), Some("1"));
    let listed = lbctl(&proxy, &["cache", "list"]).await;
    assert_eq!(listed.code, Some(0), "{listed:?}");
    assert!(
        listed.stdout.contains("app") && listed.stdout.contains("64.0 MiB"),
        "{}",
        listed.stdout
    );

    let flushed = lbctl(&proxy, &["cache", "flush", "app"]).await;
    assert!(
        flushed.stdout.contains("app: 1 answers forgotten"),
        "{}",
        flushed.stdout
    );
    assert_eq!(get(proxy.address(), "/page").await.unwrap().status, 503);
    let misspelt = lbctl(&proxy, &["cache", "flush", "ap"]).await;
    assert_eq!(misspelt.code, Some(2), "{misspelt:?}");
}

#[tokio::test]
async fn a_pool_without_a_cache_keeps_nothing_and_says_so() {
    let (address, serving) = pages().await;
    let proxy = Proxy::start(&config(&[address], "")).await;
    is_page(&get(proxy.address(), "/page").await.unwrap());
    serving.abort();
    let _ = serving.await;
    assert_eq!(get(proxy.address(), "/page").await.unwrap().status, 503);
    let said = lbctl(&proxy, &["cache", "flush", "app"]).await;
    assert_eq!(said.code, Some(2), "{said:?}");
}
