//! The handle that the pool and the layers share.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::config::HedgeConfig;
use super::decide::{Situation, Withheld};
use super::learn::learn;
use crate::Tick;
use crate::histogram::Histogram;
use crate::retry::RetryBudget;
use crate::time::saturating_nanos;

/// A pool's hedging: when it is due, and what came of it. A cheap-clone handle, made by its
/// [pool](crate::pool::Pool::hedge), which keeps it up to date.
#[derive(Clone, Debug)]
pub struct Hedge {
    shared: Arc<Shared>,
}

/// What hedging looks like at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HedgeSnapshot {
    /// The pool's name.
    pub name: Arc<str>,
    /// After which time a second request is sent. `None`: not at all, for want of answers to learn from.
    pub delay: Option<Duration>,
    /// The answers that are remembered.
    pub samples: u64,
    /// Hedges sent, ever.
    pub sent: u64,
    /// Those whose answer was the request's.
    pub won: u64,
    /// Those that were cancelled, as the attempt before them was answered.
    pub lost: u64,
    /// Those that failed.
    pub failed: u64,
    /// Requests that were late and not sent again, by the order of [`Withheld::ALL`].
    pub withheld: [u64; Withheld::ALL.len()],
}

#[derive(Debug)]
struct Shared {
    name: Arc<str>,
    config: ArcSwapOption<HedgeConfig>,
    /// In nanoseconds; [`NEVER`]: switched off, or nothing was learned.
    delay: AtomicU64,
    /// Requests that were late, one after the other, since the last answer in time.
    late: AtomicU32,
    samples: AtomicU64,
    sent: AtomicU64,
    won: AtomicU64,
    lost: AtomicU64,
    failed: AtomicU64,
    withheld: [AtomicU64; Withheld::ALL.len()],
}

const NEVER: u64 = u64::MAX;
/// So many requests late, and none answered in time: it is not one backend. With two of three backends slow,
/// chance does as much four times in a hundred; with one of three, twice in ten thousand.
const CROWD: u32 = 8;

impl Hedge {
    /// Nothing learned yet. `None`: switched off.
    pub(crate) fn new(name: Arc<str>, config: Option<HedgeConfig>) -> Self {
        Self {
            shared: Arc::new(Shared {
                name,
                config: ArcSwapOption::new(config.map(Arc::new)),
                delay: AtomicU64::new(NEVER),
                late: AtomicU32::new(0),
                samples: AtomicU64::new(0),
                sent: AtomicU64::new(0),
                won: AtomicU64::new(0),
                lost: AtomicU64::new(0),
                failed: AtomicU64::new(0),
                withheld: [const { AtomicU64::new(0) }; Withheld::ALL.len()],
            }),
        }
    }

    /// The configuration in force; `None`: switched off.
    pub fn config(&self) -> Option<HedgeConfig> {
        self.shared.config.load().as_deref().copied()
    }

    /// Replaces the configuration. What was counted stays; when a hedge is due is known again with the
    /// pool's next look at its backends.
    pub(crate) fn set_config(&self, config: Option<HedgeConfig>) {
        let shared = &self.shared;
        if self.config() != config {
            shared.config.store(config.map(Arc::new));
            shared.delay.store(NEVER, Ordering::Relaxed);
        }
    }

    /// After which time without an answer a request is hedged; `None`: not at all. One load.
    pub fn delay(&self) -> Option<Duration> {
        let nanos = self.shared.delay.load(Ordering::Relaxed);
        (nanos != NEVER).then(|| Duration::from_nanos(nanos))
    }

    /// Learns from the latencies of the pool's backends.
    pub(crate) fn learn<'a>(&self, now: Tick, histograms: impl Iterator<Item = &'a Histogram>) {
        let shared = &self.shared;
        let config = shared.config.load();
        let Some(config) = config.as_deref() else {
            return;
        };
        let learned = learn(histograms, config.percentile, now);
        let samples = learned.map_or(0, |learned| learned.samples);
        shared.samples.store(samples, Ordering::Relaxed);
        let delay = learned
            .filter(|learned| learned.samples >= u64::from(config.minimum_requests))
            .map(|learned| saturating_nanos(learned.latency.max(config.min_delay)));
        shared
            .delay
            .store(delay.unwrap_or(NEVER), Ordering::Relaxed);
    }

    /// Decides whether a request that is late is sent to a second backend, and charges the budget if so.
    ///
    /// # Errors
    /// Why not. The budget comes last, because only a hedge that is sent may cost.
    pub fn decide(
        &self,
        situation: &Situation,
        budget: &RetryBudget,
        now: Tick,
    ) -> Result<(), Withheld> {
        let late = self.shared.late.fetch_add(1, Ordering::Relaxed);
        let against = situation
            .against()
            .or_else(|| (late >= CROWD).then_some(Withheld::Crowd))
            .or_else(|| (!budget.withdraw_spare(now)).then_some(Withheld::BudgetEmpty));
        match against {
            Some(why) => {
                self.shared.withheld[why as usize].fetch_add(1, Ordering::Relaxed);
                Err(why)
            }
            None => {
                self.shared.sent.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    /// An attempt of a request that may be hedged, or a hedge, was answered after `took`. One load, unless requests
    /// were late before it.
    pub fn answered(&self, took: Duration) {
        let late = &self.shared.late;
        if late.load(Ordering::Relaxed) > 0 && self.delay().is_some_and(|delay| took < delay) {
            late.store(0, Ordering::Relaxed);
        }
    }

    /// A hedge was answered well before the attempt that it was sent for.
    pub fn won(&self) {
        self.shared.won.fetch_add(1, Ordering::Relaxed);
    }

    /// A hedge was not needed any more.
    pub fn lost(&self) {
        self.shared.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// A hedge failed.
    pub fn failed(&self) {
        self.shared.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// All numbers.
    pub fn snapshot(&self) -> HedgeSnapshot {
        let shared = &self.shared;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        HedgeSnapshot {
            name: Arc::clone(&shared.name),
            delay: self.delay(),
            samples: read(&shared.samples),
            sent: read(&shared.sent),
            won: read(&shared.won),
            lost: read(&shared.lost),
            failed: read(&shared.failed),
            withheld: core::array::from_fn(|i| read(&shared.withheld[i])),
        }
    }
}
