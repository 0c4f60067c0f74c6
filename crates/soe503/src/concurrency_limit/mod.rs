//! At most so many requests at once; one more waits for its turn, or is refused.
//!
//! The limit is a [`Limit`]: a named handle from [`soe503_core::limit`] whose settings can be changed
//! while it is in use. [`Limit::new`] takes a number, and refuses at once what is above it.
//! [`Limit::with`] takes a [`LimitConfig`]: that number, whether the limit finds out by itself what the
//! service behind can work on at once, and how many may wait, how long.
//!
//! # Why the wait is bounded
//! A request that waits in front of a full service grows old, holds its client, and is worth less
//! by the time it is served. So the line is short, the more important go first, the newest when many
//! are sent away, and a request whose deadline would pass is refused at once. A semaphore that queues by
//! itself hides all that.
//!
//! # When to use
//! Outside [`Retry`](crate::Retry): a request counts once, however often it is tried. Inside
//! [`Timeout`](crate::Timeout), so that the wait is part of the request's time. A fixed limit is what
//! this process or the service behind can really hold: memory, threads, connections.
//!
//! # What counts
//! A request is in flight until its response's body has ended; it waits for an answer, which is what an
//! adaptive limit counts, until the head. Dropping the future or the body makes room. An answer without a body is over
//! with its head.
//!
//! # Failure mode
//! [`Rejected`](crate::Rejected), with the limit and what was in use: `overload/concurrency_limit` where
//! nobody may wait, `overload/queue_full` or `overload/queue_timeout`.
//!
//! # Who goes first
//! [`Priority`] says: by route, or by a header field of clients that are trusted with it.
//!
//! # Readiness
//! Passes the inner service's on: an inner service that exerts backpressure keeps the request
//! waiting *outside* the limit. A slot is taken in `call` and never held by an idle service.
//!
//! ```
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use bytes::Bytes;
//! use soe503::concurrency_limit::Limit;
//! use soe503::{ConcurrencyLimitLayer, Rejected};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let limit = Limit::new("search", 1);
//! let service = ConcurrencyLimitLayer::new(limit.clone()).layer(service_fn(|_: Request<()>| async {
//!     Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from("found"))))
//! }));
//! let first = service.clone().oneshot(Request::new(())).await.unwrap();
//! // The first response's body is still held, so its request is still in flight.
//! let error = service.clone().oneshot(Request::new(())).await.unwrap_err();
//! assert_eq!(Rejected::find(&*error).unwrap().cause().id(), "overload/concurrency_limit");
//! drop(first);
//! assert!(service.oneshot(Request::new(())).await.is_ok());
//! # }
//! ```

mod body;
pub mod future;
mod layer;
mod service;
mod waiting;

pub use crate::priority::Priority;
pub use body::ResponseBody;
pub use layer::ConcurrencyLimitLayer;
pub use service::ConcurrencyLimit;
pub use soe503_core::limit::{Class, ConcurrencyLimit as Limit, LimitConfig};
