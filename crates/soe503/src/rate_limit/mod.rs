//! At most so many requests in so much time, for each caller; more are refused before anything is done
//! for them.
//!
//! The limit is a [`Limit`]: a named handle from [`soe503_core::rate`]. What a caller is, says a
//! [`KeyExtractor`]: [`KeyBy`] knows addresses, headers and cookies, and a type of yours whatever else
//! tells callers apart.
//!
//! # When to use
//! Outermost below [`Explain`](crate::Explain): a refusal is the cheapest answer there is. A rate says
//! nothing about how much a request costs; what protects the service itself is a
//! [`ConcurrencyLimit`](crate::ConcurrencyLimit).
//!
//! # Who is who
//! Whatever a client may choose freely is no identity: requests that lack the header or the cookie of
//! their key are counted together, as one caller. Inventing keys does not help either, see
//! [`Keys`](soe503_core::rate::Keys).
//!
//! # Failure mode
//! [`Rejected`](crate::Rejected) with `overload/rate_limited`; told by [`Explain`](crate::Explain)
//! with 429, `Retry-After`, `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers-10), to gRPC with `RESOURCE_EXHAUSTED` and pushback.
//!
//! # Answers
//! Those that are let through say what is left, in the same two fields, unless
//! [`announce`](RateConfig::announce) is off or the limit is a shadow. Fields of the service stay.
//!
//! # Readiness
//! Passes the inner service's on. A request is counted in `call`.
//!
//! ```
//! # use std::{num::NonZeroU32, time::Duration};
//! # use bytes::Bytes;
//! # use http::{Request, Response};
//! # use http_body_util::Empty;
//! use soe503::rate_limit::{KeyBy, Limit, Quota, RateConfig};
//! use soe503::{RateLimitLayer, Rejected};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let quota = Quota::new(NonZeroU32::new(100).unwrap(), Duration::from_secs(60));
//! let limit = Limit::new("api", RateConfig::new(quota.with_burst(NonZeroU32::MIN)));
//! let by = KeyBy::Header(http::HeaderName::from_static("x-api-key"));
//! let service = RateLimitLayer::new(limit, by).layer(service_fn(|_: Request<()>| async {
//!     Ok::<_, std::convert::Infallible>(Response::new(Empty::<Bytes>::new()))
//! }));
//! let request = |key: &str| Request::builder().header("x-api-key", key).body(()).unwrap();
//! assert!(service.clone().oneshot(request("a")).await.is_ok());
//! let error = service.clone().oneshot(request("a")).await.unwrap_err();
//! assert_eq!(Rejected::find(&*error).unwrap().cause().id(), "overload/rate_limited");
//! assert!(service.oneshot(request("b")).await.is_ok());
//! # }
//! ```

mod announce;
pub mod future;
mod key;
mod layer;
mod service;
mod several;

pub use announce::announce;
pub use key::{ClientAddress, KeyBy, KeyExtractor};
pub use layer::RateLimitLayer;
pub use service::RateLimit;
pub use several::{Counted, take_all};
pub use soe503_core::explain::RateFields;
pub use soe503_core::rate::{ClientPrefix, Key, Limited, Quota, RateConfig, RateLimit as Limit};
