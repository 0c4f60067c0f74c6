use std::sync::Arc;

use soe503_core::breaker::Breaker;
use soe503_core::hedge::Hedge;
use soe503_core::retry::{RetryBudget, RetryPolicy};
use tower_layer::Layer;

use super::hedging::Hedging;
use super::plan::Rules;
use super::{Retry, StatusSet};
use crate::stack::{Describe, Part};

/// Retries what can be saved. All services made by one layer, and by every other layer with the
/// same handle, draw on one budget. See the [module](super).
///
/// # Defaults
/// `statuses` 500, 502, 503, 504 · `replay_cap` 64 KiB · `trust_idempotency_key` off · `proxies` off ·
/// `ride_out` off · `hedge` off.
#[derive(Clone, Debug)]
pub struct RetryLayer {
    rules: Arc<Rules>,
}

impl RetryLayer {
    /// Retries by `policy`, on the account of `budget`.
    #[must_use]
    pub fn new(budget: RetryBudget, policy: RetryPolicy) -> Self {
        Self {
            rules: Arc::new(Rules::new(budget, policy)),
        }
    }

    /// The answers that count as failed attempts.
    #[must_use]
    pub fn statuses(self, statuses: StatusSet) -> Self {
        self.with(|rules| rules.statuses = statuses)
    }

    /// How many bytes of a request's body are kept to be sent again. A larger body is not retried
    /// once it has been read beyond this; until then it is. 0: bodies are never sent again once read.
    #[must_use]
    pub fn replay_cap(self, bytes: usize) -> Self {
        self.with(|rules| rules.replay_cap = bytes)
    }

    /// Believe that a request with an `Idempotency-Key` may run twice, whatever its method. Only
    /// if the backends really keep such keys.
    #[must_use]
    pub fn trust_idempotency_key(self, trust: bool) -> Self {
        self.with(|rules| rules.trust_idempotency_key = trust)
    }

    /// The backends are proxies that try again themselves: they are lent all attempts but one
    /// ([`RequestContext::allowance`](crate::RequestContext::allowance)), and one more than configured is
    /// to be had in all.
    #[must_use]
    pub fn proxies(self, proxies: bool) -> Self {
        self.with(|rules| rules.proxies = proxies)
    }

    /// Has requests wait for what is due back, as long as `breaker`, the circuit below this layer, says
    /// that this is worth while, and in its room. See the [module](super#waiting). Needs more than one
    /// attempt.
    #[must_use]
    pub fn ride_out(self, breaker: Breaker) -> Self {
        self.with(|rules| rules.ride_out = Some(breaker))
    }

    /// Sends safe requests that are late to a second backend, when `hedge`, which is the handle of the
    /// [pool](crate::Pool) below ([`Backends::hedge`](soe503_core::pool::Pool::hedge)), says so, and never while
    /// `circuit`, the one below this layer if there is one, is not closed. See the [module](super#hedging).
    /// Needs more than one attempt.
    #[must_use]
    pub fn hedge(self, hedge: Hedge, circuit: impl Into<Option<Breaker>>) -> Self {
        let circuit = circuit.into();
        self.with(|rules| rules.hedging = Some(Hedging { hedge, circuit }))
    }

    fn with(self, change: impl FnOnce(&mut Rules)) -> Self {
        let mut rules = Arc::unwrap_or_clone(self.rules);
        change(&mut rules);
        Self {
            rules: Arc::new(rules),
        }
    }
}

impl<S: Clone> Layer<S> for RetryLayer {
    type Service = Retry<S>;

    fn layer(&self, inner: S) -> Retry<S> {
        Retry::with_rules(inner, Arc::clone(&self.rules))
    }
}

impl Describe for RetryLayer {
    fn describe(&self) -> Part {
        let rules = &*self.rules;
        let hedging = rules.hedging.as_ref();
        let hedge_circuit = hedging.and_then(|hedging| hedging.circuit.as_ref());
        let circuits = [
            ("retry.ride_out", rules.ride_out.as_ref()),
            ("retry.hedge", hedge_circuit),
        ];
        let named =
            |(setting, breaker): (_, Option<&Breaker>)| Some((setting, breaker?.name().into()));
        Part::Retry {
            policy: rules.policy,
            budget: Some((rules.budget.name().clone(), *rules.budget.config())),
            hedge: hedging.and_then(|hedging| hedging.hedge.config()),
            circuits: circuits.into_iter().filter_map(named).collect(),
        }
    }
}
