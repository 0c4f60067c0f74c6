//! Which pools get what the pool of a route cannot serve.

use std::sync::Arc;

use super::PoolConfig;

/// Other pools for requests that the route's own cannot serve: `[routes.failover]`.
///
/// # Defaults
///
/// - `pools`: required
/// - `on_overload`: `false`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failover {
    /// The pools, in the order in which they are asked: not the route's own, and none twice.
    pub pools: Vec<Arc<PoolConfig>>,
    /// Whether what a pool's limit turns away goes to the next one as well.
    pub on_overload: bool,
}
