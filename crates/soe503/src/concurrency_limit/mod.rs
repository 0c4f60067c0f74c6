//! At most so many requests at once; one more is refused, at once.
//!
//! The limit is a [`Limit`]: a named handle from [`soe503_core::limit`] whose value can be changed
//! while it is in use.
//!
//! # Why it sheds
//! A request that waits in front of a full service grows old, holds its client, and is worth less
//! by the time it is served. Whoever wants a bounded wait puts a queue in front and says how long;
//! a semaphore that queues by itself hides it.
//!
//! # When to use
//! Outside [`Retry`](crate::Retry): a request counts once, however often it is tried. The limit is
//! what this process or the service behind can really hold: memory, threads, connections.
//!
//! # What counts
//! A request is in flight until its response's body has ended. Dropping the future or the body
//! makes room.
//!
//! # Failure mode
//! [`Rejected`](crate::Rejected) with `overload/concurrency_limit`, the limit and what was in use.
//!
//! # Readiness
//! Passes the inner service's on: an inner service that exerts backpressure keeps the request
//! waiting *outside* the limit. A slot is taken in `call` and never held by an idle service.
//!
//! ```
//! use http::{Request, Response};
//! use http_body_util::Empty;
//! use bytes::Bytes;
//! use soe503::concurrency_limit::Limit;
//! use soe503::{ConcurrencyLimitLayer, Rejected};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let limit = Limit::new("search", 1);
//! let service = ConcurrencyLimitLayer::new(limit.clone()).layer(service_fn(|_: Request<()>| async {
//!     Ok::<_, std::convert::Infallible>(Response::new(Empty::<Bytes>::new()))
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
mod priority;
mod service;
mod waiting;

pub use body::ResponseBody;
pub use layer::ConcurrencyLimitLayer;
pub use priority::Priority;
pub use service::ConcurrencyLimit;
pub use soe503_core::limit::{Class, ConcurrencyLimit as Limit, LimitConfig};
