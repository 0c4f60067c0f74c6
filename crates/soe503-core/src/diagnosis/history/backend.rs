//! A backend's seconds.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use super::Usual;

/// What happened to a backend in one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackendSecond {
    /// Which: whole seconds since the clock's epoch.
    pub at: u64,
    /// Attempts that began.
    pub attempts: u32,
    /// Attempts that failed.
    pub failures: u32,
    /// Attempts under way at its end.
    pub in_flight: u32,
    /// The median latency of those that ended; `None`: none did, or it is not known.
    pub p50: Option<Duration>,
    /// What 99 of 100 took at most.
    pub p99: Option<Duration>,
}

/// What is fixed about a backend, or changes rarely.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Its name.
    pub name: Arc<str>,
    /// What it runs, by its own account.
    pub release: Option<Arc<str>>,
    /// Where it stands.
    pub zone: Option<Arc<str>>,
    /// How busy it is by its own account: 1 is fully.
    pub utilization: Option<f64>,
    /// Its share still grows, or it has not been checked yet.
    pub starting: bool,
}

/// The last fifteen minutes of one backend.
#[derive(Clone, Debug)]
pub struct BackendHistory {
    /// What it is.
    pub label: Label,
    /// The second in which it was first seen.
    pub since: u64,
    seconds: VecDeque<BackendSecond>,
    usual_p50: Option<Duration>,
}

// === impl Label ===

impl Label {
    /// A backend of which no more is known.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            release: None,
            zone: None,
            utilization: None,
            starting: false,
        }
    }
}

// === impl BackendHistory ===

impl BackendHistory {
    pub(super) const fn new(label: Label, since: u64) -> Self {
        Self {
            label,
            since,
            seconds: VecDeque::new(),
            usual_p50: None,
        }
    }

    /// The median latency that is usual for it; as old as [`History::usual`](super::History::usual).
    pub const fn usual_p50(&self) -> Option<Duration> {
        self.usual_p50
    }

    /// Of the seconds up to `until` that are among those in which all was `well`.
    pub(super) fn work_out_usual(&mut self, until: u64, well: &[u64]) {
        let seconds = self.before(until);
        self.usual_p50 = Usual::of_one(seconds.filter(|s| well.binary_search(&s.at).is_ok()));
    }

    pub(super) fn push(&mut self, second: BackendSecond, oldest: u64) {
        // One in which only those ended that were under way is one as well.
        let under_way = self.seconds.back().map_or(0, |s| s.in_flight);
        let of = [second.attempts, second.failures, second.in_flight];
        if of != [0; 3] || under_way != 0 {
            self.seconds.push_back(second);
        }
        while self.seconds.front().is_some_and(|s| s.at <= oldest) {
            self.seconds.pop_front();
        }
    }

    /// The seconds after `from`, oldest first.
    pub fn after(&self, from: u64) -> impl DoubleEndedIterator<Item = &BackendSecond> + Clone {
        let first = self.seconds.partition_point(|s| s.at <= from);
        self.seconds.range(first..)
    }

    /// The seconds up to `until`.
    pub fn before(&self, until: u64) -> impl DoubleEndedIterator<Item = &BackendSecond> + Clone {
        let end = self.seconds.partition_point(|s| s.at <= until);
        self.seconds.range(..end)
    }

    /// Attempts and failures after `from`.
    pub fn tally(&self, from: u64) -> (u64, u64) {
        self.after(from).fold((0, 0), |(all, failed), s| {
            (all + u64::from(s.attempts), failed + u64::from(s.failures))
        })
    }

    /// Attempts that were answered well after `from`, at least: begun, not failed, not under way.
    pub fn answered(&self, from: u64) -> u64 {
        let before = self.before(from).next_back().map_or(0, |s| s.in_flight);
        let after = self.after(from).next_back().map_or(0, |s| s.in_flight);
        let (all, failed) = self.tally(from);
        (all + u64::from(before)).saturating_sub(failed + u64::from(after))
    }
}
