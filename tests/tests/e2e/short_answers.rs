//! Short answers are passed on when they are whole: one that is cut off can still be had elsewhere
//! (that one is in `retries.rs`).

use std::sync::Arc;
use std::time::Duration;

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{AnswerError, Connection, Wire, get, once};
use soe503_tests::proxy::{Proxy, config, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\nX-Load-Id: 1\r\nConnection: close\r\n\r\n";
const POST: &str =
    "POST / HTTP/1.1\r\nHost: a\r\nX-Load-Id: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Answers one request on each connection with a head that announces `length`, then what `rest` says,
/// each after its pause, and closes.
async fn backend(length: usize, rest: &'static [(u64, usize)]) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 1024];
                if stream.read(&mut request).await.unwrap_or(0) == 0 {
                    return;
                }
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                let _ = stream.write_all(head.as_bytes()).await;
                for (pause, count) in rest {
                    tokio::time::sleep(Duration::from_millis(*pause)).await;
                    let _ = stream.write_all(&vec![b'y'; *count]).await;
                }
            });
        }
    });
    address
}

/// The same with an answer of 3,000 bytes, of which the last 2,000 come when they are asked for.
async fn backend_that_is_told() -> (std::net::SocketAddr, Arc<Notify>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let go_on = Arc::new(Notify::new());
    let told = Arc::clone(&go_on);
    tokio::spawn(async move {
        let mut wire = Wire::from(listener.accept().await.unwrap().0);
        wire.head().await;
        let begun = "y".repeat(1000);
        wire.say(&format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n{begun}"
        ))
        .await;
        told.notified().await;
        wire.say(&"y".repeat(2000)).await;
    });
    (address, go_on)
}

fn route(config: &str, line: &str) -> String {
    config.replace("pool = \"app\"", &format!("pool = \"app\"\n{line}"))
}

#[tokio::test]
async fn one_that_must_not_be_asked_for_twice_fails_as_a_whole_and_with_its_cause() {
    let cut = FaultyBackend::start(Behaviour::traffic_only(Fault::Truncate));
    let cut = cut.await.unwrap();
    let proxy = Proxy::start(&config(&[cut.address()], "")).await;
    let answer = once(proxy.address(), POST).await.unwrap();
    assert_eq!(answer.status, 502, "{}", answer.text());
    let cause = answer.header("soe-cause").unwrap();
    assert!(
        cause.starts_with("dependency_failure/response_truncated"),
        "{cause}"
    );
    assert_eq!(cut.counts().requests, 1);
}

#[tokio::test]
async fn one_that_comes_in_pieces_arrives_whole() {
    let slow = backend(3000, &[(0, 1000), (20, 1000), (20, 1000)]).await;
    let proxy = Proxy::start(&config(&[slow], "")).await;
    let answer = once(proxy.address(), GET).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 3000));
}

#[tokio::test]
async fn one_that_stalls_is_had_from_another_backend() {
    let stalls = backend(3000, &[(0, 1000), (60_000, 2000)]).await;
    let good = FaultyBackend::start(Behaviour {
        delay: Duration::from_millis(3),
        ..Behaviour::OK
    });
    let good = good.await.unwrap();
    // Time enough for the good one on a busy machine, and a budget that pays for what chance may ask.
    let line = "retry = { attempts = 3, attempt_timeout = \"500ms\" }";
    let paid = config(
        &[stalls, good.address()],
        "retry_budget = { min_per_second = 100 }",
    );
    let proxy = Proxy::start(&route(&paid, line)).await;
    // Two at a time: one of them meets the backend that the other has not taken.
    for _ in 0..10 {
        let (one, two) = tokio::join!(once(proxy.address(), GET), once(proxy.address(), GET));
        for answer in [one.unwrap(), two.unwrap()] {
            assert_eq!((answer.status, answer.body.len()), (200, 1024));
        }
    }
    let pool = proxy.pool().await;
    let backends = pool["backends"].as_array().unwrap();
    let stalled = backends
        .iter()
        .find(|backend| backend["address"] == stalls.to_string());
    let failures = stalled.unwrap()["failures"].as_u64().unwrap();
    assert!(failures > 0, "the bad backend was never tried: {pool}");
}

