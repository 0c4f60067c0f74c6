//! Older answers instead of failures, as clients and operators see them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use soe503_tests::http::{Answer, get, once};
use soe503_tests::proxy::{Proxy, config, eventually, lbctl};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A page that everybody may keep, until it is aborted: then its address refuses connections.
async fn pages() -> (SocketAddr, JoinHandle<()>) {
    pages_with("max-age=1").await
}

/// The same, which may be given while they are asked for again.
async fn revalidated_pages() -> (SocketAddr, JoinHandle<()>) {
    pages_with("max-age=1, stale-while-revalidate=600").await
}

async fn pages_with(control: &'static str) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            if stream.read(&mut request).await.unwrap_or(0) == 0 {
                continue;
            }
            let answer = format!(
                "HTTP/1.1 200 OK\r\nCache-Control: {control}\r\nETag: \"7\"\r\n\
                 Content-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\npage"
            );
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

/// A page that may be given while it is asked for again. Answers conditional requests with 304, and counts what
/// it is asked; the flag makes it answer the next ones with another page.
async fn changing_page() -> (SocketAddr, Arc<AtomicBool>, Arc<AtomicU32>, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let changed = Arc::new(AtomicBool::new(false));
    let (asked, confirmed) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (flag, all, short) = (changed.clone(), asked.clone(), confirmed.clone());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let length = stream.read(&mut request).await.unwrap_or(0);
            if length == 0 {
                continue;
            }
            all.fetch_add(1, SeqCst);
            let request = String::from_utf8_lossy(&request[..length]).to_ascii_lowercase();
            let (tag, page) = if flag.load(SeqCst) {
                (8, "new!")
            } else {
                (7, "page")
            };
            let control = "Cache-Control: max-age=1, stale-while-revalidate=600";
            let answer = if request.contains(&format!("if-none-match: \"{tag}\"")) {
                short.fetch_add(1, SeqCst);
                format!(
                    "HTTP/1.1 304 Not Modified\r\n{control}\r\nETag: \"{tag}\"\r\nConnection: close\r\n\r\n"
                )
            } else {
                format!(
                    "HTTP/1.1 200 OK\r\n{control}\r\nETag: \"{tag}\"\r\nContent-Length: 4\r\nConnection: close\r\n\r\n{page}"
                )
            };
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, changed, asked, confirmed)
}

#[tokio::test]
async fn a_stale_page_is_given_at_once_while_it_is_asked_for_again() {
    let (address, changed, asked, confirmed) = changing_page().await;
    let proxy = Proxy::start(&config(
        &[address],
        "cache = { stale_while_revalidate = true }",
    ))
    .await;
    is_page(&get(proxy.address(), "/page").await.unwrap());
    assert_eq!(asked.load(SeqCst), 1);
    // While it is given, fresh or stale, nobody waits for the backend; and once it is stale it is confirmed.
    eventually("the page is confirmed", async || {
        let answer = get(proxy.address(), "/page").await.unwrap();
        is_page(&answer);
        let status = answer.header("cache-status").unwrap_or_default();
        assert!(status.starts_with("\"app\"; hit; ttl="), "{status}");
        assert_eq!(answer.header("x-soe-degraded"), None);
        confirmed.load(SeqCst) > 0
    })
    .await;
    changed.store(true, SeqCst);
    eventually("the new page is given", async || {
        get(proxy.address(), "/page").await.unwrap().text() == "new!"
    })
    .await;
    let offered = metric(&proxy, "soe503_pool_cache_offered_total{pool=\"app\"}").await;
    assert!(offered.is_some_and(|count| count.parse::<u64>().unwrap() > 2));
    let again = metric(
        &proxy,
        "soe503_pool_cache_revalidations_total{pool=\"app\"}",
    )
    .await;
    assert!(again.is_some_and(|count| count.parse::<u64>().unwrap() >= 2));
}

/// What nobody waits for is nobody's failure.
#[tokio::test]
async fn a_background_request_that_fails_is_not_a_failure() {
    let (address, serving) = revalidated_pages().await;
    let proxy = Proxy::start(&config(
        &[address],
        "cache = { stale_while_revalidate = true }",
    ))
    .await;
    is_page(&get(proxy.address(), "/page").await.unwrap());
    serving.abort();
    let _ = serving.await;
    eventually("it was asked for again, in vain", async || {
        is_page(&get(proxy.address(), "/page").await.unwrap());
        let again = metric(
            &proxy,
            "soe503_pool_cache_revalidations_total{pool=\"app\"}",
        )
        .await;
        again.is_some_and(|count| count.parse::<u64>().unwrap() > 2)
    })
    .await;
    assert_eq!(proxy.pool().await["failed"], 0);
}
