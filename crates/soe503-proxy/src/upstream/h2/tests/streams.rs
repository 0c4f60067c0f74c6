//! How many streams there may be, and what happens when there are no more.

use std::time::Duration;

use soe503::clock;
use soe503_core::Cause;
use soe503_core::ledger::{Fault, Phase, Refusal};

use super::super::{sweep, table};
use super::raw::{Raw, Seen};
use super::support::{Backend, PATIENCE, come, failed, status};

/// A connection that has said that it allows `streams`, and is known to have been heard.
async fn heard(backend: &Backend, streams: u32) -> Raw {
    let sent = backend.get();
    let mut raw = Raw::allowing(&backend.listener, streams).await;
    let stream = raw.request().await;
    raw.answer(stream, 200).await;
    assert_eq!(status(sent).await, 200);
    raw
}

#[tokio::test]
async fn requests_share_one_connection_from_the_first_moment() {
    let backend = Backend::new(8).await;
    let sent: Vec<_> = (0..50).map(|_| backend.get()).collect();
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    for _ in 0..50 {
        let stream = raw.request().await;
        raw.answer(stream, 200).await;
    }
    for sent in sent {
        assert_eq!(status(sent).await, 200);
    }
    assert_eq!(table::count(backend.upstream.key()), 1);
}

#[tokio::test]
async fn whoever_opens_may_leave() {
    let backend = Backend::new(1).await;
    let first = backend.get();
    let second = backend.get();
    tokio::task::yield_now().await;
    first.abort();
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    let stream = raw.request().await;
    raw.answer(stream, 200).await;
    assert_eq!(status(second).await, 200);
}

#[tokio::test]
async fn fm32_another_connection_when_streams_run_out_and_a_limit_when_those_do() {
    let backend = Backend::new(2).await;
    let mut one = heard(&backend, 1).await;
    let first = backend.get();
    let stream = one.request().await;
    let second = backend.get();
    let mut two = Raw::allowing(&backend.listener, 1).await;
    let other = two.request().await;
    two.answer(other, 200).await;
    assert_eq!(status(second).await, 200);

    // Now both limits are known.
    let second = backend.get();
    let other = two.request().await;
    let attempt = failed(backend.get()).await;
    assert_eq!(
        attempt.fault,
        Some(Fault::Refused(Refusal::Limit {
            cause: Cause::OverloadConcurrencyLimit,
            limit: 2,
            in_use: 2,
        }))
    );
    assert_eq!(attempt.phase, Phase::Queue);
    assert!(attempt.unsent());

    // The room of one that ended is the next one's.
    one.answer(stream, 200).await;
    assert_eq!(status(first).await, 200);
    let third = backend.get();
    let stream = one.request().await;
    one.answer(stream, 200).await;
    two.answer(other, 200).await;
    assert_eq!((status(second).await, status(third).await), (200, 200));
}

#[tokio::test]
async fn a_limit_that_changes_is_followed() {
    let backend = Backend::new(1).await;
    let mut raw = heard(&backend, 1).await;
    let first = backend.get();
    let stream = raw.request().await;
    assert!(come(backend.get()).await.is_err(), "full");
    raw.allow(2).await;
    // The acknowledgement says that it was heard.
    raw.until(|seen| (*seen == Seen::Other(4)).then_some(()))
        .await;
    let second = backend.get();
    let other = raw.request().await;
    assert!(come(backend.get()).await.is_err(), "full again");
    raw.answer(stream, 200).await;
    raw.answer(other, 200).await;
    assert_eq!((status(first).await, status(second).await), (200, 200));
}

#[tokio::test]
async fn more_streams_than_it_turns_out_to_allow_are_taken_back() {
    let backend = Backend::new(2).await;
    let (first, second) = (backend.post("a"), backend.post("b"));
    let mut one = Raw::accept(&backend.listener).await;
    assert_eq!(one.whole_request().await.0, 1);
    let (_, body) = one.whole_request().await;
    one.allow(1).await;
    one.reset(3, 7).await;
    let mut two = Raw::allowing(&backend.listener, 1).await;
    assert_eq!(two.whole_request().await, (1, body));
    two.answer(1, 200).await;
    one.answer(1, 200).await;
    assert_eq!((status(first).await, status(second).await), (200, 200));
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_time_and_a_busy_one_is_not() {
    let backend = Backend::new(1).await;
    let mut raw = heard(&backend, 100).await;
    let sent = backend.get();
    let stream = raw.request().await;
    let later = clock::now().after(PATIENCE * 2);
    sweep(later);
    assert_eq!(table::count(backend.upstream.key()), 1, "busy");
    raw.answer(stream, 200).await;
    drop(come(sent).await.unwrap());
    sweep(clock::now().after(Duration::from_secs(1)));
    assert_eq!(table::count(backend.upstream.key()), 1, "young");
    sweep(later);
    assert_eq!(table::count(backend.upstream.key()), 0);
    let code = raw
        .until(|seen| match seen {
            Seen::GoAway(code) => Some(*code),
            _ => None,
        })
        .await;
    assert_eq!(code, 0, "and it says good-bye");
}
