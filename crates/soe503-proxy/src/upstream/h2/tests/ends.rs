//! All the ways in which a stream ends without an answer, and what is known then.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use soe503_core::Cause;
use soe503_core::diagnosis::mechanical;
use soe503_core::ledger::{Fault, Http2Fault, Knock, Phase};

use super::super::run;
use super::raw::{Raw, Seen};
use super::support::{Backend, Written, broken, come, failed, status};
use crate::front::interim;

#[tokio::test]
async fn resets_by_their_code() {
    for (code, unsent, cause) in [
        (0, false, Cause::DependencyResetBeforeResponse),
        (1, false, Cause::DependencyResetBeforeResponse),
        (2, false, Cause::DependencyResetBeforeResponse),
        (7, true, Cause::OverloadUpstreamShedding),
        (8, false, Cause::DependencyResetBeforeResponse),
        (11, false, Cause::OverloadUpstreamShedding),
        (99, false, Cause::DependencyResetBeforeResponse),
    ] {
        let backend = Backend::new(8).await;
        let sent = backend.post("x");
        let mut raw = Raw::allowing(&backend.listener, 100).await;
        let (stream, _) = raw.whole_request().await;
        raw.reset(stream, code).await;
        let attempt = failed(sent).await;
        assert_eq!(attempt.fault, Some(Fault::Http2(Http2Fault::Reset(code))));
        assert_eq!(attempt.unsent(), unsent, "{code}");
        assert_eq!(mechanical(&attempt), Some(cause), "{code}");
        assert_eq!(attempt.phase, Phase::WaitHeaders);
        assert_eq!(attempt.knock, None, "the connection stands");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_knocked_at_once_for_all() {
    let backend = Backend::new(8).await;
    let sent = [backend.get(), backend.post("x"), backend.get()];
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    for _ in 0..3 {
        raw.request().await;
    }
    drop(raw);
    let again = Raw::accept(&backend.listener).await;
    for sent in sent {
        let attempt = failed(sent).await;
        assert!(
            matches!(
                attempt.fault,
                Some(Fault::Closed | Fault::Errno(libc::ECONNRESET))
            ),
            "{attempt:?}"
        );
        assert_eq!(attempt.knock, Some(Knock::Accepted));
        assert!(!attempt.unsent());
    }
    drop(again);
}

#[tokio::test]
async fn a_backend_that_died_refuses_the_knock() {
    let backend = Backend::new(8).await;
    let sent = backend.get();
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    raw.request().await;
    drop(backend);
    drop(raw);
    assert_eq!(failed(sent).await.knock, Some(Knock::Refused));
}

#[tokio::test]
async fn a_backend_that_is_not_there() {
    let backend = Backend::new(8).await;
    drop(backend.listener);
    let upstream = backend.upstream;
    let request = http::Request::new(http_body_util::Empty::<bytes::Bytes>::new());
    let run = super::super::run(upstream, backend.options, request);
    let attempt = failed(tokio::spawn(run)).await;
    assert_eq!(attempt.fault, Some(Fault::Errno(libc::ECONNREFUSED)));
    assert_eq!(attempt.phase, Phase::Connect);
    assert!(attempt.unsent() && !attempt.accepted_before);
}

#[tokio::test]
async fn a_backend_that_speaks_something_else() {
    let backend = Backend::new(8).await;
    let sent = backend.get();
    let mut raw = Raw::accept(&backend.listener).await;
    raw.bytes(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        .await;
    let attempt = failed(sent).await;
    assert!(
        matches!(attempt.fault, Some(Fault::Http2(Http2Fault::Violation(_)))),
        "{attempt:?}"
    );
    assert_eq!(mechanical(&attempt), Some(Cause::DependencyInvalidResponse));
}

#[tokio::test]
async fn a_request_behind_what_the_socket_does_not_take_has_not_left() {
    let backend = Backend::new(1).await;
    let (pen, body) = Written::new();
    let first = backend.send("POST", body);
    let mut raw = Raw::accept(&backend.listener).await;
    raw.take_all().await;
    raw.request().await;
    // Nothing more is read, until nothing more goes in.
    let piece = Bytes::from(vec![b'x'; 64 * 1024]);
    let full = Duration::from_millis(300);
    while tokio::time::timeout(full, pen.send(Ok(Frame::data(piece.clone()))))
        .await
        .is_ok_and(|sent| sent.is_ok())
    {}
    let second = backend.post("x");
    tokio::task::yield_now().await;
    drop(raw);
    let (first, second) = (failed(first).await, failed(second).await);
    assert!(
        !first.unsent() && first.bytes_sent > Some(64 * 1024),
        "{first:?}"
    );
    assert!(second.unsent(), "{second:?}");
    assert_eq!(second.knock, None);
}

#[tokio::test]
async fn a_connection_that_breaks_before_it_is_used_is_not_opened_for_ever() {
    let backend = Backend::new(1).await;
    let sent = backend.post("x");
    let closing = async {
        loop {
            drop(backend.listener.accept().await.unwrap());
        }
    };
    tokio::select! {
        attempt = failed(sent) => assert!(
            matches!(attempt.fault, Some(Fault::Closed | Fault::Errno(_))),
            "{attempt:?}"
        ),
        () = closing => {}
    }
}

#[tokio::test]
async fn interim_answers_are_not_the_answer() {
    let backend = Backend::new(1).await;
    let sent = backend.get();
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    let stream = raw.request().await;
    raw.hint(stream).await;
    raw.allow(50).await;
    // The acknowledgement says that it was heard.
    raw.until(|seen| (*seen == Seen::Other(4)).then_some(()))
        .await;
    raw.answer(stream, 200).await;
    assert_eq!(status(sent).await, 200);
}

#[tokio::test]
async fn interim_answers_are_offered_to_whose_request_is_polled() {
    let backend = Backend::new(1).await;
    let request = Request::new(Full::<Bytes>::default());
    let mut answer = pin!(run(backend.upstream.clone(), backend.options, request));
    let mut offered = Vec::new();
    let asking = poll_fn(|cx| {
        let collecting = interim::collect(interim::MOST);
        let polled = answer.as_mut().poll(cx);
        let heads = collecting.end();
        offered.extend(heads.iter().map(|head| head.status.as_u16()));
        polled
    });
    let script = async {
        let mut raw = Raw::allowing(&backend.listener, 100).await;
        let stream = raw.request().await;
        raw.hint(stream).await;
        raw.answer(stream, 200).await;
        raw
    };
    let (answer, _open) = tokio::join!(asking, script);
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!(offered, [103]);
}

#[tokio::test]
async fn a_body_that_breaks_off() {
    for (code, fault) in [
        (Some(2), Fault::Http2(Http2Fault::Reset(2))),
        (Some(8), Fault::Http2(Http2Fault::Reset(8))),
        (Some(0), Fault::Http2(Http2Fault::Reset(0))),
        (None, Fault::Closed),
    ] {
        let backend = Backend::new(8).await;
        let sent = backend.get();
        let mut raw = Raw::allowing(&backend.listener, 100).await;
        let stream = raw.request().await;
        raw.head(stream).await;
        raw.data(stream, b"half", false).await;
        let mut body = come(sent).await.unwrap().into_body();
        let first = body.frame().await.unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), "half");
        match code {
            Some(code) => raw.reset(stream, code).await,
            None => drop(raw),
        }
        let error = body.frame().await.unwrap().unwrap_err();
        // What it had not read makes its close a reset.
        let seen = match broken(&error) {
            Fault::Errno(libc::ECONNRESET) => Fault::Closed,
            other => other,
        };
        assert_eq!(seen, fault);
        assert!(body.frame().await.is_none());
    }
}

#[tokio::test]
async fn a_client_that_leaves_resets_the_stream() {
    let backend = Backend::new(8).await;
    // While it waits for the head, and while the body comes.
    let sent = backend.get();
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    let cancel = |seen: &Seen| match seen {
        Seen::Reset(stream, 8) => Some(*stream),
        _ => None,
    };
    assert_eq!(raw.request().await, 1);
    sent.abort();
    assert_eq!(raw.until(cancel).await, 1);

    let (pen, body) = Written::new();
    let sent = backend.send("POST", body);
    assert_eq!(raw.request().await, 3);
    raw.head(3).await;
    let response = come(sent).await.unwrap();
    drop(response);
    assert_eq!(raw.until(cancel).await, 3);
    pen.closed().await;
}

#[tokio::test]
async fn a_client_that_breaks_its_request_is_no_failure_of_the_backend() {
    let backend = Backend::new(8).await;
    let (pen, body) = Written::new();
    let sent = backend.send("POST", body);
    let mut raw = Raw::allowing(&backend.listener, 100).await;
    let stream = raw.request().await;
    pen.send(Err(())).await.unwrap();
    assert_eq!(failed(sent).await.fault, Some(Fault::Client));
    let reset = raw
        .until(|seen| match seen {
            Seen::Reset(stream, code) => Some((*stream, *code)),
            _ => None,
        })
        .await;
    assert_eq!(reset, (stream, 8));

    // After the head it is the body of the answer that ends.
    let (pen, body) = Written::new();
    let sent = backend.send("POST", body);
    let stream = raw.request().await;
    raw.head(stream).await;
    let mut body = come(sent).await.unwrap().into_body();
    pen.send(Err(())).await.unwrap();
    let error = body.frame().await.unwrap().unwrap_err();
    assert_eq!(broken(&error), Fault::Client);
}
