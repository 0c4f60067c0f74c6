//! Sends each attempt to the backend that is likely to answer soonest.
//!
//! The backends are a [`Backends`] handle, from [`soe503_core::pool`], where choice, ejection,
//! probes, slow start and panic are described. Each backend brings a tower service of its own; the
//! pool clones it per attempt, drives the clone to readiness, calls it, and counts the result by the
//! rules of [`classify`](crate::classify). Backends can be added, drained and inspected at any time
//! through the handle.
//!
//! # When to use
//! Innermost, in place of a client. There is no `PoolLayer`: what a pool wraps is not one service
//! but one per backend.
//!
//! # What it tells the layers around it
//! The answer carries [`Served`](crate::Served), a failure is a [`Failure`](crate::Failure): which
//! backend it was, whether its siblings are fine, whether another one is left to try. A
//! [`CircuitBreaker`](crate::CircuitBreaker) around the pool counts the failure of one backend among
//! healthy ones as degraded, so a single bad backend never opens the pool's circuit; a
//! [`Retry`](crate::Retry) goes to another backend.
//!
//! # Where a request belongs
//! [`Affinity`] as an extension of the request, or of the head in its
//! [`RequestContext`](crate::RequestContext), says which key it has and with which backend its client is to
//! stay.
//!
//! # Limits
//! A backend may have so many requests in flight ([`BackendSpec::max_in_flight`]). Where all have, a request waits
//! for a place, as [`PoolConfig::max_waiting`] and [`PoolConfig::max_wait`] permit, the important first
//! ([`Pool::priority`]); it ends with `overload/queue_full`, `overload/queue_timeout` or, where nobody may
//! wait, `overload/concurrency_limit`. A limit around the pool that learns sees such a wait as it sees
//! one in the backend's own queue.
//!
//! # Deadlines
//! The pool has no timer. It looks at the deadlines in the
//! [`RequestContext`](crate::RequestContext) whenever it is polled and still has no answer; whoever
//! set them wakes it when they come. So a hung backend is blamed by name.
//!
//! # Failure mode
//! [`Rejected`](crate::Rejected) when no backend can be picked, with how many are in which state
//! and when the first may be back. A backend's own failure otherwise.
//!
//! # Who hears of it
//! With the feature `tracing` each change of a backend that a request makes is an event of the target `soe503::pool`, with
//! its cause; with `metrics` a [`Publisher`](crate::metrics::Publisher) has the states and counts of all.
//!
//! # Readiness
//! Always ready. An error of a backend's `poll_ready` is a failed attempt on that backend.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Empty;
//! use soe503::clock;
//! use soe503::pool::{BackendSpec, Backends, PoolConfig};
//! use soe503::{Pool, Served};
//! use tower::{ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let answers = service_fn(|_: Request<()>| async {
//!     Ok::<_, std::io::Error>(Response::new(Empty::<Bytes>::new()))
//! });
//! let backends = Backends::new("app", PoolConfig::default(), 7);
//! backends.set_backends(
//!     vec![BackendSpec::new("10.0.0.1:80", answers), BackendSpec::new("10.0.0.2:80", answers)],
//!     clock::now(),
//! );
//! let response = Pool::new(backends).oneshot(Request::new(())).await.unwrap();
//! let served = response.extensions().get::<Served>().unwrap();
//! assert!(served.backend.as_deref().unwrap().starts_with("10.0.0."));
//! # }
//! ```

mod attempt;
mod body;
pub mod future;
mod lease;
mod reports;
mod service;
mod waiting;

pub use crate::priority::Priority;
pub use body::ResponseBody;
pub use reports::LoadReports;
pub use service::Pool;
pub use soe503_core::pool::{Affinity, BackendSpec, Balance, Pool as Backends, PoolConfig};
