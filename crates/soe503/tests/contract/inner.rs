//! The service at the bottom, which counts what is done to it against tower's contract.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use soe503::BoxError;
use tower::Service;

/// A service whose clones are not ready, and that counts calls of what was not polled to be.
///
/// Clones share what it is told to do and what it counts.
#[derive(Debug)]
pub struct Inner {
    shared: Arc<Shared>,
    ready: bool,
}

#[derive(Debug, Default)]
struct Shared {
    told: Mutex<Told>,
    violations: AtomicUsize,
    calls: AtomicUsize,
    in_flight: AtomicUsize,
}

#[derive(Debug, Default)]
struct Told {
    readiness: Readiness,
    answer: Answer,
    /// Who waits for any of this to change.
    wakers: Vec<Waker>,
}

/// What `poll_ready` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Readiness {
    /// Ready.
    #[default]
    Ready,
    /// Not before this changes.
    Never,
    /// The connection was refused.
    Refused,
}

/// What a request gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// 200.
    #[default]
    Good,
    /// 200 after so many milliseconds.
    After(u64),
    /// 503.
    Unavailable,
    /// Nothing before this changes.
    Nothing,
}

/// A request that is under way, until it is dropped.
#[derive(Debug)]
struct InFlight(Arc<Shared>);

/// The future of a request.
pub type Answering = Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, BoxError>> + Send>>;

impl Inner {
    pub fn new() -> Self {
        Self {
            shared: Arc::default(),
            ready: false,
        }
    }

    /// What `poll_ready` says from now on. Wakes who waits for it.
    pub fn is(&self, readiness: Readiness) {
        self.tell(|told| told.readiness = readiness);
    }

    /// What requests get from now on. Wakes those that wait for it.
    pub fn answers(&self, answer: Answer) {
        self.tell(|told| told.answer = answer);
    }

    /// Calls of a service that had not been polled ready.
    pub fn violations(&self) -> usize {
        self.shared.violations.load(Ordering::Relaxed)
    }

    /// Requests that came.
    pub fn calls(&self) -> usize {
        self.shared.calls.load(Ordering::Relaxed)
    }

    /// Requests that have come and are not over.
    pub fn in_flight(&self) -> usize {
        self.shared.in_flight.load(Ordering::Relaxed)
    }

    fn tell(&self, change: impl FnOnce(&mut Told)) {
        let mut told = self.shared.lock();
        change(&mut told);
        let wakers = std::mem::take(&mut told.wakers);
        drop(told);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clone has not been polled.
impl Clone for Inner {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            ready: false,
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<B: Send + 'static> Service<Request<B>> for Inner {
    type Response = Response<Full<Bytes>>;
    type Error = BoxError;
    type Future = Answering;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        let mut told = self.shared.lock();
        match told.readiness {
            Readiness::Ready => {
                self.ready = true;
                Poll::Ready(Ok(()))
            }
            Readiness::Never => {
                told.wakers.push(cx.waker().clone());
                Poll::Pending
            }
            Readiness::Refused => Poll::Ready(Err(super::support::errno(super::support::REFUSED))),
        }
    }

    fn call(&mut self, request: Request<B>) -> Answering {
        let shared = Arc::clone(&self.shared);
        if !std::mem::take(&mut self.ready) {
            shared.violations.fetch_add(1, Ordering::Relaxed);
        }
        shared.calls.fetch_add(1, Ordering::Relaxed);
        shared.in_flight.fetch_add(1, Ordering::Relaxed);
        let under_way = InFlight(shared);
        Box::pin(async move {
            let _request = request;
            let answer = std::future::poll_fn(|cx| under_way.poll_answer(cx)).await;
            Ok(match answer {
                Answer::After(millis) => {
                    tokio::time::sleep(Duration::from_millis(millis)).await;
                    super::support::status(200)
                }
                Answer::Unavailable => super::support::status(503),
                Answer::Good | Answer::Nothing => super::support::status(200),
            })
        })
    }
}

impl InFlight {
    fn poll_answer(&self, cx: &Context<'_>) -> Poll<Answer> {
        let mut told = self.0.lock();
        if told.answer == Answer::Nothing {
            told.wakers.push(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(told.answer)
    }
}
