//! Passive evidence: who is ejected, for how long, and how they come back.

use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use super::backend::Backend;
use super::config::EjectionConfig;
use super::control::change;
use super::ejections::EjectionReason;
use super::handle::{Control, Shared};
use super::lease::FailureScope;
use super::outlier::Grounds;
use super::state::BackendTransition;
use super::word::Flags;
use crate::time::saturating_nanos;
use crate::{Cause, Ratio, Tick};

/// 2^30 s are more than any maximum.
const MAX_LEVEL: u8 = 30;
/// The share of the pool that may be out for its latency.
const MAX_SLOW: Ratio = Ratio::parts_per_million_of(333_334);

// === impl Backend ===

impl<S> Backend<S> {
    /// Notes a failure and returns how many there are in a row.
    pub(super) fn note_failure(&self, now: Tick, cause: Cause) -> u32 {
        let mut cold = self.vitals.cold();
        let before = self.vitals.consecutive.fetch_add(1, Ordering::Relaxed);
        if !self.flags().has(Flags::FAILING) {
            self.vitals.word.set(Flags::FAILING);
        }
        if before == 0 {
            cold.run.begin(now);
        }
        cold.run.add(cause);
        cold.successes = 0;
        before.saturating_add(1)
    }

    /// Notes a success of a backend that was ejected before: only successes shorten the next time out. Slow ones do
    /// not come by.
    pub(super) fn prove(&self) {
        let mut cold = self.vitals.cold();
        cold.successes += 1;
        let enough = cold.grounds.as_ref();
        if cold.successes >= enough.map_or(10, |grounds| grounds.successes_per_level()) {
            cold.successes = 0;
            cold.level = cold.level.saturating_sub(1);
            if cold.level == 0 {
                self.vitals.word.clear(Flags::GROWN);
            }
        }
    }
}

impl<S> Backend<S> {
    /// It is, or was last, ejected because it is slow.
    pub(super) fn is_out_for_latency(&self) -> bool {
        let cold = self.vitals.cold();
        cold.grounds
            .as_ref()
            .is_some_and(|grounds| grounds.is_slow())
    }
}

// === impl Shared ===

impl<S> Shared<S> {
    /// Whom a failure of `backend` speaks against.
    pub(super) fn scope(&self, backend: &Backend<S>) -> FailureScope {
        if self.is_another_sound(backend) {
            FailureScope::Backend
        } else {
            FailureScope::Pool
        }
    }

    /// Whether a backend other than this one is in rotation whose last result was not a failure.
    fn is_another_sound(&self, backend: &Backend<S>) -> bool {
        self.sums.sound() > u32::from(backend.flags().is_sound())
    }

    /// Ejects `backend` if its failures call for it and the pool can spare it.
    pub(super) fn judge(
        &self,
        backend: &Arc<Backend<S>>,
        generation: u32,
        now: Tick,
        cause: Cause,
        failures: u32,
    ) -> Option<BackendTransition> {
        let config = self.config.load();
        let rules = &config.ejection;
        let rate = self.weigh_failure(backend, rules, now, cause);
        let run = rules.consecutive_failures > 0 && failures >= rules.consecutive_failures;
        let grounds = if rules.refused_at_once && is_refusal(cause) {
            Grounds::Refused
        } else if run {
            Grounds::Run
        } else {
            rate?
        };
        self.eject(backend, generation, now, cause, grounds)
    }

    /// Ejects `backend` on these grounds if the pool can spare it.
    pub(super) fn eject(
        &self,
        backend: &Arc<Backend<S>>,
        generation: u32,
        now: Tick,
        cause: Cause,
        grounds: Grounds,
    ) -> Option<BackendTransition> {
        let config = self.config.load();
        let mut control = self.control();
        let flags = backend.flags();
        let gone = flags.generation() != generation || flags.has(Flags::EJECTED | Flags::ADMIN);
        if gone || !self.can_spare(backend, &grounds) {
            return None;
        }
        self.ejections.count(EjectionReason::of(&grounds));
        let transition = change(backend, now, config.slow_start, |vitals, cold| {
            let time_out = time_out(&config.ejection, cold.level, &mut control);
            cold.ejections += 1;
            let mut why = grounds.why(cold, vitals, now, cause);
            why.until = Some(now.after(time_out));
            cold.ejection = Some(Box::new(why));
            cold.grounds = Some(Box::new(grounds));
            cold.evidence = None;
            cold.level = (cold.level + 1).min(MAX_LEVEL);
            vitals
                .due
                .store(now.after(time_out).as_nanos(), Ordering::Relaxed);
            vitals.word.advance(
                Flags::WARMING | Flags::PROBING,
                Flags::EJECTED | Flags::GROWN,
            );
        });
        self.changed(&mut control, backend);
        transition
    }

