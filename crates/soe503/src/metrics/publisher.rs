use std::fmt;
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::breaker::Breaker;
use soe503_core::limit::ConcurrencyLimit;
use soe503_core::pool::Pool;
use soe503_core::rate::RateLimit;
use soe503_core::retry::RetryBudget;
use soe503_core::throttle::Throttle;

use super::circuit::{Budget, Circuit};
use super::limits::{Held, Limit, Rate};
use super::pool::Backends;
use crate::clock;

/// Hands what handles have counted to the recorder of the `metrics` crate. See the [module](super).
#[derive(Default)]
#[must_use = "nothing is published before `publish` or `every`"]
pub struct Publisher {
    sources: Vec<Box<dyn Source>>,
}

/// Something whose numbers are published.
pub(super) trait Source: Send {
    /// Reads them, and hands them on.
    fn publish(&mut self, now: Tick);
}

impl Publisher {
    /// Nothing to publish yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The state of a circuit, what it refuses, and who waits for it.
    pub fn breaker(self, breaker: &Breaker) -> Self {
        self.with(Circuit::new(breaker.clone()))
    }

    /// What a budget pays for.
    pub fn budget(self, budget: &RetryBudget) -> Self {
        self.with(Budget::new(budget.clone()))
    }

    /// How full a concurrency limit is, who waits for a turn, and who is turned away.
    pub fn limit(self, limit: &ConcurrencyLimit) -> Self {
        self.with(Limit::new(limit.clone()))
    }

    /// What a rate limit lets through and what it refuses.
    pub fn rate_limit(self, limit: &RateLimit) -> Self {
        self.with(Rate::new(limit.clone()))
    }

    /// What a throttle holds back.
    pub fn throttle(self, throttle: &Throttle) -> Self {
        self.with(Held::new(throttle.clone()))
    }

    /// The backends of a pool, and its hedges.
    pub fn pool<S: Send + Sync + 'static>(self, pool: &Pool<S>) -> Self {
        self.with(Backends::new(pool.clone()))
    }

    /// Publishes what has been counted until now.
    pub fn publish(&mut self) {
        let now = clock::now();
        for source in &mut self.sources {
            source.publish(now);
        }
    }

    /// Publishes every `period`, at once for the first time, until it is dropped. Needs a tokio runtime with time
    /// enabled.
    pub async fn every(mut self, period: Duration) {
        let mut at = clock::now();
        loop {
            self.publish();
            // A period of nothing would never wait.
            at = at.after(period.max(Duration::from_millis(1)));
            tokio::time::sleep_until(clock::instant(at)).await;
            at = at.max(clock::now());
        }
    }

    fn with(mut self, source: impl Source + 'static) -> Self {
        self.sources.push(Box::new(source));
        self
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("sources", &self.sources.len())
            .finish_non_exhaustive()
    }
}
