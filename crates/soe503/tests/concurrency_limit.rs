//! The limit sheds, and every way in which a request can end makes room.

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use soe503::concurrency_limit::{Limit, LimitConfig};
use soe503::{
    BoxError, Component, ConcurrencyLimit, ConcurrencyLimitLayer, Rejected, RequestContext, Served,
    Upload, clock,
};
use soe503_core::Cause;
use support::{Script, Step, empty, errno, get, status};
use tokio_test::{assert_pending, assert_ready, assert_ready_err, assert_ready_ok, task};
use tower::{Layer, ServiceExt, service_fn};
use tower_test::mock;

#[tokio::test]
async fn one_more_is_refused_at_once() {
    let limit = Limit::new("search", 1);
    let layer = ConcurrencyLimitLayer::new(limit.clone());
    let (mut service, mut handle) = mock::spawn_layer::<_, Response<Full<Bytes>>, _>(layer);
    assert_ready_ok!(service.poll_ready());
    let mut first = task::spawn(service.call(get()));
    assert_pending!(first.poll());
    let (_, reply) = handle.next_request().await.unwrap();

    assert_ready_ok!(service.poll_ready());
    let mut second = task::spawn(service.call(get()));
    let error = assert_ready_err!(second.poll());
    let refused = Rejected::find(&*error).unwrap();
    assert_eq!(refused.cause(), Cause::OverloadConcurrencyLimit);
    assert_eq!(refused.component(), Component::ConcurrencyLimit);
    assert_eq!(
        (refused.name(), refused.upstream_touched()),
        ("search", false)
    );

    reply.send_response(status(200));
    let response = assert_ready_ok!(first.poll());
    assert_eq!(limit.in_use(), 1, "its body is not at its end");
    response.into_body().collect().await.unwrap();
    assert_eq!(limit.in_use(), 0);
}

/// Nobody reads the body of an answer that has none.
#[tokio::test]
async fn an_answer_that_is_here_as_a_whole_makes_room() {
    let limit = Limit::new("search", 1);
    let bulkhead = Limit::new("search/export", 1);
    let answers = service_fn(|_: Request<Empty<Bytes>>| async { Ok::<_, BoxError>(empty(200)) });
    let service = ConcurrencyLimit::new(answers, limit.clone()).bulkhead(Some(bulkhead.clone()));
    let response = service.oneshot(get()).await.unwrap();
    assert_eq!((limit.in_use(), bulkhead.in_use()), (0, 0));
    drop(response);
    let seen = limit.snapshot(clock::now());
    assert_eq!((seen.in_use, seen.pending, seen.admitted), (0, 0, 1));
}

#[tokio::test]
async fn who_is_still_sending_waits_for_no_answer() {
    let limit = Limit::new("search", 10);
    let layer = ConcurrencyLimitLayer::new(limit.clone());
    let (mut service, mut handle) = mock::spawn_layer::<_, Response<Empty<Bytes>>, _>(layer);
    let upload = Upload::default();
    let mut context = RequestContext::new(clock::now(), false);
    context.upload = Some(upload.clone());
    let mut request = get();
    request.extensions_mut().insert(context);
    let counts = || {
        let now = limit.snapshot(clock::now());
        (now.in_use, now.pending)
    };

    assert_ready_ok!(service.poll_ready());
    let mut sending = task::spawn(service.call(request));
    assert_pending!(sending.poll());
    assert_eq!(counts(), (1, 0), "nobody could answer it");
    assert_pending!(sending.poll());
    assert_eq!(counts(), (1, 0));
    upload.end();
    assert!(sending.is_woken());
    assert_pending!(sending.poll());
    assert_eq!(counts(), (1, 1));

    let (_, reply) = handle.next_request().await.unwrap();
    reply.send_response(empty(200));
    drop(assert_ready_ok!(sending.poll()));
    assert_eq!(counts(), (0, 0));
}

