use std::sync::Arc;

use soe503_core::retry::RetryBudget;
use tower_layer::Layer;

use super::plan::Rules;
use super::service::Failover;
use crate::retry::StatusSet;
use crate::stack::{Describe, Part};

/// Asks other pools for what the one that it is put around cannot serve. See the [module](super).
///
/// The chains of the other pools are part of it, and of the same type as the one that it is put around.
#[derive(Clone, Debug)]
#[must_use]
pub struct FailoverLayer<S> {
    /// Without the first pool.
    rules: Rules<S>,
}

impl<S> FailoverLayer<S> {
    /// No other pool yet. The arguments and defaults are those of [`Failover::new`].
    pub fn new(attempts: u8, budget: RetryBudget) -> Self {
        Self {
            rules: Rules::new(attempts, budget),
        }
    }

    /// As [`Failover::then`].
    pub fn then(mut self, name: impl Into<Arc<str>>, service: S) -> Self {
        self.rules.pools.push((name.into(), service));
        self
    }

    /// As [`Failover::statuses`].
    pub const fn statuses(mut self, statuses: StatusSet) -> Self {
        self.rules.statuses = statuses;
        self
    }

    /// As [`Failover::replay_cap`].
    pub const fn replay_cap(mut self, bytes: usize) -> Self {
        self.rules.replay_cap = bytes;
        self
    }

    /// As [`Failover::proxies`].
    pub const fn proxies(mut self, proxies: bool) -> Self {
        self.rules.proxies = proxies;
        self
    }

    /// As [`Failover::on_overload`].
    pub const fn on_overload(mut self, on_overload: bool) -> Self {
        self.rules.on_overload = on_overload;
        self
    }
}

/// `S` has to be cloned, as the first pool is one of them all.
impl<S: Clone> Layer<S> for FailoverLayer<S> {
    type Service = Failover<S>;

    fn layer(&self, inner: S) -> Failover<S> {
        let mut rules = self.rules.clone();
        rules.pools.insert(0, ("".into(), inner.clone()));
        Failover::with_rules(inner, rules)
    }
}

impl<S> Describe for FailoverLayer<S> {
    fn describe(&self) -> Part {
        Part::Failover {
            attempts: self.rules.attempts,
            pools: self.rules.pools.len() + 1,
        }
    }
}
