//! Backends that fail, or are slow, among answers that are well and in time: the evidence for an ejection that no
//! run of failures brings.
//!
//! Both rules compare with the pool's other backends over the same time ([`Trial`]). What fails everywhere, or is
//! slow everywhere (a route, a request, what all backends need), is so at the others too, and ejects nobody.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use smallvec::SmallVec;

use super::backend::Backend;
use super::config::EjectionConfig;
use super::handle::Shared;
use super::latency::{Climate, SAMPLE};
use super::state::{BackendTransition, By, Why};
use super::trial::{Count, Finding, Others, Rule, Trial};
use super::vitals::{Cold, Tally, Vitals};
use super::word::Flags;
use crate::histogram::Histogram;
use crate::time::saturating_nanos;
use crate::{Cause, Tick};

/// What speaks against a backend. Forgotten with each ejection and return.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    failing: Trial,
    causes: Tally,
    slow: Trial,
    /// How long the slow answers took, together.
    taken: Duration,
}

/// From which latency on an answer is slow here, learned once a second.
#[derive(Debug)]
pub(super) struct Slow {
    /// In nanoseconds; `u64::MAX`: nothing is.
    above: AtomicU64,
    /// What is usual here, in nanoseconds: the median of the backends' medians.
    usual: AtomicU64,
    learned: AtomicU64,
}

/// Why a backend is ejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grounds {
    /// Nobody listens there.
    Refused,
    /// Its last results were failures.
    Run,
    /// It fails more of its requests than the others.
    Rate {
        finding: Finding,
        mostly: Option<Cause>,
    },
    /// It is slower than the others.
    Slow {
        finding: Finding,
        own: Duration,
        others: Duration,
    },
}

/// How far back failures count.
const FAILING_SPAN: Duration = Duration::from_secs(60);
/// The same of slow answers: whoever looks at latencies sends a slow backend few requests.
const SLOW_SPAN: Duration = Duration::from_secs(300);
/// Half of the answers: a backend is slow, not some of its requests.
const SLOW_SHARE: f32 = 0.5;
const SLOW_LEAST: u64 = 6;
/// As two slow answers weigh: it takes slow answers in three seconds at least.
const SLOW_PER_SECOND: f32 = 4.7;
/// How long what was learned about latencies is good for.
const LEARNED_AGE: Duration = Duration::from_secs(1);

// === impl Shared ===

impl<S> Shared<S> {
    /// Weighs a failure of `backend`, which has been counted and has not ended yet.
    pub(super) fn weigh_failure(
        &self,
        backend: &Backend<S>,
        rules: &EjectionConfig,
        now: Tick,
        cause: Cause,
    ) -> Option<Grounds> {
        let rule = Rule {
            share: rules.failure_rate?.as_f64() as f32,
            least: u64::from(rules.minimum_requests),
            span: FAILING_SPAN,
            per_second: f32::INFINITY,
        };
        let others = || self.others(backend, |vitals| &vitals.failures);
        let ended = backend.vitals.ended();
        let mut cold = backend.vitals.cold();
        let Evidence {
            failing, causes, ..
        } = &mut **cold.evidence.get_or_insert_default();
        if failing.is_over(&rule, now, ended) {
            *failing = Trial::begin(now, ended, others());
            *causes = Tally::default();
        }
        causes.add(cause);
        let finding = failing.add(&rule, now, ended, others)?;
        Some(Grounds::Rate {
            finding,
            mostly: causes.majority(),
        })
    }

    /// Weighs a slow answer of `backend`, which has been counted and has not ended yet.
    #[cold]
    pub(super) fn weigh_slow(
        &self,
        backend: &Arc<Backend<S>>,
        generation: u32,
        now: Tick,
        latency: Duration,
    ) -> Option<BackendTransition> {
        // Caches that are still empty are no reason to keep them so.
        if backend.flags().has(Flags::WARMING) {
            return None;
        }
        let rule = Rule {
            share: SLOW_SHARE,
            least: SLOW_LEAST,
            span: SLOW_SPAN,
            per_second: SLOW_PER_SECOND,
        };
        let others = || self.others(backend, |vitals| &vitals.slow);
        let ended = backend.vitals.ended();
        let (finding, own) = {
            let mut cold = backend.vitals.cold();
            let Evidence { slow, taken, .. } = &mut **cold.evidence.get_or_insert_default();
            if slow.is_over(&rule, now, ended) {
                *slow = Trial::begin(now, ended, others());
                *taken = Duration::ZERO;
            }
            *taken = taken.saturating_add(latency);
            let finding = slow.add(&rule, now, ended, others)?;
            let mean = taken.as_nanos() / u128::from(finding.own.bad.max(1));
            (finding, Duration::from_nanos(mean as u64))
        };
        let grounds = Grounds::Slow {
            finding,
            own,
            others: self.climate.slow.usual(),
        };
        // What a request that was answered too late would have been told.
        let cause = Cause::DependencyResponseTimeout;
        self.eject(backend, generation, now, cause, grounds)
    }

    /// What the other backends have counted; of many, a sample.
    fn others(&self, backend: &Backend<S>, bad: impl Fn(&Vitals) -> &AtomicU64) -> Others {
        let members = self.members.load();
        let mut count = Count::default();
        for other in members.sample().filter(|other| other.id != backend.id) {
            count.all = count.all.wrapping_add(other.vitals.ended());
            let bad = bad(&other.vitals).load(Ordering::Relaxed);
            count.bad = count.bad.wrapping_add(bad);
        }
        Others {
            count,
            edition: members.edition,
        }
    }
}