    /// Whether the pool can do without `backend`, which neither traffic nor an operator has taken out.
    fn can_spare(&self, backend: &Arc<Backend<S>>, grounds: &Grounds) -> bool {
        let config = self.config.load();
        if backend.vitals.slot().is_none() {
            // It was removed meanwhile.
            return false;
        }
        let members = self.members.load();
        let census = members.whole.roster.census();
        let flags = backend.flags();
        let others = |all: u32, with_it: bool| all > u32::from(with_it);
        let left = others(census.rotation, flags.in_rotation())
            || census.panic(config.panic_threshold) && others(census.down, flags.has(Flags::DOWN));
        if grounds.is_refusal() {
            return left;
        }
        let ejected = u64::from(census.ejected + census.ejected_down) + 1;
        let most = config.ejection.max_ejected;
        // The slow ones carry load as well, and without them the others may become slow.
        let most = if grounds.is_slow() {
            most.min(MAX_SLOW)
        } else {
            most
        };
        let allowed = most.of(u64::from(census.enabled()));
        // If all fail alike, ejecting one helps nobody.
        self.is_another_sound(backend) && (ejected <= allowed || ejected == 1)
    }

    /// The probe failed, or was answered as `said`: out again, for longer.
    pub(super) fn probe_failed(
        &self,
        backend: &Arc<Backend<S>>,
        generation: u32,
        now: Tick,
        cause: Cause,
        said: Option<&str>,
    ) {
        let config = self.config.load();
        let mut control = self.control();
        let flags = backend.flags();
        if flags.generation() != generation || !flags.has(Flags::EJECTED) {
            return;
        }
        self.ejections.count(EjectionReason::ProbeFailed);
        let vitals = &backend.vitals;
        let mut cold = vitals.cold();
        let until = now.after(time_out(&config.ejection, cold.level, &mut control));
        cold.level = (cold.level + 1).min(MAX_LEVEL);
        cold.ejections += 1;
        let ejections = cold.ejections;
        if let Some(why) = &mut cold.ejection {
            // What the latest probe saw is what is wrong now; `since` stays: it is out since then.
            why.cause = Some(cause);
            why.text = match said {
                Some(said) => format!("probe {said} (ejection {ejections})").into(),
                None => format!("probe failed: {cause} (ejection {ejections})").into(),
            };
            why.until = Some(until);
            why.failures = why.failures.saturating_add(1);
        }
        vitals.due.store(until.as_nanos(), Ordering::Relaxed);
        drop(cold);
        vitals.word.advance(Flags::PROBING, 0);
        self.changed(&mut control, backend);
    }

    /// Traffic succeeded on an ejected backend, which ended its run of failures: back in rotation, slowly.
    pub(super) fn readmit(
        &self,
        backend: &Arc<Backend<S>>,
        generation: u32,
        now: Tick,
    ) -> Option<BackendTransition> {
        let slow_start = self.config.load().slow_start;
        let mut control = self.control();
        let flags = backend.flags();
        if flags.generation() != generation || !flags.has(Flags::EJECTED) {
            return None;
        }
        let transition = change(backend, now, slow_start, |vitals, cold| {
            cold.successes = 0;
            cold.evidence = None;
            vitals.penalty.reset();
            vitals.word.advance(Flags::EJECTED | Flags::PROBING, 0);
            if !slow_start.is_zero() {
                vitals.warm(now);
            }
        });
        self.changed(&mut control, backend);
        transition
    }

    /// A probe ended without a result.
    pub(super) fn release_probe(&self, backend: &Backend<S>, generation: u32) {
        let mut control = self.control();
        backend.vitals.word.release_probe(generation);
        self.changed(&mut control, backend);
    }
}

/// Nobody listens: proof enough by itself.
pub(crate) const fn is_refusal(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::DependencyConnectRefused | Cause::ConfigWrongPort
    )
}

/// No connection came about. A connection that does disproves it.
pub(super) const fn is_connect(cause: Cause) -> bool {
    is_refusal(cause)
        || matches!(
            cause,
            Cause::DependencyConnectTimeout
                | Cause::DependencyHostUnreachable
                | Cause::ConfigFirewallReject
                | Cause::OverloadAcceptBacklog
        )
}

/// How long an ejection lasts: doubled per level, bounded, and a random bit longer.
fn time_out(rules: &EjectionConfig, level: u8, control: &mut Control) -> Duration {
    let base = saturating_nanos(rules.base)
        .saturating_mul(1 << level.min(MAX_LEVEL))
        .min(saturating_nanos(rules.max));
    let jitter = control.rng.u64(0..=rules.jitter.of(base));
    Duration::from_nanos(base.saturating_add(jitter))
}
