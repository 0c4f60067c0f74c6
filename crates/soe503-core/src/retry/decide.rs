//! Whether a failed attempt is followed by another.

use core::time::Duration;

use super::{
    Backoff, ReplayClass, RetryBudget, classify, is_gone, keepalive_race, may_go_back,
    merge_retry_after,
};
use crate::Tick;
use crate::ledger::{Attempt, Fault, Refusal, RetryVerdict};

/// A process that restarts is not back sooner. Nor must an attempt be wasted before the circuit has opened,
/// at which the request can wait.
const RESTART: Duration = Duration::from_millis(100);

/// How a route retries.
///
/// # Defaults
/// `attempts` 3, `attempt_timeout` 5 s, `backoff` 25 ms to 250 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in total, the first included. 0 and 1 turn retries off.
    pub attempts: u8,
    /// How long one attempt may take until the response's head; `None`: as long as the request.
    pub attempt_timeout: Option<Duration>,
    /// The wait before a retry.
    pub backoff: Backoff,
}

/// Everything about a failed attempt that the decision depends on.
///
/// Build it with [`Situation::after`], which assumes the ordinary, and change what is not.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// The attempt that failed.
    pub attempt: &'a Attempt,
    /// How many attempts were made so far, this one included.
    pub made: u8,
    /// The time.
    pub now: Tick,
    /// The request may run twice (see [`classify`]).
    pub idempotent: bool,
    /// The response's final head was passed on to the client; 1xx do not count.
    pub response_started: bool,
    /// The client left.
    pub client_gone: bool,
    /// The request's body can be sent again from the start: it is empty, untouched, or completely
    /// in the replay buffer.
    pub body_replayable: bool,
    /// A backend is in rotation that this request has not tried.
    pub other_backend: bool,
    /// The pool has this one backend, and requests that it turns away may wait for it: one that cannot be
    /// reached is probably restarting.
    pub only_backend: bool,
    /// Time until the request's deadline; `None`: it has none.
    pub remaining: Option<Duration>,
    /// How long an attempt usually takes here (the pool's typical latency); zero if not known.
    pub expected: Duration,
    /// What whoever gets the next attempt has asked for with `Retry-After`: a backend speaks for itself
    /// only, and another one need not be waited for.
    pub retry_after: Option<Duration>,
    /// The backend, itself a balancer, says that its whole pool fails: trying again elsewhere was
    /// done there (failure mode 9).
    pub upstream_final: bool,
    /// The attempts that the proxies before this one left for the request are used up.
    pub allowance_spent: bool,
}

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Try again. The budget has been charged.
    Retry {
        /// Wait this long first.
        after: Duration,
    },
    /// Do not, and say why not.
    Stop(RetryVerdict),
}

// === impl RetryPolicy ===

impl RetryPolicy {
    /// The timeout of attempt `number` (1 for the first) when `remaining` is left of the request.
    ///
    /// The last attempt gets all that remains: nothing comes after it that time could be saved for.
    pub fn timeout_of(&self, number: u8, remaining: Option<Duration>) -> Option<Duration> {
        if number >= self.attempts {
            return remaining;
        }
        match (self.attempt_timeout, remaining) {
            (Some(attempt), Some(remaining)) => Some(attempt.min(remaining)),
            (one, other) => one.or(other),
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 3,
            attempt_timeout: Some(Duration::from_secs(5)),
            backoff: Backoff::default(),
        }
    }
}

// === impl Situation ===

impl<'a> Situation<'a> {
    /// The ordinary situation after `attempt`: not idempotent, nothing sent to the client, body
    /// replayable, another backend left, no deadline.
    pub const fn after(attempt: &'a Attempt, now: Tick) -> Self {
        Self {
            attempt,
            made: attempt.number,
            now,
            idempotent: false,
            response_started: false,
            client_gone: false,
            body_replayable: true,
            other_backend: true,
            only_backend: false,
            remaining: None,
            expected: Duration::ZERO,
            retry_after: None,
            upstream_final: false,
            allowance_spent: false,
        }
    }
}

