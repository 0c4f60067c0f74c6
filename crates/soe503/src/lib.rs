//! Tower middleware that prevents 503s, and explains every one it cannot prevent.
//!
//! ```
//! # use bytes::Bytes;
//! # use http::{Request, Response};
//! # use http_body_util::Empty;
//! # use tower::{ServiceExt, service_fn};
//! use std::time::Duration;
//!
//! use soe503::circuit_breaker::{Breaker, BreakerConfig};
//! use soe503::concurrency_limit::Limit;
//! use soe503::stack::Stack;
//! use soe503::{CircuitBreakerLayer, ConcurrencyLimitLayer, ExplainLayer, Explainer, TimeoutLayer};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let your_service = service_fn(|_: Request<()>| async { Ok::<_, std::io::Error>(Response::new(Empty::<Bytes>::new())) });
//! let breaker = Breaker::new("shop", BreakerConfig::default(), fastrand::u64(..));
//! let service = Stack::new()
//!     .explain(ExplainLayer::new(Explainer::builder("shop").build())) // any failure: one tagged answer
//!     .timeout(TimeoutLayer::new(Duration::from_secs(2)))             // a deadline for all of it
//!     .concurrency_limit(ConcurrencyLimitLayer::new(Limit::new("shop", 100))) // sheds what would not fit
//!     .circuit_breaker(CircuitBreakerLayer::new(breaker.clone()))     // fails fast while it fails anyway
//!     .build()?                                                       // refuses what does not go together
//!     .service(your_service);
//! let response = service.oneshot(Request::new(())).await?;
//! assert_eq!(response.status(), 200);
//! assert_eq!(breaker.state().as_str(), "closed"); // the handle is yours: look, force open, reset
//! # Ok(()) }
//! ```
//!
//! With axum, `Router::layer` takes the same stack; `examples/axum.rs` is a whole service,
//! `examples/client.rs` an outgoing client with retries and a pool, and `examples/service_fn.rs` the smallest.
//! tonic servers and clients take it, too. Coming from elsewhere? See the [guide].
//!
//! # Features
//!
//! One per middleware, and none is on by default: `circuit-breaker`, `concurrency-limit`, `explain`, `failover`, `pool`,
//! `rate-limit`, `retry` (with hedging), `stale`, `throttle`, `timeout`; `full` is all of these. `metrics` and `tracing`
//! report to the crates of these names: [what handles count](metrics), and an event for each change of a circuit's or a
//! backend's state, never one for a request. What the layers share, and [`stack`], is always there.
//!
//! Needs Rust 1.95.
//!
//! # The layers, outermost first
//!
//! Each module says more, and has an example that runs. A [`Stack`](stack::Stack) puts them in this order.
//!
//! | layer | when to use it | how it fails |
//! | --- | --- | --- |
//! | [`explain`] | always, outermost; with [`stale`] answers from before instead of failures | never: it turns failures into answers |
//! | [`rate_limit`] | callers are told apart, and some send too much | [`Rejected`] at once, told with 429 |
//! | [`throttle`] | what is behind it sheds load, and would refuse most of it | [`Rejected`] for a share of the requests |
//! | [`timeout`] | always | [`Failure`] at the deadline, with what was tried |
//! | [`failover`] | another pool can do the same | what the first pool said |
//! | [`concurrency_limit`] | the process, or what is behind it, can hold so much and no more | [`Rejected`] at once, or after a bounded wait |
//! | [`retry`] | at one layer of a system; with [hedging](retry#hedging), if answers are late now and then | the backend's own answer, or [`Failure`] |
//! | [`circuit_breaker`] | around what can fail as a whole | [`Rejected`] with the root behind it |
//! | [`pool`] | innermost, instead of a client | [`Failure`] by backend, or [`Rejected`] |
//!
//! Why this order: `Explain` sees everything. The deadline bounds the wait for a turn, all attempts
//! and the pauses between them. The limit counts a request once, however often it is tried. Retries are outside the
//! breaker, so that it sees every attempt, and outside the pool, so that each can go to another
//! backend. Leave out what you do not need; each layer works by itself.
//!
//! ```text
//!             a rule is met                   open time over, and a request comes
//!   ┌────────┐ ──────────────────▶ ┌────────┐ ──────────────────▶ ┌───────────┐
//!   │ closed │                     │  open  │                     │ half-open │
//!   └────────┘                     └────────┘ ◀────────────────── └───────────┘
//!       ▲                              too many probes failed, or none came back │
//!       └────────────────────────────────────────────────────────────────────────┘
//!                                 enough probes succeeded
//! ```
//!
//! # State has a name, and is yours
//!
//! A breaker, a limit, a budget, the backends of a pool: each is a cheap-clone handle that you
//! make and hand to a layer. Layers make no state of their own, so `Layer::layer` can be called as
//! often as a router likes, and two layers with one handle are one breaker.
//!
//! # What the layers tell each other
//!
//! A [`RequestContext`] travels with the request: the clock's last reading, the deadline, the
//! attempt's number, the backends tried. A [`Served`] travels with the answer: who gave it,
//! after how many attempts, whom a failure concerns. Errors are [`BoxError`]s with a [`Rejected`] or
//! a [`Failure`] in their chain. A service of yours at the bottom takes part by failing with a
//! [`Failure`] that holds the facts of its attempt; what it leaves out is read from the chain of its
//! error by [`facts`].
//!
//! # What it costs
//!
//! No layer boxes the future of the service below it, or formats a string for what succeeds. A request that is answered at once takes
//! three allocations, all for the extension that the layers share (one, where a server has put its own there before), and one
//! more if it may be retried, for a copy of its head; whatever a server put into its extensions is copied too, which is three. Where
//! the service at the bottom need not see that extension, [`HideContext`] saves its three.
//! A closed breaker by itself takes none. One that has to be waited for takes a timer, boxed at the first poll that is pending, in
//! [`timeout`]; so do those that wait for a turn or a backend, and a hedge.
//!
//! A success at once takes no lock, but for: a breaker with a rate (its window has one, held for a few nanoseconds), a request
//! body that is kept for another attempt, and [`stale`].
//!
//! # What counts as a failure
//!
//! See [`classify`]. The decisions themselves are made without any I/O in [`core`], which is
//! [`soe503_core`].

