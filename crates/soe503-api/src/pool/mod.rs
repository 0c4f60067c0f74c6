//! `GET /api/v1/pools`: what each pool and each of its backends is doing, and why.

mod backend;
mod circuit;
mod pools;

pub use backend::{
    Backend, BackendState, HealthCheck, HealthCheckState, HealthHint, HintStatus, IdleTimeout,
    IdleTimeoutSource, Latency,
};
pub use circuit::{Circuit, CircuitState, ForcedCircuit};
pub use pools::{Cache, Pool, PoolState, Pools, Queue, RetryBudget, Throttle, Tier, Waiting};
