//! The last minutes in steps of five seconds: what charts show.
//!
//! Read from counters that exist; a request pays nothing. The sum of all pools is kept with failures by cause, each
//! pool with three numbers per step: 2 KiB for a pool, and nothing for one that nobody has asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use soe503_api::Timestamp;
use soe503_core::Cause;

use super::clock::Anchor;
use crate::state::{Proxy, Tally};

/// How long a step is.
pub const STEP: Duration = Duration::from_secs(5);
/// How many steps are kept: fifteen minutes.
pub const STEPS: usize = 180;

/// The history of a process.
#[derive(Debug, Default)]
pub struct History {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// It has been looked once, so that there is something to count from.
    begun: bool,
    all: VecDeque<Step>,
    pools: BTreeMap<Arc<str>, PoolHistory>,
}

#[derive(Debug, Default)]
struct PoolHistory {
    before: Option<Before>,
    /// As far as it was ever asked; ends with the latest step.
    counts: VecDeque<Counts>,
}

/// A pool's counters when they were last read.
#[derive(Debug)]
struct Before {
    tally: Tally,
    saved: u64,
}

/// A step of all pools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Its end.
    pub at: Timestamp,
    /// What was counted in it.
    pub counts: Counts,
    /// Failures by cause; causes without any are left out.
    pub causes: Vec<(Cause, u32)>,
}

/// What was counted in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Finished requests.
    pub requests: u32,
    /// Those that failed.
    pub failed: u32,
    /// Those that would have failed.
    pub saved: u32,
}

/// What charts are drawn from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// All pools, oldest first; none yet in the first five seconds.
    pub all: Vec<Step>,
    /// The pools that were ever asked, oldest step first; the last one is that of `all`.
    pub pools: BTreeMap<Arc<str>, Vec<Counts>>,
}

/// Looks every five seconds, for ever; the caller ends it by dropping the future.
pub(super) async fn run(proxy: Arc<Proxy>) {
    let mut ticks = tokio::time::interval(STEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        proxy.history.look(&proxy, Anchor::now());
    }
}

// === impl History ===

impl History {
    /// Takes in the step that ends now.
    pub fn look(&self, proxy: &Proxy, anchor: Anchor) {
        let pools = proxy.pools();
        let mut kept = self.kept();
        kept.pools.retain(|name, _| pools.contains_key(name));
        let mut step = Step {
            at: anchor.date(anchor.tick()),
            ..Step::default()
        };
        for (name, pool) in pools.iter() {
            let known = kept.pools.entry(Arc::clone(name)).or_default();
            let saved = pool.counters.prevented()
                + pool.counters.stale()
                + pool.counters.fallbacks()
                + pool.counters.failed_over();
            let tally = pool.counters.tally();
            known.add(tally, saved, &mut step);
        }
        // The first look measures nothing, and a step of zeros would say that nobody came.
        if std::mem::replace(&mut kept.begun, true) {
            push(&mut kept.all, step);
        }
    }

    /// What is known.
    pub fn shown(&self) -> Shown {
        let kept = self.kept();
        let asked = kept
            .pools
            .iter()
            .filter(|(_, pool)| !pool.counts.is_empty());
        Shown {
            all: kept.all.iter().cloned().collect(),
            pools: asked
                .map(|(name, pool)| (Arc::clone(name), pool.counts.iter().copied().collect()))
                .collect(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Whatever panicked, it is a list of what was counted; the next step goes on.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl PoolHistory ===

impl PoolHistory {
    fn add(&mut self, tally: Tally, saved: u64, sum: &mut Step) {
        let now = Before { tally, saved };
        // The first look only says from where to count.
        let Some(before) = self.before.replace(now) else {
            return;
        };
        let Some(now) = &self.before else { return };
        let mut counts = Counts {
            requests: less(now.tally.requests, before.tally.requests),
            failed: 0,
            saved: less(now.saved, before.saved),
        };
        let failed = now.tally.failed.iter().zip(&before.tally.failed);
        for (cause, (now, before)) in Cause::ALL.iter().zip(failed) {
            let failed = less(*now, *before);
            if failed == 0 {
                continue;
            }
            counts.failed = counts.failed.saturating_add(failed);
            match sum.causes.iter_mut().find(|(known, _)| known == cause) {
                Some((_, count)) => *count = count.saturating_add(failed),
                None => sum.causes.push((*cause, failed)),
            }
        }
        sum.counts.requests = sum.counts.requests.saturating_add(counts.requests);
        sum.counts.failed = sum.counts.failed.saturating_add(counts.failed);
        sum.counts.saved = sum.counts.saved.saturating_add(counts.saved);
        if !self.counts.is_empty() || counts != Counts::default() {
            push(&mut self.counts, counts);
        }
    }
}

fn less(now: u64, before: u64) -> u32 {
    u32::try_from(now.saturating_sub(before)).unwrap_or(u32::MAX)
}

fn push<T>(kept: &mut VecDeque<T>, new: T) {
    if kept.len() >= STEPS {
        kept.pop_front();
    }
    kept.push_back(new);
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
