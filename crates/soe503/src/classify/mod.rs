//! What an answer means to those who count: breakers and the pool.
//!
//! A [`Classify`] looks at a response's head first. A status that is a failure by itself decides at
//! once. Everything else is decided at the end of the body, because a body that breaks off is a
//! failure too, and because gRPC tells its status in the trailers. A body that the *client* drops
//! after a good head is a success: the service did its part.
//!
//! Slowness is no verdict, but a flag beside it: a success can be slow, and so can a failure. It is the time to the response's
//! head, for the breaker's slow rule and the pool's estimate of latencies; for the breaker, [`Classify::slow`] may know better.
//!
//! [`HttpClassify`] is the default and follows one table, in
//! [`diagnosis::outcome`](soe503_core::diagnosis::outcome). An application with opinions of its own
//! implements [`Classify::head`] and leaves the rest:
//!
//! ```
//! use http::Response;
//! use soe503::classify::{Classify, Head, HttpClassify};
//! use soe503_core::{Cause, Outcome};
//!
//! /// Our legacy service reports its failures as 200 with a header.
//! #[derive(Clone)]
//! struct Legacy;
//!
//! impl Classify for Legacy {
//!     fn head<B>(&self, response: &Response<B>) -> Head {
//!         match response.headers().contains_key("x-failed") {
//!             true => Head::Decided(Outcome::failure(Cause::DependencyUpstreamError)),
//!             false => HttpClassify.head(response),
//!         }
//!     }
//!
//!     /// It holds a poll until there is something to tell.
//!     fn slow<B>(&self, response: &Response<B>) -> Option<bool> {
//!         response.headers().contains_key("x-polled").then_some(false)
//!     }
//! }
//! ```

mod classifier;
mod grpc;
mod http;

pub use self::classifier::{Classify, Head};
pub use self::http::HttpClassify;
