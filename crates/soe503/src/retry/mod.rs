//! Tries again, when that is proven safe, useful and paid for.
//!
//! The decision is [`soe503_core::retry::decide`]; this layer gathers the facts, carries it out,
//! and keeps what is needed to send a request again: its head, and a [`ReplayBody`].
//!
//! # When to use
//! Inside [`Timeout`](crate::Timeout), which gives it the deadline to plan with, and outside
//! [`CircuitBreaker`](crate::CircuitBreaker) and [`Pool`](crate::Pool), which then see every attempt.
//! At one layer of a system only, as retries of retries multiply, unless the layers share an allowance
//! ([`RetryLayer::proxies`]); and a client below that retries by
//! itself does so on nobody's account (hyper-util's legacy client: `retry_canceled_requests(false)`).
//!
//! # What is tried again
//! - Errors, when no byte of the request was handed to a socket: any method.
//! - Other errors, and answers with a status of the [set](RetryLayer::statuses) (500, 502, 503, 504):
//!   requests that may run twice, by method or, [if you say so](RetryLayer::trust_idempotency_key),
//!   by `Idempotency-Key`.
//! - A trailers-only gRPC answer of `UNAVAILABLE`, likewise, unless it forbids that with a negative
//!   `grpc-retry-pushback-ms`. gRPC's methods are POSTs: they may run twice only if the request or the
//!   operator says so.
//! - Never: an unsafe request whose bytes went out, a response that has started, a body above the
//!   replay cap, our own refusals. `Retry-After` is obeyed: it delays the retry, or forbids it when
//!   the deadline comes first. Where the pool has another backend, that one is asked without waiting.
//!
//! Each attempt goes to another backend while there is one. An attempt is cut after
//! `attempt_timeout` only if another can follow; the last has the time until the deadline. The
//! budget gets one deposit per request and pays for every retry, so an outage cannot multiply the
//! load; when it is empty, the first answer stands.
//!
//! # Waiting
//!
//! With [`ride_out`](RetryLayer::ride_out), a request that the circuit or the pool below refuses does not
//! fail at once if what refused it is due back in time: nothing of it was touched, so it takes a place in
//! the circuit's [waiting room](soe503_core::waiting) and tries again when it is called. That is no attempt
//! and costs no budget. It ends with its deadline, with the time for which blips are ridden out, or when the
//! service turns out to be dead; then the refusal stands. A full room turns away at once. A future that
//! is dropped leaves the room.
//!
//! # Hedging
//!
//! With [`hedge`](RetryLayer::hedge), a request that is still waited for after the time in which nearly all
//! answers of the pool come is sent to a second backend as well, and the first good answer is the
//! request's ([`soe503_core::hedge`]). Only `GET`, `HEAD` and `OPTIONS` without a body, no upgrade, and no request that
//! [belongs to a backend](crate::pool::Affinity::badge). A hedge is an attempt, with a number and a place in
//! the ledger, on the budget's account and one of the attempts that the policy allows. Of two, one that
//! fails leaves the request to the other; if both fail, it is decided as ever whether a third
//! follows. The one that is outrun is dropped, which cancels it, and counts neither as a success nor as
//! a failure.
//!
//! # The result
//! If no retry is possible, the backend's own answer is passed on untouched. An answer that is to
//! be replaced is kept until the next attempt is under way: if the circuit or the pool refuses
//! that one, the client still gets what the backend said. A response after a failed attempt carries
//! its [`Ledger`](soe503_core::ledger::Ledger) in [`Served`](crate::Served); an error carries it in
//! [`Failure`](crate::Failure).
//!
//! # Failure mode
//! A backend's own answer, or a [`Failure`](crate::Failure) with all attempts. If a refusal ended them after a backend had seen the
//! request, the [`Rejected`](crate::Rejected) in its chain says so. An empty budget, an unsafe method or a large body make it
//! a layer that passes the first result on.
//!
//! # Cost
//! One allocation, in which the attempt in flight is as well: around this layer, futures are small. With one attempt, nothing
//! else. Otherwise a copy of the request's head, which is a reference per header. The service below is cloned for a
//! second attempt, not before. A body is shared with its replay only if there is one, and its bytes are referenced, not
//! copied, until the first answer has come. A hedge is boxed when it is sent; a request that is not hedged
//! pays one load for it.
//!
//! # Readiness
//! Passes the inner service's on. Further attempts use a clone, made of one that was taken when the layer was applied, that is
//! driven to readiness of its own; an error of its `poll_ready` is the attempt's.
//!
//! ```
//! use http::{Request, Response};
//! use http_body_util::Empty;
//! use bytes::Bytes;
//! use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
//! use soe503::{RetryLayer, Served};
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
//! static CALLS: AtomicU32 = AtomicU32::new(0);
//! let flaky = service_fn(|_: Request<_>| async {
//!     let status = if CALLS.fetch_add(1, Ordering::Relaxed) == 0 { 503 } else { 200 };
//!     Ok::<_, std::io::Error>(Response::builder().status(status).body(Empty::<Bytes>::new()).unwrap())
//! });
//! let budget = RetryBudget::new("app", BudgetConfig::default());
//! let service = RetryLayer::new(budget, RetryPolicy::default()).layer(flaky);
//! let response = service.oneshot(Request::new(Empty::<Bytes>::new())).await.unwrap();
//! assert_eq!(response.status(), 200);
//! assert_eq!(response.extensions().get::<Served>().unwrap().attempts, 2);
//! # }
//! ```

mod attempts;
mod body;
pub mod future;
mod head;
mod hedging;
mod layer;
mod plan;
mod second;
mod service;
mod spare;
mod statuses;
mod tape;
mod waiting;
mod watch;

pub use body::ReplayBody;
pub(crate) use body::{CanReplay, Replay};
pub(crate) use head::Head;
pub use layer::RetryLayer;
pub use service::Retry;
pub use soe503_core::retry::{Backoff, BudgetConfig, RetryBudget, RetryPolicy};
pub use statuses::StatusSet;

#[cfg(test)]
mod body_tests;
