//! Failures that are no errors: panics, and a service that never becomes ready.

mod support;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use soe503::{BoxError, ExplainLayer};
use support::explaining::{explainer, header};
use support::{Mock, REFUSED, errno, get, status};
use tokio_test::{assert_pending, assert_ready_ok, task};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_test::mock;

#[tokio::test]
async fn fm52_a_panic_becomes_an_answer() {
    let later = service_fn(|_: Request<Empty<Bytes>>| async {
        tokio::task::yield_now().await;
        if true {
            panic!("a bug");
        }
        Ok::<_, BoxError>(status(200))
    });
    let at_once = service_fn(|_: Request<Empty<Bytes>>| {
        if true {
            panic!("a bug");
        }
        std::future::ready(Ok::<_, BoxError>(status(200)))
    });
    let one = ExplainLayer::new(explainer())
        .layer(later)
        .oneshot(get())
        .await
        .unwrap();
    let two = ExplainLayer::new(explainer())
        .layer(at_once)
        .oneshot(get())
        .await
        .unwrap();
    for response in [one, two] {
        assert_eq!(response.status(), 500);
        assert_eq!(header(&response, "x-error-code"), "SOE-500");
        assert!(header(&response, "soe-cause").starts_with("unknown/unclassified"));
    }
}

/// What panicked is dropped with the answer, so its permits are not held by a slow client.
#[tokio::test]
async fn what_panicked_is_dropped_at_once() {
    struct Bomb(Arc<()>);
    impl Future for Bomb {
        type Output = Result<Response<Full<Bytes>>, BoxError>;
        fn poll(
            self: std::pin::Pin<&mut Self>,
            _cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Self::Output> {
            panic!("a bug, holding {}", Arc::strong_count(&self.0))
        }
    }
    let held = Arc::new(());
    let inner = held.clone();
    let bomb = service_fn(move |_: Request<Empty<Bytes>>| Bomb(inner.clone()));
    let mut service = ExplainLayer::new(explainer()).layer(bomb);
    let mut future = task::spawn(service.call(get()));
    assert_ready_ok!(future.poll());
    assert_eq!(Arc::strong_count(&held), 2, "ours and the service's");
}

#[tokio::test]
async fn unreadiness_passes_and_its_errors_are_told() {
    type Inner = Mock<Empty<Bytes>, Full<Bytes>>;
    let layer = ExplainLayer::new(explainer());
    let (mut service, mut handle) = mock::spawn_with(move |inner: Inner| layer.layer(inner));
    handle.allow(0);
    assert_pending!(service.poll_ready());
    handle.allow(1);
    assert!(service.is_woken());
    handle.send_error(errno(REFUSED));
    assert_ready_ok!(service.poll_ready(), "never an error");
    handle.allow(0);
    assert_ready_ok!(service.poll_ready(), "ready stays ready");
    let mut clone = service.clone();
    assert_pending!(clone.poll_ready(), "a clone asks for itself");
    let mut future = task::spawn(service.call(get()));
    let response = assert_ready_ok!(future.poll());
    assert_eq!(response.status(), 503);
    assert_pending!(handle.poll_request(), "the inner service was not called");
}
