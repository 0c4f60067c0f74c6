//! Holds back what would be refused anyway: once most requests are turned away for overload, some are
//! refused here, which costs the overloaded nothing.
//!
//! The throttle is a [`ThrottleHandle`]: a named handle from [`soe503_core::throttle`], where the rule and
//! its source are told ("Site Reliability Engineering", chapter 21). By default twice as many requests are
//! sent as have been accepted lately, and one in ten at least.
//!
//! # When to use
//! Around a client of somebody who sheds load, directly below [`Explain`](crate::Explain): a request counts
//! once, however often it is tried. It is no substitute for a retry budget, and does nothing where
//! refusals are rare.
//!
//! # What counts as a refusal
//! An answer or an error that says so ([`overloaded`]): 429, 503 that is marked as load shedding or comes
//! at once with `Retry-After`, `RESOURCE_EXHAUSTED` in the head, `REFUSED_STREAM`. Anything else counts as
//! accepted, as does a request whose caller leaves.
//!
//! # Failure mode
//! [`Rejected`](crate::Rejected) with `overload/throttled`; told by [`Explain`](crate::Explain) with 503 and
//! the time after which trying has a chance.
//!
//! # Readiness
//! Passes the inner service's on. A request is counted in `call`.
//!
//! ```
//! # use bytes::Bytes;
//! # use http::{Request, Response};
//! # use http_body_util::Empty;
//! use soe503::throttle::{ThrottleConfig, ThrottleHandle};
//! use soe503::{Rejected, ThrottleLayer};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let throttle = ThrottleHandle::new("search", ThrottleConfig::default());
//! let service = ThrottleLayer::new(throttle.clone()).layer(service_fn(|_: Request<()>| async {
//!     let mut busy = Response::new(Empty::<Bytes>::new());
//!     *busy.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
//!     Ok::<_, std::convert::Infallible>(busy)
//! }));
//! let mut held_back = 0;
//! for _ in 0..200 {
//!     match service.clone().oneshot(Request::new(())).await {
//!         Ok(busy) => assert_eq!(busy.status(), 429),
//!         Err(error) => {
//!             assert_eq!(Rejected::find(&*error).unwrap().cause().id(), "overload/throttled");
//!             held_back += 1;
//!         }
//!     }
//! }
//! assert!(held_back > 100, "{held_back}");
//! assert_eq!(throttle.snapshot(soe503::clock::now()).throttled, held_back);
//! # }
//! ```

pub mod future;
mod layer;
mod overloaded;
mod service;

pub use future::held_back;
pub use layer::ThrottleLayer;
pub use overloaded::overloaded;
pub use service::Throttle;
pub use soe503_core::throttle::{
    Throttle as ThrottleHandle, ThrottleConfig, ThrottleSnapshot, Throttled,
};