/// Decides whether a failed attempt is followed by another, and charges the budget if so.
///
/// The doors, in order; the first that is closed is the verdict: retries on at all · client there ·
/// response not begun · failure not the same everywhere · replay proven safe · body at hand ·
/// attempts left · a backend left · time left · budget left. The budget comes last, because only a
/// retry that happens may cost.
pub fn decide(
    policy: &RetryPolicy,
    situation: &Situation<'_>,
    budget: &RetryBudget,
    rng: &mut fastrand::Rng,
) -> Decision {
    let attempt = situation.attempt;
    let class = classify(attempt, situation.idempotent);
    if let Some(verdict) = closed_door(policy, situation, class) {
        return Decision::Stop(verdict);
    }
    let after = wait(policy, situation, class, rng);
    let fits = situation
        .remaining
        .is_none_or(|remaining| after.saturating_add(situation.expected) < remaining);
    if !fits {
        return Decision::Stop(RetryVerdict::NoTimeLeft);
    }
    if !budget.withdraw(situation.now) {
        return Decision::Stop(match budget.cut() {
            Some(_) => RetryVerdict::RetriesCut,
            None => RetryVerdict::BudgetEmpty,
        });
    }
    Decision::Retry { after }
}

fn closed_door(
    policy: &RetryPolicy,
    situation: &Situation<'_>,
    class: ReplayClass,
) -> Option<RetryVerdict> {
    let attempt = situation.attempt;
    if policy.attempts <= 1 {
        return Some(RetryVerdict::Disabled);
    }
    if situation.client_gone || matches!(attempt.fault, Some(Fault::Client)) {
        return Some(RetryVerdict::ClientGone);
    }
    if situation.response_started {
        return Some(RetryVerdict::ResponseStarted);
    }
    match &attempt.fault {
        // What was tried already is why none is left: say that, not that it was pointless.
        Some(Fault::Refused(Refusal::NoBackend { .. })) => {
            return Some(RetryVerdict::NoOtherBackend);
        }
        // One backend is full: another may not be.
        Some(Fault::Refused(Refusal::Limit { .. })) if attempt.backend.is_some() => {}
        Some(Fault::Refused(_) | Fault::Internal) => return Some(RetryVerdict::Pointless),
        _ if situation.upstream_final => return Some(RetryVerdict::Pointless),
        _ => {}
    }
    if !class.replayable() {
        return Some(RetryVerdict::UnsafeToReplay);
    }
    if !situation.body_replayable {
        return Some(RetryVerdict::BodyTooLarge);
    }
    if situation.made >= policy.attempts || situation.allowance_spent {
        return Some(RetryVerdict::AttemptsSpent);
    }
    if !situation.other_backend && !may_go_back(attempt) && !may_be_back(situation) {
        return Some(RetryVerdict::NoOtherBackend);
    }
    None
}

/// The only backend was there, is gone for all that is known, and may be back in a moment.
fn may_be_back(situation: &Situation<'_>) -> bool {
    let attempt = situation.attempt;
    let was_there = attempt.accepted_before || attempt.reused || attempt.connect.is_some();
    situation.only_backend && was_there && is_gone(attempt)
}

/// The wait before the retry.
///
/// The first failover of a request that was never sent does not wait: the backend that gets it has
/// not seen it, and the budget bounds how often that happens.
fn wait(
    policy: &RetryPolicy,
    situation: &Situation<'_>,
    class: ReplayClass,
    rng: &mut fastrand::Rng,
) -> Duration {
    let number = u32::from(situation.made);
    // A backend that sheds is not asked again without a pause.
    let sheds = matches!(&situation.attempt.fault, Some(Fault::Http2(fault)) if fault.sheds());
    let back = situation.other_backend || may_go_back(situation.attempt);
    let at_once = number <= 1
        && back
        && (class == ReplayClass::Unsent || keepalive_race(situation.attempt))
        && (situation.other_backend || !sheds);
    let delay = if at_once {
        Duration::ZERO
    } else {
        let delay = policy.backoff.delay(number, rng);
        match back {
            true => delay,
            false => delay.max(RESTART * number),
        }
    };
    merge_retry_after(delay, situation.retry_after)
}