/// At the deadline the head is there, and a slow answer is better than none.
#[tokio::test]
async fn at_the_deadline_what_is_there_is_passed_on() {
    let (slow, go_on) = backend_that_is_told().await;
    let proxy = Proxy::start(&route(&config(&[slow], ""), "timeout = \"1s\"")).await;
    let mut client = Wire::to(proxy.address()).await;
    client.say(POST).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    // So the deadline is over.
    go_on.notify_one();
    assert_eq!(client.rest().await, "y".repeat(3000));
}

/// What had come by then does not wait for the rest.
#[tokio::test]
async fn after_the_deadline_it_is_streamed() {
    let stalls = backend(3000, &[(0, 1000), (600_000, 2000)]).await;
    let proxy = Proxy::start(&route(&config(&[stalls], ""), "timeout = \"1s\"")).await;
    let mut client = Wire::to(proxy.address()).await;
    client.say(POST).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    client.hear(&"y".repeat(1000)).await;
}

#[tokio::test]
async fn a_long_one_is_streamed() {
    let slow = backend(100_000, &[(0, 1000), (1500, 99_000)]).await;
    let proxy = Proxy::start(&route(&config(&[slow], ""), "timeout = \"1s\"")).await;
    let answer = once(proxy.address(), GET).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 100_000));
}

/// Row 3: once the answer has begun, its end cannot be mended: no second try, no error page behind
/// half a body, and no clean end that would make it look whole.
#[tokio::test]
async fn fm03_a_long_one_that_is_cut_off_stays_cut_off() {
    let cuts = backend(100_000, &[(0, 1000)]).await;
    let proxy = Proxy::before(&[cuts], "").await;
    let cut = once(proxy.address(), GET).await;
    assert!(
        matches!(cut, Err(AnswerError::Closed { .. } | AnswerError::Io(_))),
        "{cut:?}"
    );
    let mut client = Connection::open(proxy.address()).await.unwrap();
    client
        .send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    // A reset instead of the end is as good a sign; then there is nothing to look at.
    if let Ok(all) = client.rest().await {
        let all = String::from_utf8(all).unwrap();
        let (head, body) = all.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(!body.contains("SOE-"), "{body}");
    }
    let pool = proxy.pool().await;
    let backend = &pool["backends"][0];
    assert_eq!(backend["requests"], 2, "nobody asks twice: {pool}");
    assert_eq!(backend["failures"], 2, "{pool}");
}

/// A long answer is under way when it breaks off: its client can be told nothing any more, and whoever asks for the record
/// is. By pieces that we read and by those that the kernel hands over (`net/splice`).
#[tokio::test]
async fn a_long_answer_that_is_cut_off_is_on_record() {
    for rest in [&[(0, 20_000)][..], &[(0, 20_000), (50, 400_000)][..]] {
        let backend = backend(1_000_000, rest).await;
        let proxy = Proxy::start(&config(&[backend], "")).await;
        let request = GET.replace("Host: a", "Host: a\r\nX-Request-Id: cut-1");
        assert!(once(proxy.address(), &request).await.is_err());
        let mut record = serde_json::Value::Null;
        eventually("it is on record", async || {
            let answer = get(proxy.admin(), "/api/v1/failures/cut-1").await.unwrap();
            record = answer.json();
            answer.status == 200
        })
        .await;
        assert_eq!(record["status"], 200, "{record}");
        let told = &record["diagnosis"];
        assert_eq!(
            told["cause"], "dependency_failure/response_truncated",
            "{record}"
        );
        assert_eq!(
            record["attempts"][0]["backend"],
            backend.to_string(),
            "{record}"
        );
        assert_eq!(record["attempts"][0]["phase"], "body", "{record}");
    }
}