#[tokio::test]
async fn room_is_made_by_every_end() {
    let limit = Limit::new("search", 1);
    let layer = ConcurrencyLimitLayer::new(limit.clone());
    let (mut service, mut handle) = mock::spawn_layer::<_, Response<Script>, _>(layer);

    // The future is dropped.
    assert_ready_ok!(service.poll_ready());
    let dropped = task::spawn(service.call(get()));
    assert_eq!(limit.in_use(), 1);
    drop(dropped);
    assert_eq!(limit.in_use(), 0);
    handle.next_request().await.unwrap();

    // The inner service fails.
    assert_ready_ok!(service.poll_ready());
    let mut failed = task::spawn(service.call(get()));
    handle
        .next_request()
        .await
        .unwrap()
        .1
        .send_error(errno(104));
    assert_ready_err!(failed.poll());
    assert_eq!(limit.in_use(), 0);

    // The body is dropped, ends with a last frame, ends without one, or breaks off.
    let ends = [
        (vec![Step::Data("a")], 0),
        (vec![Step::Data("a"), Step::End], 1),
        (vec![Step::Data("a"), Step::Error(104)], 2),
    ];
    for (steps, reads) in ends {
        assert_ready_ok!(service.poll_ready());
        let mut answered = task::spawn(service.call(get()));
        let (_, reply) = handle.next_request().await.unwrap();
        reply.send_response(Response::new(Script::new(steps)));
        let mut body = assert_ready_ok!(answered.poll()).into_body();
        drop(answered);
        for _ in 0..reads {
            assert_eq!(limit.in_use(), 1, "before frame {reads}");
            let _ = body.frame().await;
        }
        if reads > 0 {
            assert_eq!(limit.in_use(), 0, "after {reads} frames");
        }
        drop(body);
        assert_eq!(limit.in_use(), 0);
    }
}

#[tokio::test]
async fn backpressure_waits_outside_the_limit() {
    let limit = Limit::new("search", 1);
    let layer = ConcurrencyLimitLayer::new(limit.clone());
    let (mut service, mut handle) = mock::spawn_layer::<_, Response<Full<Bytes>>, _>(layer);
    handle.allow(0);
    let mut clone = service.clone();
    assert_pending!(service.poll_ready());
    assert_pending!(clone.poll_ready());
    assert_eq!(limit.in_use(), 0);
    handle.allow(1);
    assert!(
        service.is_woken() || clone.is_woken(),
        "whoever waits is woken"
    );
    assert_ready!(service.poll_ready()).unwrap();
    assert_eq!(limit.in_use(), 0, "ready holds no slot");
    let future = service.call(get());
    assert_eq!(limit.in_use(), 1);
    drop(future);
}

/// An adaptive limit learns from one good answer to one attempt: what takes several, or fails, says nothing of how
/// busy the service is.
#[tokio::test(start_paused = true)]
async fn only_first_answers_that_are_good_tell_how_long_answers_take() {
    for (status, attempts, tells) in [
        (200, None, true),
        (404, None, true),
        (200, Some(1), true),
        (200, Some(2), false),
        (503, None, false),
    ] {
        let config = LimitConfig {
            adaptive: true,
            ..LimitConfig::default()
        };
        let limit = Limit::with("search", config);
        let answers = service_fn(move |_: Request<Empty<Bytes>>| async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let mut response = empty(status);
            if let Some(attempts) = attempts {
                let mut served = Served::new(clock::now());
                served.attempts = attempts;
                response.extensions_mut().insert(served);
            }
            Ok::<_, BoxError>(response)
        });
        let service = ConcurrencyLimitLayer::new(limit.clone()).layer(answers);
        for _ in 0..30 {
            service.clone().oneshot(get()).await.unwrap();
            tokio::time::advance(Duration::from_millis(900)).await;
        }
        let typical = limit.snapshot(clock::now()).typical;
        assert_eq!(typical.is_some(), tells, "{status} {attempts:?}");
    }
}

/// When to come back is as long as those before it take: this is known once answers were seen.
#[tokio::test(start_paused = true)]
async fn a_refusal_says_when_there_will_be_room() {
    let config = LimitConfig {
        adaptive: true,
        ..LimitConfig::fixed(1)
    };
    let limit = Limit::with("search", config);
    let answers = service_fn(|_: Request<Empty<Bytes>>| async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok::<_, BoxError>(empty(200))
    });
    let service = ConcurrencyLimitLayer::new(limit.clone()).layer(answers);
    for _ in 0..30 {
        service.clone().oneshot(get()).await.unwrap();
        tokio::time::advance(Duration::from_millis(900)).await;
    }
    let _held = limit.try_acquire().unwrap();
    let error = service.oneshot(get()).await.unwrap_err();
    let wait = Rejected::find(&*error).unwrap().retry_after().unwrap();
    let expected = Duration::from_millis(99)..=Duration::from_millis(110);
    assert!(expected.contains(&wait), "{wait:?}");
}