#![cfg_attr(docsrs, feature(doc_cfg))]
// What the layers share is more than each of them needs, and documentation names its neighbours. Nothing is let pass
// once everything is there.
#![cfg_attr(
    not(all(feature = "full", feature = "metrics", feature = "tracing")),
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        unused_macros,
        rustdoc::broken_intra_doc_links
    )
)]

mod alarm;
#[cfg(feature = "circuit-breaker")]
pub mod circuit_breaker;
pub mod classify;
pub mod clock;
#[cfg(feature = "concurrency-limit")]
pub mod concurrency_limit;
mod context;
mod error;
mod events;
#[cfg(feature = "explain")]
pub mod explain;
pub mod facts;
#[cfg(feature = "failover")]
pub mod failover;
mod flight;
pub mod grpc;
// All of its code needs everything.
#[cfg(feature = "full")]
pub mod guide;
mod macros;
#[cfg(feature = "metrics")]
pub mod metrics;
pub mod overtime;
pub mod own_time;
#[cfg(feature = "pool")]
pub mod pool;
mod priority;
#[cfg(feature = "rate-limit")]
pub mod rate_limit;
#[cfg(feature = "retry")]
pub mod retry;
mod served;
pub mod stack;
#[cfg(feature = "stale")]
pub mod stale;
#[cfg(feature = "throttle")]
pub mod throttle;
#[cfg(feature = "timeout")]
pub mod timeout;
mod upload;
mod verdict;

#[cfg(feature = "circuit-breaker")]
pub use circuit_breaker::{CircuitBreaker, CircuitBreakerLayer};
pub use classify::{Classify, HttpClassify};
#[cfg(feature = "concurrency-limit")]
pub use concurrency_limit::{ConcurrencyLimit, ConcurrencyLimitLayer};
pub use context::{HideContext, HideContextLayer, RequestContext};
pub use error::{BoxError, Component, Failure, Rejected, RequestBodyError};
#[cfg(feature = "explain")]
pub use explain::{Explain, ExplainLayer, Explainer};
#[cfg(feature = "failover")]
pub use failover::Failover;
#[cfg(feature = "pool")]
pub use pool::Pool;
#[cfg(feature = "rate-limit")]
pub use rate_limit::{RateLimit, RateLimitLayer};
#[cfg(feature = "retry")]
pub use retry::{ReplayBody, Retry, RetryLayer, StatusSet};
pub use served::{Outlook, Served};
pub use soe503_core as core;
#[cfg(feature = "throttle")]
pub use throttle::{Throttle, ThrottleLayer};
#[cfg(feature = "timeout")]
pub use timeout::{Timeout, TimeoutLayer};
pub use upload::Upload;
