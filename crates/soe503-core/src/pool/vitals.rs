//! What is counted and remembered about a backend.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::latency::{Estimate, Penalty};
use super::outlier::{Evidence, Grounds};
use super::report::Reported;
use super::state::{BackendState, By, Why};
use super::word::{Flags, Sums, Word};
use crate::health::{Health, HealthReport, Traffic};
use crate::histogram::Histogram;
use crate::{Cause, Tick};

/// A backend's numbers. They outlive a change of the backend's weight or service.
#[derive(Debug)]
pub(super) struct Vitals {
    pub(super) word: Word,
    pub(super) in_flight: AtomicU32,
    /// Failures since the last success.
    pub(super) consecutive: AtomicU32,
    /// Attempts that were outrun since the last success.
    pub(super) outrun: AtomicU32,
    pub(super) estimate: Estimate,
    pub(super) penalty: Penalty,
    pub(super) reported: Reported,
    pub(super) requests: AtomicU64,
    pub(super) failures: AtomicU64,
    /// Answers that were good, and slow for this pool.
    pub(super) slow: AtomicU64,
    /// Attempts that were waited for beyond their time, and those of them that were answered well.
    pub(super) late: AtomicU64,
    pub(super) late_good: AtomicU64,
    /// Results that came too late to change the state.
    pub(super) stale: AtomicU64,
    /// When the share began to grow, in nanoseconds.
    pub(super) warm_since: AtomicU64,
    /// When the ejection ends and a probe may go, in nanoseconds.
    pub(super) due: AtomicU64,
    /// When a request was last answered well since checks were questioned, in nanoseconds; 0: not
    /// since.
    pub(super) good_at: AtomicU64,
    /// When the probe in flight was sent, in nanoseconds.
    pub(super) probe_since: AtomicU64,
    /// Where it stands in the list of backends; [`NOWHERE`]: no longer there. Written under the
    /// control lock.
    pub(super) slot: AtomicU32,
    /// The earliest time for which it is on the agenda, in nanoseconds. For the control lock's holder.
    pub(super) planned: AtomicU64,
    /// It waits for a request as its probe. For the control lock's holder.
    pub(super) waits: AtomicBool,
    pub(super) histogram: Histogram,
    cold: Mutex<Cold>,
}

/// What is only touched when something fails or changes. What most backends never have is elsewhere.
#[derive(Debug)]
pub(super) struct Cold {
    /// Since when the shown state holds.
    pub(super) since: Tick,
    /// The ejection, also after it ended.
    pub(super) ejection: Option<Box<Why>>,
    /// What it rests on.
    pub(super) grounds: Option<Box<Grounds>>,
    /// What speaks against the backend, though some of its requests are well.
    pub(super) evidence: Option<Box<Evidence>>,
    pub(super) ejections: u32,
    /// How often the time out has doubled.
    pub(super) level: u8,
    /// Successes since the level last changed.
    pub(super) successes: u32,
    /// The operator's word, while it holds.
    pub(super) admin: Option<Box<Why>>,
    pub(super) health: HealthReport,
    pub(super) health_since: Tick,
    pub(super) run: FailureRun,
}

/// The failures since the last success.
#[derive(Clone, Debug, Default)]
pub(super) struct FailureRun {
    pub(super) since: Tick,
    /// Kept from one run to the next; a backend that never failed has none.
    causes: Option<Box<Tally>>,
}

/// How often each cause occurred. Beyond four different ones, the rarest makes room.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    causes: [Option<(Cause, u32)>; 4],
}

/// The slot of a backend that has left its pool.
pub(super) const NOWHERE: u32 = u32::MAX;

// === impl Vitals ===

impl Vitals {
    pub(super) fn new(now: Tick, initial: Health, sums: &Arc<Sums>) -> Self {
        let flags = match initial {
            Health::Up => 0,
            Health::Down => Flags::DOWN,
            Health::Starting => Flags::STARTING,
        };
        Self {
            word: Word::new(flags, sums),
            in_flight: AtomicU32::new(0),
            consecutive: AtomicU32::new(0),
            outrun: AtomicU32::new(0),
            estimate: Estimate::default(),
            penalty: Penalty::default(),
            reported: Reported::default(),
            requests: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            slow: AtomicU64::new(0),
            late: AtomicU64::new(0),
            late_good: AtomicU64::new(0),
            stale: AtomicU64::new(0),
            warm_since: AtomicU64::new(0),
            due: AtomicU64::new(0),
            good_at: AtomicU64::new(0),
            probe_since: AtomicU64::new(0),
            slot: AtomicU32::new(NOWHERE),
            planned: AtomicU64::new(u64::MAX),
            waits: AtomicBool::new(false),
            histogram: Histogram::new(),
            cold: Mutex::new(Cold {
                since: now,
                ejection: None,
                grounds: None,
                evidence: None,
                ejections: 0,
                level: 0,
                successes: 0,
                admin: None,
                health: HealthReport::unchecked(initial),
                health_since: now,
                run: FailureRun::default(),
            }),
        }
    }

    pub(super) fn cold(&self) -> MutexGuard<'_, Cold> {
        // Every write leaves a valid record, so a panic elsewhere is no reason to lose a backend.
        self.cold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it stands in the list of backends.
    pub(super) fn slot(&self) -> Option<u32> {
        let slot = self.slot.load(Ordering::Relaxed);
        (slot != NOWHERE).then_some(slot)
    }

    pub(super) fn due(&self) -> Tick {
        Tick::from_nanos(self.due.load(Ordering::Relaxed))
    }

    /// When the probe in flight is given up.
    pub(super) fn probe_expires(&self, timeout: Duration) -> Tick {
        Tick::from_nanos(self.probe_since.load(Ordering::Relaxed)).after(timeout)
    }

