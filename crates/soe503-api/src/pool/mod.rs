//! `GET /api/v1/pools`: what each pool and each of its backends is doing, and why.

mod backend;
mod circuit;
mod finding;
mod limit;
mod overload;
mod pools;

pub use backend::{
    Backend, BackendState, HealthCheck, HealthCheckState, HealthHint, HintStatus, IdleTimeout,
    IdleTimeoutSource, Latency,
};
pub use circuit::{Circuit, CircuitState, ForcedCircuit};
pub use finding::{FailedAttempts, Finding};
pub use limit::{ByPriority, Limit, LimitSource, Queue};
pub use overload::{Overload, OverloadStage};
pub use pools::{
    Cache, Failover, Hedge, Pool, PoolState, Pools, RetriesCut, RetryBudget, Throttle, Tier,
    Waiting,
};
