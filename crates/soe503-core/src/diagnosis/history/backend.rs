//! A backend's seconds.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

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
        }
    }

    pub(super) fn push(&mut self, second: BackendSecond, oldest: u64) {
        if second.attempts > 0 || second.failures > 0 || second.in_flight > 0 {
            self.seconds.push_back(second);
        }
        while self.seconds.front().is_some_and(|s| s.at <= oldest) {
            self.seconds.pop_front();
        }
    }

    /// The seconds after `from`, oldest first.
    pub fn after(&self, from: u64) -> impl Iterator<Item = &BackendSecond> + Clone {
        self.seconds.iter().filter(move |s| s.at > from)
    }

    /// The seconds up to `until`.
    pub fn before(&self, until: u64) -> impl Iterator<Item = &BackendSecond> + Clone {
        self.seconds.iter().filter(move |s| s.at <= until)
    }

    /// Attempts and failures after `from`.
    pub fn tally(&self, from: u64) -> (u64, u64) {
        self.after(from).fold((0, 0), |(all, failed), s| {
            (all + u64::from(s.attempts), failed + u64::from(s.failures))
        })
    }

    /// Attempts that were answered well after `from`, at least: begun, not failed, not under way.
    pub fn answered(&self, from: u64) -> u64 {
        let before = self.before(from).last().map_or(0, |s| s.in_flight);
        let after = self.after(from).last().map_or(0, |s| s.in_flight);
        let (all, failed) = self.tally(from);
        (all + u64::from(before)).saturating_sub(failed + u64::from(after))
    }
}
