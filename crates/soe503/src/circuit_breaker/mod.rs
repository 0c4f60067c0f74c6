//! Fails fast while what is behind fails anyway.
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
//! The circuit itself is a [`Breaker`]: a named handle from
//! [`soe503_core::breaker`], where its rules are described. You make it, keep it, and can open,
//! close, reset and inspect it at any time; this layer asks it for a permit per request and tells
//! it how the request ended, by the rules of [`classify`](crate::classify).
//!
//! # When to use
//! Around everything that can fail as a whole: a dependency, a pool, one remote service. Inside
//! [`Retry`](crate::Retry), so that every attempt counts, and outside [`Pool`](crate::Pool).
//!
//! # What counts
//! A request that is dropped before its head came gives its permit back; if it had waited as long
//! as the breaker's `abandon_after`, it is a failure first. A body that the client drops after a
//! good head is a success; one that breaks off is a failure. A panic of the inner service is a
//! failure. A failure that a pool ascribes to one backend only degrades. Refusals of our own
//! count nowhere. Results of an earlier state change nothing.
//!
//! # Failure mode
//! [`Rejected`](crate::Rejected) by the circuit, with the rule that opened it, the root behind it
//! and the time until a probe is let through. Nothing behind was touched.
//!
//! # What it costs
//! On a closed circuit without a window one reference and two loads; no lock, no allocation. The clock is read when the request begins,
//! and again when a head comes whose body is still to come.
//!
//! # Who hears of it
//! With the feature `tracing` each change of the circuit is an event of the target `soe503::circuit_breaker`, told once by
//! whichever request makes it or comes next; with `metrics` a [`Publisher`](crate::metrics::Publisher) has its state.
//! [`Breaker::transitions_since`] has the last 32 of them for whoever asks.
//!
//! # Readiness
//! While the circuit refuses, the service is ready without asking the inner one, and `call` answers
//! with the refusal: waiting for readiness would hide the reason, and failing in `poll_ready`
//! would make callers throw the service away. An error of the inner `poll_ready` is counted, and
//! passed on.
//!
//! ```
//! use http::{Request, Response};
//! use http_body_util::Empty;
//! use bytes::Bytes;
//! use soe503::circuit_breaker::{Breaker, BreakerConfig};
//! use soe503::{CircuitBreakerLayer, Rejected};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let breaker = Breaker::new("billing", BreakerConfig::default(), 7);
//! let layer = CircuitBreakerLayer::new(breaker.clone());
//! let down = service_fn(|_: Request<()>| async {
//!     Err::<Response<Empty<Bytes>>, _>(std::io::Error::from_raw_os_error(111))
//! });
//! for _ in 0..5 {
//!     layer.layer(down).oneshot(Request::new(())).await.unwrap_err();
//! }
//! // The sixth is not tried.
//! let error = layer.layer(down).oneshot(Request::new(())).await.unwrap_err();
//! let refused = Rejected::find(&*error).unwrap();
//! assert_eq!(refused.cause().id(), "circuit_open/consecutive_failures");
//! assert_eq!(refused.name(), "billing");
//! # }
//! ```

mod body;
pub mod future;
mod layer;
mod permit;
mod service;

pub use body::ResponseBody;
pub use layer::CircuitBreakerLayer;
pub use service::CircuitBreaker;
pub use soe503_core::breaker::{Breaker, BreakerConfig, Window};
