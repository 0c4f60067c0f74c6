//! A peer that goes away: whatever it has not looked at goes elsewhere, and nobody notices.

use bytes::Bytes;
use http_body_util::Full;
use soe503_core::ledger::{Fault, Http2Fault, Phase};

use super::super::source::KEPT;
use super::raw::Raw;
use super::support::{Backend, failed, status};

#[tokio::test]
async fn fm30_a_request_above_the_last_stream_moves_whatever_its_method() {
    for method in ["GET", "POST", "PATCH"] {
        let backend = Backend::new(8).await;
        let sent = backend.send(method, Full::new(Bytes::from("hello")));
        let mut old = Raw::allowing(&backend.listener, 100).await;
        assert_eq!(old.whole_request().await, (1, b"hello".to_vec()));
        old.go_away(0, 0).await;
        let mut new = Raw::allowing(&backend.listener, 100).await;
        assert_eq!(
            new.whole_request().await,
            (1, b"hello".to_vec()),
            "{method}"
        );
        new.answer(1, 200).await;
        assert_eq!(status(sent).await, 200, "{method}");
    }
}

#[tokio::test]
async fn a_goaway_that_crosses_the_request_is_not_seen() {
    let backend = Backend::new(8).await;
    let first = backend.get();
    let mut old = Raw::allowing(&backend.listener, 100).await;
    let stream = old.request().await;
    old.answer(stream, 200).await;
    assert_eq!(status(first).await, 200);
    // It says good-bye and closes before it has read the request that is on its way.
    old.go_away(1, 0).await;
    let second = backend.post("x");
    drop(old);
    let mut new = Raw::allowing(&backend.listener, 100).await;
    let (stream, _) = new.whole_request().await;
    new.answer(stream, 200).await;
    assert_eq!(status(second).await, 200);
}

#[tokio::test]
async fn streams_below_the_last_one_finish_and_new_ones_go_elsewhere() {
    let backend = Backend::new(8).await;
    let first = backend.post("a");
    let mut old = Raw::allowing(&backend.listener, 100).await;
    assert_eq!(old.whole_request().await.0, 1);
    let second = backend.post("b");
    assert_eq!(old.whole_request().await.0, 3);
    old.go_away(1, 0).await;
    let mut new = Raw::allowing(&backend.listener, 100).await;
    assert_eq!(new.whole_request().await, (1, b"b".to_vec()));
    let third = backend.get();
    assert_eq!(new.request().await, 3);
    new.answer(3, 200).await;
    new.answer(1, 200).await;
    old.answer(1, 200).await;
    for sent in [first, second, third] {
        assert_eq!(status(sent).await, 200);
    }
}

#[tokio::test]
async fn a_backend_that_always_goes_is_left_in_the_end_unsent() {
    let backend = Backend::new(8).await;
    let sent = backend.post("x");
    for _ in 0..4 {
        let mut raw = Raw::allowing(&backend.listener, 100).await;
        raw.whole_request().await;
        raw.go_away(0, 2).await;
    }
    let attempt = failed(sent).await;
    assert_eq!(attempt.fault, Some(Fault::Http2(Http2Fault::GoAway(2))));
    assert_eq!(attempt.phase, Phase::WaitHeaders);
    assert!(attempt.unsent());
    assert_eq!(attempt.knock, None, "it has not died");
}

#[tokio::test]
async fn a_body_that_is_gone_leaves_it_to_the_layers_above() {
    let backend = Backend::new(8).await;
    let body = Bytes::from(vec![b'x'; KEPT + 1]);
    let sent = backend.send("POST", Full::new(body));
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    let stream = raw.request().await;
    // The body is under way once some of it is here.
    raw.until(|seen| matches!(seen, super::raw::Seen::Data(..)).then_some(()))
        .await;
    assert_eq!(stream, 1);
    raw.go_away(0, 0).await;
    let attempt = failed(sent).await;
    assert_eq!(attempt.fault, Some(Fault::Http2(Http2Fault::GoAway(0))));
    assert!(attempt.unsent(), "any method may go elsewhere");
}

#[tokio::test]
async fn a_goaway_is_heard_even_if_the_peer_has_hung_up_on_the_upload() {
    let backend = Backend::new(8).await;
    let body = Bytes::from(vec![b'x'; 16 * 1024 * 1024]);
    let sent = backend.send("POST", Full::new(body));
    let mut raw = Raw::accept(&backend.listener).await;
    raw.take_all().await;
    raw.until(|seen| matches!(seen, super::raw::Seen::Data(..)).then_some(()))
        .await;
    // What it has not read makes its close a reset, which whoever writes sees first.
    raw.go_away(0, 0).await;
    drop(raw);
    let attempt = failed(sent).await;
    assert_eq!(attempt.fault, Some(Fault::Http2(Http2Fault::GoAway(0))));
    assert!(attempt.unsent(), "any method may go elsewhere");
}

#[tokio::test]
async fn a_goaway_with_an_error_is_what_ended_the_streams_that_it_keeps() {
    let backend = Backend::new(8).await;
    let sent = backend.get();
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    raw.request().await;
    raw.go_away(1, 11).await;
    drop(raw);
    let attempt = failed(sent).await;
    assert_eq!(attempt.fault, Some(Fault::Http2(Http2Fault::Reset(11))));
    assert!(!attempt.unsent());
}

#[tokio::test]
async fn fm30_streams_that_it_keeps_and_never_answers_may_have_run() {
    let backend = Backend::new(8).await;
    let sent = backend.post("x");
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    raw.whole_request().await;
    raw.go_away(1, 0).await;
    drop(raw);
    let attempt = failed(sent).await;
    assert!(
        matches!(attempt.fault, Some(Fault::Closed | Fault::Errno(_))),
        "{attempt:?}"
    );
    assert!(!attempt.unsent());
}
