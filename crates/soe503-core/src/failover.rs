//! Whether a request that its pool could not serve goes to another pool.
//!
//! A pool ends a request when its circuit is open, when none of its backends can be used, or when
//! everything that may be tried there was tried. Another pool, elsewhere, need not share the reason. To ask
//! it is to send the request again, so it takes the same proof as a retry ([`classify`]), over all attempts
//! so far; and it is paid for like one, unless nothing was sent: then there is no load to multiply, and an
//! open circuit would empty every budget.
//!
//! What is pointless within a pool is not pointless here: an answer that says "our whole pool fails", or a
//! `Retry-After`, speaks of that pool.
//!
//! **Failure mode: fail closed.** In doubt the request stays, and fails with what its own pool said.

use core::time::Duration;

use crate::Tick;
use crate::ledger::{Attempt, Fault, Refusal, RetryVerdict};
use crate::retry::{RetryBudget, classify};

/// Everything that the decision depends on.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// All attempts of the request so far, oldest first. The last one ended its turn in a pool.
    pub attempts: &'a [Attempt],
    /// The time.
    pub now: Tick,
    /// The request may run twice: see [`classify`].
    pub idempotent: bool,
    /// The client left, or its body broke off.
    pub client_gone: bool,
    /// The body can be sent again from the start.
    pub body_replayable: bool,
    /// Attempts that the request may have in all, over all pools. 1: what was sent is not sent again.
    pub most: u8,
    /// What proxies before this one handed down is used up.
    pub allowance_spent: bool,
    /// Time until the request's deadline; `None`: it has none.
    pub remaining: Option<Duration>,
    /// Whether another pool gets what a pool's own limit turns away.
    pub on_overload: bool,
}

/// Whether the request goes to another pool; the budget has been charged then, if that costs. `Err`: it
/// stays, and why.
///
/// The doors, in order: client there · the reason one of that pool · replay proven safe · body at hand ·
/// attempts left · time left · budget left.
pub fn leave(situation: &Situation<'_>, budget: &RetryBudget) -> Result<(), RetryVerdict> {
    let Some(last) = situation.attempts.last() else {
        return Err(RetryVerdict::Pointless);
    };
    if situation.client_gone || last.fault == Some(Fault::Client) {
        return Err(RetryVerdict::ClientGone);
    }
    if !is_of_the_pool(last, situation.on_overload) {
        return Err(RetryVerdict::Pointless);
    }
    let replayable = |attempt: &Attempt| classify(attempt, situation.idempotent).replayable();
    if !situation.attempts.iter().all(replayable) {
        return Err(RetryVerdict::UnsafeToReplay);
    }
    if !situation.body_replayable {
        return Err(RetryVerdict::BodyTooLarge);
    }
    let sent = !situation.attempts.iter().all(Attempt::unsent);
    if sent && situation.most <= 1 {
        return Err(RetryVerdict::Disabled);
    }
    // Those that got as far as a backend: to be refused by a pool takes nothing from the next.
    let made = situation.attempts.iter().filter(|a| !is_refusal(a)).count();
    if made >= usize::from(situation.most.max(1)) || situation.allowance_spent {
        return Err(RetryVerdict::AttemptsSpent);
    }
    if situation.remaining.is_some_and(|left| left.is_zero()) {
        return Err(RetryVerdict::NoTimeLeft);
    }
    if sent && !budget.withdraw_to_leave(situation.now) {
        return Err(RetryVerdict::BudgetEmpty);
    }
    Ok(())
}

/// Nothing was sent to anybody, so the request has lost nothing by waiting for a pool that is due back.
pub fn untouched(attempts: &[Attempt]) -> bool {
    attempts.iter().all(Attempt::unsent)
}

fn is_refusal(attempt: &Attempt) -> bool {
    matches!(attempt.fault, Some(Fault::Refused(_)))
}

/// The reason is one of the pool, so that another pool may do better.
fn is_of_the_pool(last: &Attempt, on_overload: bool) -> bool {
    match &last.fault {
        Some(Fault::Refused(refusal)) => match refusal {
            Refusal::CircuitOpen { .. } | Refusal::NoBackend { .. } | Refusal::Maintenance(_) => {
                true
            }
            // One backend is full.
            Refusal::Limit { .. } if last.backend.is_some() => true,
            Refusal::Limit { .. } | Refusal::Queue { .. } | Refusal::BackendsFull(_) => on_overload,
            Refusal::RateLimited(_) | Refusal::Throttled(_) | Refusal::Policy(_) => false,
        },
        // A bug of ours is the same everywhere.
        Some(Fault::Internal | Fault::Client) => false,
        _ => true,
    }
}

#[cfg(test)]
#[path = "failover_tests.rs"]
mod tests;
