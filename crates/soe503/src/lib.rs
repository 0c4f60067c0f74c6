//! soe503

mod alarm;
pub mod circuit_breaker;
pub mod classify;
pub mod clock;
pub mod concurrency_limit;
mod context;
mod error;
pub mod explain;
pub mod facts;
mod macros;
pub mod pool;
pub mod retry;
mod served;
pub mod timeout;
mod verdict;

pub use circuit_breaker::{CircuitBreaker, CircuitBreakerLayer};
pub use classify::{Classify, HttpClassify};
pub use concurrency_limit::{ConcurrencyLimit, ConcurrencyLimitLayer};
pub use context::RequestContext;
pub use error::{BoxError, Component, Failure, Rejected, RequestBodyError};
pub use explain::{Explain, ExplainLayer, Explainer};
pub use pool::Pool;
pub use retry::{ReplayBody, Retry, RetryLayer, StatusSet};
pub use served::{Outlook, Served};
pub use soe503_core as core;
pub use timeout::{Timeout, TimeoutLayer};