    /// Begins, or ends, to take note of good answers.
    pub(super) fn question(&self, doubted: bool) {
        let before = self.word.load().has(Flags::QUESTIONED);
        if doubted && !before {
            // What was answered before the check failed says nothing about what happened since.
            self.good_at.store(0, Ordering::Relaxed);
            self.word.set(Flags::QUESTIONED);
        } else if before && !doubted {
            self.word.clear(Flags::QUESTIONED);
        }
    }

    /// What requests show, to hold it against a check.
    pub(super) fn traffic(&self, now: Tick) -> Traffic {
        let flags = self.word.load();
        self.histogram.fade(now);
        let good_at = self.good_at.load(Ordering::Relaxed);
        Traffic {
            good_at: (good_at > 0).then(|| Tick::from_nanos(good_at)),
            failing: flags.has(Flags::FAILING),
            ejected: flags.has(Flags::EJECTED),
            p99: self.histogram.quantile(0.99),
        }
    }

    /// Begins the slow start.
    pub(super) fn warm(&self, now: Tick) {
        self.warm_since.store(now.as_nanos(), Ordering::Relaxed);
        self.word.set(Flags::WARMING);
    }

    /// When the slow start is over.
    pub(super) fn warm_until(&self, slow_start: Duration) -> Tick {
        Tick::from_nanos(self.warm_since.load(Ordering::Relaxed)).after(slow_start)
    }
}

// === impl Cold ===

impl Cold {
    /// The reason for the state that `flags` show.
    pub(super) fn why(&self, flags: Flags, warm_until: Tick) -> Option<Why> {
        match BackendState::of(flags) {
            BackendState::Up => flags.has(Flags::OVERRULED).then(|| self.broken_check()),
            BackendState::Disabled | BackendState::Draining => self.admin.as_deref().cloned(),
            BackendState::Ejected => self.ejection.as_deref().cloned(),
            BackendState::Down | BackendState::Starting => Some(Why {
                cause: self.health.cause,
                text: self.health.last_error.clone().unwrap_or_else(|| {
                    Arc::from(if flags.has(Flags::DOWN) {
                        "health checks fail"
                    } else {
                        "waiting for the first successful health check"
                    })
                }),
                since: self.health_since,
                until: None,
                failures: 0,
                by: By::Checks,
            }),
            BackendState::Warming => Some(Why {
                cause: None,
                text: Arc::from("back in rotation, share still growing"),
                since: self.since,
                until: Some(warm_until),
                failures: 0,
                by: By::Traffic,
            }),
        }
    }
}

impl Cold {
    /// Why a backend is up whose check fails.
    fn broken_check(&self) -> Why {
        let said = match &self.health.last_error {
            Some(error) => {
                format!("the health check is broken: {error}, and requests are answered")
            }
            None => "the health check is broken: it failed while requests were answered".to_owned(),
        };
        Why {
            cause: self.health.doubt.map(|doubt| doubt.cause),
            text: said.into(),
            since: self.health_since,
            until: None,
            failures: 0,
            by: By::Checks,
        }
    }
}

// === impl FailureRun ===

impl FailureRun {
    /// A new run begins.
    pub(super) fn begin(&mut self, now: Tick) {
        self.since = now;
        if let Some(causes) = &mut self.causes {
            **causes = Tally::default();
        }
    }

    /// One more failure.
    pub(super) fn add(&mut self, cause: Cause) {
        self.causes.get_or_insert_default().add(cause);
    }

    /// The most frequent cause; of several, the one seen first.
    pub(super) fn majority(&self) -> Option<Cause> {
        self.causes.as_ref()?.majority()
    }
}

// === impl Tally ===

impl Tally {
    pub(super) fn add(&mut self, cause: Cause) {
        self.add_many(cause, 1);
    }

    pub(super) fn add_many(&mut self, cause: Cause, times: u32) {
        if let Some((_, count)) = self.causes.iter_mut().flatten().find(|(c, _)| *c == cause) {
            *count = count.saturating_add(times);
            return;
        }
        // An empty place, or the rarest cause's.
        let place = self
            .causes
            .iter_mut()
            .min_by_key(|place| place.map_or(0, |(_, n)| n));
        if let Some(place) = place {
            *place = Some((cause, times));
        }
    }

    /// The most frequent cause; of several, the one seen first.
    pub(super) fn majority(&self) -> Option<Cause> {
        let mut best: Option<(Cause, u32)> = None;
        for &(cause, count) in self.causes.iter().flatten() {
            if best.is_none_or(|(_, most)| count > most) {
                best = Some((cause, count));
            }
        }
        best.map(|(cause, _)| cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_majority_is_the_most_frequent_and_of_several_the_first() {
        use Cause::{
            DependencyConnectRefused as Refused, DependencyConnectTimeout as Hung,
            DependencyResponseTimeout as Late, DependencyUpstream503 as Busy,
            DependencyUpstreamError as Error,
        };
        for (causes, majority) in [
            (&[][..], None),
            (&[Error], Some(Error)),
            (&[Error, Late], Some(Error)),
            (&[Error, Late, Late], Some(Late)),
            (&[Error, Late, Late, Error], Some(Error)),
            (&[Error, Late, Refused, Late], Some(Late)),
            // The fifth takes the place of the rarest.
            (
                &[
                    Error, Late, Late, Refused, Refused, Busy, Busy, Hung, Hung, Hung,
                ],
                Some(Hung),
            ),
        ] {
            let mut tally = Tally::default();
            causes.iter().for_each(|cause| tally.add(*cause));
            assert_eq!(tally.majority(), majority, "{causes:?}");
        }
    }
}
