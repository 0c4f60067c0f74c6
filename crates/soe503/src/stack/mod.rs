//! The layers in the right order, and refused where they would not work together.
//!
//! # When to use
//! Wherever more than two of them are used. A [`Stack`] takes layers in any order, puts them where they belong
//! ([`Kind`] is that order), and [`build`](Stack::build)s one layer of them: nothing is boxed, and what is left out
//! is not there.
//!
//! # What is refused
//! Settings that make each other pointless: an attempt that may take as long as its request, retries that nothing
//! pays for, a hedge that would be sent after its attempt is over, a line in which requests wait beyond their
//! deadline, two layers of a kind ([`core::stack`](soe503_core::stack) has all rules). Everything that is wrong is
//! told at once; each [`Problem`] names the setting, what was expected, why, and what to use.
//!
//! Those who compose by hand, with `tower::ServiceBuilder`, have the same checks: each layer
//! [describes](Describe) itself, and [`check`] takes the descriptions, outermost first.
//!
//! ```
//! # use std::time::Duration;
//! use soe503::circuit_breaker::{Breaker, BreakerConfig};
//! use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
//! use soe503::stack::{Describe, Stack, check};
//! use soe503::{CircuitBreakerLayer, ExplainLayer, Explainer, RetryLayer, TimeoutLayer};
//!
//! let breaker = CircuitBreakerLayer::new(Breaker::new("shop", BreakerConfig::default(), fastrand::u64(..)));
//! let budget = RetryBudget::new("shop", BudgetConfig::default());
//! let retry = RetryLayer::new(budget, RetryPolicy::default());
//!
//! // By hand: the order is yours, and looked at.
//! let error = check(&[breaker.describe(), retry.describe()]).unwrap_err();
//! assert!(error.to_string().starts_with("retry stands inside of circuit_breaker, expected outside"));
//!
//! // In any order, and put right.
//! let stack = Stack::new()
//!     .circuit_breaker(breaker)
//!     .retry(retry)
//!     .explain(ExplainLayer::new(Explainer::builder("shop").build()));
//! assert!(stack.clone().timeout(TimeoutLayer::new(Duration::from_secs(15))).build().is_ok());
//!
//! // Three attempts of up to five seconds do not go into two.
//! let error = stack.timeout(TimeoutLayer::new(Duration::from_secs(2))).build().unwrap_err();
//! assert_eq!(error.problems()[0].setting, "retry.attempt_timeout");
//! assert_eq!(error.problems()[0].nearest, "666ms");
//! ```
//!
//! # With other pools
//! [`FailoverLayer`](crate::failover::FailoverLayer) goes around the chain of the first pool and has those of the
//! others, which are built by stacks of the same layers:
//!
//! ```
//! # use std::time::Duration;
//! # use bytes::Bytes;
//! # use http::{Request, Response};
//! # use http_body_util::Empty;
//! # use tower::{ServiceExt, service_fn};
//! use soe503::circuit_breaker::{Breaker, BreakerConfig};
//! use soe503::failover::FailoverLayer;
//! use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
//! use soe503::stack::Stack;
//! use soe503::{CircuitBreakerLayer, ExplainLayer, Explainer, TimeoutLayer, RetryLayer};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let service = service_fn(|_: Request<_>| async {
//! #     Ok::<_, std::io::Error>(Response::new(Empty::<Bytes>::new()))
//! # });
//! let budget = |name: &str| RetryBudget::new(name, BudgetConfig::default());
//! let chain = |name: &str| {
//!     Stack::new()
//!         .retry(RetryLayer::new(budget(name), RetryPolicy::default()))
//!         .circuit_breaker(CircuitBreakerLayer::new(Breaker::new(name, BreakerConfig::default(), 1)))
//! };
//! let west = chain("west").build()?.service(service);
//! let east = chain("east")
//!     .failover(FailoverLayer::new(3, budget("east")).then("west", west))
//!     .timeout(TimeoutLayer::new(Duration::from_secs(15)))
//!     .explain(ExplainLayer::new(Explainer::builder("shop").build()))
//!     .build()?
//!     .service(service);
//! let response = east.oneshot(Request::new(Empty::<Bytes>::new())).await?;
//! assert_eq!(response.status(), 200);
//! # Ok(()) }
//! ```

//! # The context ends with it, if you like
//! The layers leave a [`RequestContext`](crate::RequestContext) in the request, and so the service at the bottom sees the
//! deadline and the attempt. Most have no use for it: [`Layers::hide_context`] keeps it among the layers, for fewer allocations.
//!
//! ```
//! # use std::time::Duration;
//! # use bytes::Bytes;
//! # use http::{Request, Response};
//! # use http_body_util::Empty;
//! # use tower::{ServiceExt, service_fn};
//! use soe503::TimeoutLayer;
//! use soe503::stack::Stack;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), soe503::BoxError> {
//! let layers = Stack::new().timeout(TimeoutLayer::new(Duration::from_secs(2))).build()?;
//! let service = layers.hide_context().service(service_fn(|request: Request<_>| async move {
//!     assert!(request.extensions().is_empty());
//!     Ok::<_, std::io::Error>(Response::new(Empty::<Bytes>::new()))
//! }));
//! service.oneshot(Request::new(Empty::<Bytes>::new())).await?;
//! # Ok(()) }
//! ```

mod builder;
mod describe;
mod layers;

pub use builder::Stack;
pub use describe::Describe;
pub use layers::{InOrder, Layers};
pub use soe503_core::stack::{Kind, Part, Problem, StackError, check};
