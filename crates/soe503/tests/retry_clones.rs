//! When a service that is retried is cloned, and of what.

mod support;

use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use soe503::{Retry, RetryLayer};
use support::retrying::{budget, policy};
use support::{get, status};
use tower::{Layer, Service};

/// Fails so many times, and writes down who was asked.
#[derive(Debug)]
struct Backend {
    name: &'static str,
    seen: Arc<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    clones: AtomicUsize,
    failures: AtomicUsize,
    asked: Mutex<Vec<&'static str>>,
}

impl Clone for Backend {
    fn clone(&self) -> Self {
        self.seen.clones.fetch_add(1, Ordering::Relaxed);
        let seen = Arc::clone(&self.seen);
        Self { seen, ..*self }
    }
}

impl<B> Service<Request<B>> for Backend {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        self.seen.asked.lock().unwrap().push(self.name);
        let failures = &self.seen.failures;
        let fails =
            failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        ready(Ok(status(if fails.is_ok() { 503 } else { 200 })))
    }
}

impl Seen {
    fn fails(&self, times: usize) {
        self.failures.store(times, Ordering::Relaxed);
    }

    /// How many clones were made since this was last asked.
    fn clones(&self) -> usize {
        self.clones.swap(0, Ordering::Relaxed)
    }

    fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn retried() -> (Retry<Backend>, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let backend = Backend {
        name: "first",
        seen: Arc::clone(&seen),
    };
    (RetryLayer::new(budget(), policy()).layer(backend), seen)
}

async fn send(service: &mut Retry<Backend>) -> u16 {
    poll_fn(|cx| Service::<Request<Empty<Bytes>>>::poll_ready(service, cx))
        .await
        .unwrap();
    service.call(get()).await.unwrap().status().as_u16()
}

/// A clone may be dear: one of boxed services allocates.
#[tokio::test(start_paused = true)]
async fn only_who_is_asked_again_is_cloned_and_once() {
    let (mut service, seen) = retried();
    seen.clones();
    assert_eq!(send(&mut service).await, 200);
    assert_eq!((seen.clones(), seen.asked().len()), (0, 1));
    seen.fails(2);
    assert_eq!(send(&mut service).await, 200);
    assert_eq!((seen.clones(), seen.asked().len()), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn what_is_changed_about_a_service_holds_for_all_attempts() {
    let (mut service, seen) = retried();
    let mut before = service.clone();
    service.get_mut().name = "second";
    seen.fails(1);
    assert_eq!(send(&mut service).await, 200);
    assert_eq!(seen.asked(), ["second", "second"]);
    let mut after = service.clone();
    for (service, name) in [(&mut after, "second"), (&mut before, "first")] {
        seen.fails(1);
        assert_eq!(send(service).await, 200);
        assert_eq!(seen.asked(), [name, name]);
    }
}

/// Changed and cloned before any request.
#[tokio::test(start_paused = true)]
async fn a_clone_takes_the_change_with_it() {
    let (mut service, seen) = retried();
    service.get_mut().name = "second";
    let mut clone = service.clone();
    seen.fails(1);
    assert_eq!(send(&mut clone).await, 200);
    assert_eq!(seen.asked(), ["second", "second"]);
}
