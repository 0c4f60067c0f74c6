//! A total time budget for a request, retries included.
//!
//! The layer puts a deadline into the [`RequestContext`](crate::RequestContext) and enforces it.
//! Layers below see it: the retry layer does not begin an attempt or a pause that cannot end in
//! time, gives the last attempt all the time that is left, and answers with what was tried when
//! the deadline comes. A timeout that simply cut everything below would lose those facts, so when
//! the timer fires the inner service is polled first, and only if it still has no answer is it cut.
//!
//! # When to use
//! Always, outside [`Retry`](crate::Retry) and inside [`Explain`](crate::Explain). A request without
//! a deadline is one that a hung backend can hold for ever.
//!
//! # What it covers
//! The time until the response's head. A body may take longer: how long a download is stalled is
//! the connection's business (an idle timeout), not a budget's.
//!
//! A gRPC request that says how long its caller waits (`grpc-timeout`) has the sooner of that and the
//! budget. What the caller said is kept in the context too, for the backend to be told what is left
//! of it ([`grpc::tell_deadline`](crate::grpc::tell_deadline)); the budget is not, because a stream may last longer than its head may take.
//!
//! # Failure mode
//! A [`Failure`](crate::Failure) whose attempt ends in `Timeout(Total)`; told as 504. If another
//! layer has set a sooner deadline already, that one holds: a budget is never extended.
//!
//! # Readiness
//! Passes the inner service's on. Needs a tokio runtime with time enabled, once the inner service
//! does not answer at once.
//!
//! ```
//! use std::time::Duration;
//! use http::{Request, Response};
//! use soe503::{Failure, TimeoutLayer};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
//! let hung = service_fn(|_: Request<()>| std::future::pending::<Result<Response<()>, std::io::Error>>());
//! let service = TimeoutLayer::new(Duration::from_secs(2)).layer(hung);
//! let error = service.oneshot(Request::new(())).await.unwrap_err();
//! assert!(Failure::find(&*error).is_some());
//! # }
//! ```

pub mod future;
mod layer;
mod service;

pub use layer::TimeoutLayer;
pub use service::Timeout;
