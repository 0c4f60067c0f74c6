//! The deadline: set, passed on, enforced.

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::Empty;
use soe503::{BoxError, Failure, RequestContext, Timeout, TimeoutLayer, clock};
use soe503_core::ledger::{Fault, TimeoutKind};
use support::{Mock, empty, errno, get};
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task};
use tower::{Layer, ServiceExt, service_fn};
use tower_test::mock;

type Plain = Mock<Empty<Bytes>, Empty<Bytes>>;

const TOTAL: Duration = Duration::from_millis(300);

#[tokio::test(start_paused = true)]
async fn a_hung_service_is_cut_at_the_deadline_and_not_before() {
    let (mut service, mut handle) =
        mock::spawn_with(|inner: Plain| TimeoutLayer::new(TOTAL).layer(inner));
    assert_ready_ok!(service.poll_ready());
    let begun = clock::now();
    let mut future = task::spawn(service.call(get()));
    assert_pending!(future.poll());
    let (request, _reply) = handle.next_request().await.unwrap();
    let told = request
        .extensions()
        .get::<RequestContext>()
        .unwrap()
        .deadline;
    assert_eq!(told, Some(begun.after(TOTAL)), "the layers below know it");

    tokio::time::advance(TOTAL - Duration::from_millis(2)).await;
    assert_pending!(future.poll());
    tokio::time::advance(Duration::from_millis(4)).await;
    assert!(future.is_woken());
    let error = assert_ready_err!(future.poll());
    let failure = Failure::find(&*error).unwrap();
    let attempt = failure.last().unwrap();
    assert_eq!(attempt.fault, Some(Fault::Timeout(TimeoutKind::Total)));
    assert_eq!(attempt.elapsed, TOTAL);
    assert!(!attempt.unsent(), "nobody knows how far it got");
}

#[tokio::test(start_paused = true)]
async fn answers_and_errors_pass() {
    let (mut service, mut handle) =
        mock::spawn_with(|inner: Plain| TimeoutLayer::new(TOTAL).layer(inner));
    assert_ready_ok!(service.poll_ready());
    let mut future = task::spawn(service.call(get()));
    assert_pending!(future.poll());
    handle
        .next_request()
        .await
        .unwrap()
        .1
        .send_response(empty(204));
    assert!(future.is_woken());
    assert_eq!(assert_ready_ok!(future.poll()).status(), 204);

    assert_ready_ok!(service.poll_ready());
    let mut future = task::spawn(service.call(get()));
    handle
        .next_request()
        .await
        .unwrap()
        .1
        .send_error(errno(104));
    let error = assert_ready_err!(future.poll());
    assert!(error.is::<std::io::Error>(), "as it was: {error}");
}

/// At the deadline the inner service speaks first: it knows what was tried.
#[tokio::test(start_paused = true)]
async fn the_inner_service_has_the_last_word() {
    let knows = service_fn(|request: http::Request<Empty<Bytes>>| async move {
        let at = request
            .extensions()
            .get::<RequestContext>()
            .unwrap()
            .deadline
            .unwrap();
        tokio::time::sleep_until(clock::instant(at)).await;
        Err::<Response<Empty<Bytes>>, BoxError>("I know more".into())
    });
    let error = TimeoutLayer::new(TOTAL)
        .layer(knows)
        .oneshot(get())
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "I know more");
}

#[tokio::test(start_paused = true)]
async fn the_sooner_deadline_holds() {
    for (outer, inner) in [(100, 300), (300, 100)] {
        let [outer, inner] = [outer, inner].map(|ms| TimeoutLayer::new(Duration::from_millis(ms)));
        let begun = clock::now();
        let hung = service_fn(move |request: http::Request<Empty<Bytes>>| {
            let context = request.extensions().get::<RequestContext>().unwrap();
            let told = context.deadline.unwrap().since(begun);
            assert_eq!(told, Duration::from_millis(100), "whoever set it");
            std::future::pending::<Result<Response<Empty<Bytes>>, BoxError>>()
        });
        let service = outer.layer(inner.layer(hung));
        service.oneshot(get()).await.unwrap_err();
        let took = clock::now().since(begun).as_millis();
        assert!((100..=102).contains(&took), "{took} ms");
    }
}

#[tokio::test]
async fn unreadiness_and_its_errors_pass() {
    let (mut service, mut handle) =
        mock::spawn_with(|inner: Plain| TimeoutLayer::new(TOTAL).layer(inner));
    handle.allow(0);
    assert_pending!(service.poll_ready());
    handle.allow(1);
    assert!(service.is_woken());
    assert_ready_ok!(service.poll_ready());
    handle.send_error(errno(111));
    let mut clone = service.clone();
    assert_ready_err!(clone.poll_ready());
}

/// Whoever keeps the deadline below has the only timer.
#[tokio::test(start_paused = true)]
async fn one_that_is_kept_below_is_told_and_not_enforced() {
    let hung = service_fn(|request: http::Request<Empty<Bytes>>| {
        let context = request.extensions().get::<RequestContext>().unwrap();
        assert_eq!(context.deadline, Some(context.now.after(TOTAL)));
        std::future::pending::<Result<Response<Empty<Bytes>>, BoxError>>()
    });
    let service = Timeout::new(hung, TOTAL).kept_below();
    let mut future = task::spawn(service.oneshot(get()));
    assert_pending!(future.poll());
    tokio::time::advance(TOTAL * 2).await;
    assert!(!future.is_woken());
    assert_pending!(future.poll());
}
