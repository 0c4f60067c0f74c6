//! A pool's seconds.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{BackendHistory, BackendSecond, Label, Usual};
use crate::Tick;
use crate::cause::Cause;

/// What happened to a pool in one second. All numbers are of that second alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Second {
    /// Which: whole seconds since the clock's epoch.
    pub at: u64,
    /// Requests that came: those that ended, and by how many more are under way now.
    pub offered: u32,
    /// Of them, those that their clients call retries, as far as can be told from those that failed.
    pub again: u32,
    /// Attempts of ours beyond the first.
    pub retries: u32,
    /// Requests that ended well.
    pub good: u32,
    /// Clients that left before there was an answer.
    pub left: u32,
    /// Requests refused without asking a backend.
    pub shed: u32,
    /// Requests refused for their callers' own limits.
    pub limited: u32,
    /// Requests under way at its end.
    pub pending: u32,
    /// Why requests failed, each with its count.
    pub failures: Vec<(Cause, u32)>,
    /// Why attempts failed, each with its count, be it that another one has saved the request.
    pub spoiled: Vec<(Cause, u32)>,
}

/// The last fifteen minutes of one pool.
#[derive(Clone, Debug, Default)]
pub struct History {
    seconds: VecDeque<Second>,
    backends: Vec<BackendHistory>,
    /// The newest second, be it empty.
    newest: u64,
    /// What was usual when that was last worked out, and in which second it is worked out next.
    usual: Option<Usual>,
    next_usual: u64,
    /// Moves the seconds of [`History::EVERY`], so that many pools do not share one.
    phase: u64,
}

// === impl Second ===

impl Second {
    /// Requests that failed.
    pub fn failed(&self) -> u32 {
        self.failures.iter().map(|(_, count)| count).sum()
    }

    /// All is well: nine of ten requests and more, and no failure in a hundred.
    pub fn is_healthy(&self) -> bool {
        self.good > 0 && self.failed() * 100 <= self.good && self.left * 10 <= self.good
    }

    fn is_empty(&self) -> bool {
        self.offered == 0
            && self.retries == 0
            && self.pending == 0
            && self.failures.is_empty()
            && self.spoiled.is_empty()
    }
}

// === impl History ===

impl History {
    /// How many seconds are kept.
    pub const SECONDS: u64 = 15 * 60;
    /// How many backends of a pool are followed.
    pub const MOST_BACKENDS: usize = 64;
    /// The seconds that are "now".
    pub const NOW: u64 = 10;
    /// How often, in seconds, what is usual is worked out: a sort of all seconds of all backends, which ten more
    /// hardly change once there are many.
    pub const EVERY: u64 = 10;
    /// As long as no more seconds than this are known, each counts, and it is worked out with each.
    const FEW: usize = 60;

    /// Nothing known. Of histories of different `phase`, not all work out what is usual in the same second.
    pub fn new(phase: u64) -> Self {
        Self {
            phase,
            ..Self::default()
        }
    }

    /// A second of the pool, and those of its backends. A backend that is not named has left.
    pub fn push(&mut self, second: Second, backends: impl Iterator<Item = (Label, BackendSecond)>) {
        self.newest = self.newest.max(second.at);
        let oldest = self.newest.saturating_sub(Self::SECONDS);
        if !second.is_empty() {
            self.seconds.push_back(second);
        }
        while self.seconds.front().is_some_and(|s| s.at <= oldest) {
            self.seconds.pop_front();
        }
        let mut before = core::mem::take(&mut self.backends);
        for (label, second) in backends.take(Self::MOST_BACKENDS) {
            let known = before.iter().position(|b| b.label.name == label.name);
            let mut history = known.map_or_else(
                || BackendHistory::new(label.clone(), self.newest),
                |at| before.swap_remove(at),
            );
            history.label = label;
            history.push(second, oldest);
            self.backends.push(history);
        }
        if self.seconds.len() <= Self::FEW || self.newest >= self.next_usual {
            self.next_usual = self.newest + Self::EVERY - (self.newest + self.phase) % Self::EVERY;
            self.work_out_usual();
        }
    }

    fn work_out_usual(&mut self) {
        let well: Vec<u64> = self.healthy().map(|s| s.at).collect();
        self.usual = Usual::of(self, &well);
        let until = self.usual_until();
        for backend in &mut self.backends {
            backend.work_out_usual(until, &well);
        }
    }

    /// The backends that are followed.
    pub fn backends(&self) -> &[BackendHistory] {
        &self.backends
    }

    /// The backend with this name.
    pub fn backend(&self, name: &str) -> Option<&BackendHistory> {
        self.backends.iter().find(|b| *b.label.name == *name)
    }

    /// The last `seconds` seconds, oldest first; those in which nothing happened are missing.
    pub fn last(&self, seconds: u64) -> impl Iterator<Item = &Second> + Clone {
        let from = self.newest.saturating_sub(seconds);
        // Rules ask for the last few of nine hundred, again and again.
        let first = self.seconds.partition_point(|s| s.at <= from);
        self.seconds.range(first..)
    }

    /// The newest second.
    pub const fn newest(&self) -> u64 {
        self.newest
    }

    /// What is usual: of the seconds in which all was well, before the last ten, in which something may be about to
    /// begin, or before whatever has begun in those. `None` if there are fewer than four of them. As of some
    /// seconds ago ([`History::EVERY`]) once more than a minute is known.
    pub const fn usual(&self) -> Option<&Usual> {
        self.usual.as_ref()
    }

    pub(super) fn healthy(&self) -> impl Iterator<Item = &Second> + Clone {
        let until = self.usual_until();
        let end = self.seconds.partition_point(|s| s.at <= until);
        self.seconds.range(..end).filter(|s| s.is_healthy())
    }

    /// The last second that may be usual. The one right before the first that was not well may hold its beginning.
    pub(super) fn usual_until(&self) -> u64 {
        let begun = self.last(Self::NOW).find(|s| !s.is_healthy());
        let until = self.newest.saturating_sub(Self::NOW);
        begun.map_or(until, |s| s.at.saturating_sub(2).max(until))
    }

    /// Why requests failed in the last `seconds` seconds, the most frequent first.
    pub fn causes(&self, seconds: u64) -> Vec<(Cause, u32)> {
        sums(self.last(seconds).flat_map(|s| &s.failures))
    }

    /// Why attempts failed in the last `seconds` seconds, the most frequent first.
    pub fn spoiled(&self, seconds: u64) -> Vec<(Cause, u32)> {
        sums(self.last(seconds).flat_map(|s| &s.spoiled))
    }

    /// The moment that a second begins.
    pub const fn tick(second: u64) -> Tick {
        Tick::from_secs(second)
    }

    /// Names of the backends that are followed.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.backends.iter().map(|b| &b.label.name)
    }
}

fn sums<'a>(counts: impl Iterator<Item = &'a (Cause, u32)>) -> Vec<(Cause, u32)> {
    let mut all: Vec<(Cause, u32)> = Vec::new();
    for (cause, count) in counts {
        match all.iter_mut().find(|(known, _)| known == cause) {
            Some((_, sum)) => *sum += count,
            None => all.push((*cause, *count)),
        }
    }
    all.sort_by_key(|(cause, count)| (core::cmp::Reverse(*count), *cause));
    all
}