// === impl Vitals ===

impl Vitals {
    /// Attempts that have ended, ever.
    fn ended(&self) -> u64 {
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        let requests = self.requests.load(Ordering::Relaxed);
        requests.saturating_sub(u64::from(in_flight))
    }
}

// === impl Slow ===

impl Slow {
    pub(super) const fn new() -> Self {
        Self {
            above: AtomicU64::new(u64::MAX),
            usual: AtomicU64::new(0),
            learned: AtomicU64::new(0),
        }
    }

    /// Whether an answer after so long is slow.
    #[inline]
    pub(super) fn is_slow(&self, latency: Duration) -> bool {
        saturating_nanos(latency) > self.above.load(Ordering::Relaxed)
    }

    pub(super) fn usual(&self) -> Duration {
        Duration::from_nanos(self.usual.load(Ordering::Relaxed))
    }

    /// Learns anew what is usual, if that is old. `keyed`: requests belong to certain backends, so their latencies
    /// cannot be compared.
    pub(super) fn learn<'a>(
        &self,
        now: Tick,
        rules: &EjectionConfig,
        keyed: bool,
        latencies: impl Iterator<Item = &'a Histogram>,
    ) {
        let Some(ratio) = rules.slow_ratio.filter(|_| !keyed) else {
            return self.above.store(u64::MAX, Ordering::Relaxed);
        };
        let last = Tick::from_nanos(self.learned.load(Ordering::Relaxed));
        if last.as_nanos() != 0 && now.since(last) < LEARNED_AGE {
            return;
        }
        self.learned.store(now.as_nanos().max(1), Ordering::Relaxed);
        let mut medians: SmallVec<[Duration; SAMPLE]> = latencies
            .filter_map(|histogram| histogram.quantile(0.5))
            .collect();
        if medians.len() < 2 {
            return self.above.store(u64::MAX, Ordering::Relaxed);
        }
        medians.sort_unstable();
        // Of an even number the lower one: half the pool being slow is not usual.
        let usual = saturating_nanos(medians[(medians.len() - 1) / 2]);
        let above = ((usual as f64 * f64::from(ratio)) as u64)
            .max(usual.saturating_add(saturating_nanos(rules.slow_by)));
        self.usual.store(usual, Ordering::Relaxed);
        self.above.store(above, Ordering::Relaxed);
    }
}

// === impl Climate ===

impl Climate {
    /// In the words of a [`Why`](super::Why).
    pub(super) fn slow_probe(&self, latency: Duration) -> String {
        let (own, others) = (Span(latency), Span(self.slow.usual()));
        format!("answered in {own}, the others in {others}")
    }
}

// === impl Grounds ===

impl Grounds {
    pub(super) const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused)
    }

    pub(super) const fn is_slow(&self) -> bool {
        matches!(self, Self::Slow { .. })
    }

    /// How many successes shorten the next time out. Where only some requests fail, most of a few succeed anyway.
    pub(super) const fn successes_per_level(&self) -> u32 {
        match self {
            Self::Rate { .. } => 30,
            _ => 10,
        }
    }
}

impl Grounds {
    /// The evidence in words.
    pub(super) fn why(&self, cold: &Cold, vitals: &Vitals, now: Tick, cause: Cause) -> Why {
        let ejections = cold.ejections;
        let in_a_row = vitals.consecutive.load(Ordering::Relaxed);
        let majority = cold.run.majority().unwrap_or(cause);
        let (cause, failures, text) = match self {
            Self::Refused | Self::Run if in_a_row <= 1 => (cause, 1, format!("failed: {cause}")),
            Self::Refused | Self::Run => {
                let cause = if self.is_refusal() { cause } else { majority };
                let span = now.since(cold.run.since).as_secs_f32();
                let text =
                    format!("{in_a_row} failures in a row within {span:.1} s, mostly {cause}");
                (cause, in_a_row, text)
            }
            Self::Rate { finding, mostly } => {
                let cause = mostly.unwrap_or(cause);
                let failures = u32::try_from(finding.own.bad).unwrap_or(u32::MAX);
                (cause, failures, format!("{finding}, mostly {cause}"))
            }
            Self::Slow {
                finding,
                own,
                others,
            } => {
                let (own, others) = (Span(*own), Span(*others));
                let Count { all, bad } = finding.own;
                let span = finding.span.as_secs_f32();
                let text = format!(
                    "answers in {own}, the others in {others}: {bad} of {all} requests in {span:.1} s were slow"
                );
                (cause, 0, text)
            }
        };
        Why {
            cause: Some(cause),
            text: format!("{text} (ejection {ejections})").into(),
            since: now,
            until: None,
            failures,
            by: By::Traffic,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (own, others) = (self.own.share(), self.others.share());
        let (all, span) = (self.own.all, self.span.as_secs_f32());
        write!(
            f,
            "fails {} of {all} requests in {span:.1} s, the others {}",
            Percent(own),
            Percent(others)
        )
    }
}

/// A share, with a digit after the point where it needs one.
struct Percent(f32);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.0 * 100.0;
        if percent == 0.0 || percent >= 9.95 {
            write!(f, "{percent:.0} %")
        } else {
            write!(f, "{percent:.1} %")
        }
    }
}

/// A time as it is told.
pub(super) struct Span(pub(super) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0.as_secs_f32();
        if secs >= 0.9995 {
            write!(f, "{secs:.1} s")
        } else {
            write!(f, "{:.0} ms", (secs * 1e3).max(1.0))
        }
    }
}

#[cfg(test)]
#[path = "outlier_tests.rs"]
mod tests;
