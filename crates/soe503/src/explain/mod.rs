//! Turns any failure into one tagged answer that says what happened.
//!
//! The diagnosis and the words are [`soe503_core::diagnosis`] and [`soe503_core::explain`]; this
//! layer gathers what the errors know, asks an [`Explainer`] how to tell it, and hands a
//! [`FailureRecord`] to whoever keeps records.
//!
//! # When to use
//! Outermost. Its error is [`Infallible`](std::convert::Infallible), which is what axum and hyper
//! servers want; no `HandleErrorLayer` is needed.
//!
//! # The answer
//! `503` when no backend could be used, `502` for an invalid answer, `504` for a late one, and `500`
//! after a panic. Its headers say everything essential, also to HEAD: `X-Error-Code`, `Soe-Cause`,
//! `Proxy-Status`, `Retry-After` unless waiting cannot help, `X-Request-Id`, `Soe-Attempts`. The body is
//! what the client's `Accept` asks for: a problem document, a page, Markdown, text; gRPC gets a
//! trailers-only `grpc-status`. How much it says is the [`Exposure`].
//!
//! An answer of another pool ([`Failover`](crate::Failover)) is passed on, marked with
//! `X-SOE-Degraded: failover` and with what the first pool failed with; that is recorded like any failure.
//!
//! A backend's own 5xx is passed on as it is, but for a `Proxy-Status` member, and is never tagged: not by us, and
//! not by a backend that writes our fields itself (`Soe-…`, `X-Error-Code`, `X-SOE-Degraded`). Those stay if the
//! service below says that the backend is such a proxy ([`facts::of_proxy`](crate::facts::of_proxy)).
//!
//! # Panics
//! A panic of the inner service is caught and becomes an answer. Other requests, also those of
//! the same connection, go on.
//!
//! # Failure mode
//! None of its own. What it cannot find out it does not claim: the answer is tagged all the same, and its cause says that nothing is
//! known. Whatever hears its records must not block: it is called on the request's way out.
//!
//! # Readiness
//! Never fails: an error of the inner `poll_ready` is told to the next request. Pending is passed on.
//!
//! # Cost
//! For a request that succeeds: references to five parts of its head. Nothing is formatted.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Empty};
//! use soe503::explain::{Explainer, FailureRecord};
//! use soe503::ExplainLayer;
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let explainer = Explainer::builder("edge-eu1")
//!     .record(|failure: FailureRecord| println!("{}", failure.diagnosis.primary))
//!     .build();
//! let hung_up = service_fn(|_: Request<()>| async {
//!     Err::<Response<Empty<Bytes>>, _>(std::io::Error::from_raw_os_error(104))
//! });
//! let response = ExplainLayer::new(explainer).layer(hung_up).oneshot(Request::new(())).await.unwrap();
//! assert_eq!(response.status(), 502);
//! assert_eq!(response.headers()["x-error-code"], "SOE-502");
//! let problem = response.into_body().collect().await.unwrap().to_bytes();
//! assert!(problem.starts_with(b"{\"type\":"));
//! # }
//! ```

mod again;
mod asked;
mod body;
mod elsewhere;
mod explainer;
pub mod future;
mod id;
mod instead;
mod keep;
mod kept;
mod layer;
mod panicked;
mod passed;
mod record;
mod repeats;
mod service;
mod told;
mod until;

pub use again::Again;
pub use body::ExplainBody;
pub use explainer::{Builder, Explainer};
pub use id::request_id;
pub use instead::{Class, Fallback, Page};
pub use keep::{Degraded, Keep, Tape};
pub use layer::ExplainLayer;
pub use panicked::Panicked;
pub use record::{Background, Explained, FailureRecord, Record, Surroundings};
pub use service::Explain;
pub use soe503_core::explain::{Exposure, StatusPolicy};
