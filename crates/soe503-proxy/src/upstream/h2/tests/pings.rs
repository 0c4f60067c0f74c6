//! Signs of life.

use std::time::Duration;

use soe503_core::ledger::{Fault, Http2Fault};

use super::raw::{Raw, Seen};
use super::support::{Backend, failed, status};

const INTERVAL: Duration = Duration::from_millis(20);
/// What a busy machine is granted for an answer.
const PATIENCE: Duration = Duration::from_millis(500);

fn ping(seen: &Seen) -> Option<[u8; 8]> {
    match seen {
        Seen::Ping(payload) => Some(*payload),
        _ => None,
    }
}

#[tokio::test]
async fn fm33_a_peer_that_does_not_answer_is_given_up_with_all_its_streams() {
    let backend = Backend::with(1, INTERVAL, PATIENCE).await;
    let sent = [backend.get(), backend.post("x")];
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    raw.until(ping).await;
    for sent in sent {
        let attempt = failed(sent).await;
        assert_eq!(attempt.fault, Some(Fault::Http2(Http2Fault::PingTimeout)));
        assert!(!attempt.unsent(), "it may have run");
    }
    // The next request finds another connection.
    let sent = backend.get();
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    let stream = raw.request().await;
    raw.answer(stream, 200).await;
    assert_eq!(status(sent).await, 200);
}

#[tokio::test]
async fn a_peer_that_answers_may_take_its_time() {
    let backend = Backend::with(1, INTERVAL, Duration::from_secs(10)).await;
    let sent = backend.get();
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    let stream = raw.request().await;
    for _ in 0..3 {
        let payload = raw.until(ping).await;
        raw.pong(payload).await;
    }
    raw.answer(stream, 200).await;
    assert_eq!(status(sent).await, 200);
}

#[tokio::test]
async fn pings_grow_rare_while_nothing_else_arrives() {
    let backend = Backend::with(1, Duration::from_millis(50), Duration::from_secs(10)).await;
    let sent = backend.get();
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    let stream = raw.request().await;
    let mut times = Vec::new();
    for _ in 0..3 {
        let payload = raw.until(ping).await;
        times.push(tokio::time::Instant::now());
        raw.pong(payload).await;
    }
    let gaps = [times[1] - times[0], times[2] - times[1]];
    // Timers are never early; how late they are is the machine's business.
    assert!(gaps[0] >= Duration::from_millis(190), "{gaps:?}");
    assert!(gaps[1] >= Duration::from_millis(490), "{gaps:?}");
    raw.answer(stream, 200).await;
    assert_eq!(status(sent).await, 200);
}

#[tokio::test]
async fn an_idle_connection_is_not_pinged() {
    // Pinged after a quarter of a second in which a request waits; it does not wait for so long.
    let backend = Backend::with(1, PATIENCE / 2, PATIENCE).await;
    let mut first = backend.get();
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    let stream = raw.request().await;
    raw.answer(stream, 200).await;
    (&mut first).await.unwrap().unwrap();
    let pinged = tokio::time::timeout(PATIENCE, raw.until(ping)).await;
    assert!(pinged.is_err());
    let second = backend.get();
    let stream = raw.request().await;
    raw.answer(stream, 200).await;
    assert_eq!(status(second).await, 200, "nor given up");
}
