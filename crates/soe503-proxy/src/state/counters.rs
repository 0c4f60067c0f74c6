//! What a pool counts, in atomics that a worker bumps and a scrape reads.
//!
//! One cell per (origin, status class, cause): a finished request costs one `fetch_add` (2.3 ns
//! measured, against 68 to 376 ns for a metrics macro). Sums such as [`PoolCounters::requests`]
//! are made by whoever asks, of the cells that were ever used. Nothing here allocates after construction.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use soe503::explain::Degraded;
use soe503_core::Cause;
use soe503_core::metastable::Counts;

use super::cells::Cells;
use super::{CheckCounts, Durations};

/// Who made a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// This proxy.
    Generated,
    /// A backend; it is passed on.
    Upstream,
}

/// The hundreds of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// No response: the client left before there was one.
    None,
    /// 2xx, and 101.
    Success,
    /// 3xx.
    Redirection,
    /// 4xx.
    ClientError,
    /// 5xx, and anything that is not a status.
    ServerError,
}

/// How one request ended.
#[derive(Clone, Copy, Debug)]
pub struct Finish {
    /// The status sent; `None` when the client left before there was one.
    pub status: Option<u16>,
    /// Who made the response.
    pub origin: Origin,
    /// Why it failed, if it did. Also set for a backend's own 5xx that is passed on.
    pub cause: Option<Cause>,
    /// How many times a backend was tried.
    pub attempts: u8,
    /// It failed at first and was saved by another attempt.
    pub prevented: bool,
    /// That was a hedge, which was under way already.
    pub hedged: bool,
    /// It failed, and this was given instead.
    pub degraded: Option<Degraded>,
    /// From its head to the end of its answer.
    pub took: Duration,
}

/// The counters of one pool. All only grow; they outlive a reload of the configuration.
#[derive(Debug)]
pub struct PoolCounters {
    cells: Cells,
    extra_attempts: AtomicU64,
    untried: AtomicU64,
    prevented: AtomicU64,
    prevented_by_hedges: AtomicU64,
    fallbacks: AtomicU64,
    stale: AtomicU64,
    failed_over: AtomicU64,
    /// Answers of ours with the cause of a failure that were given instead of it, and are no 5xx.
    instead: AtomicU64,
    taken_over: AtomicU64,
    moved: AtomicU64,
    /// How long requests took that were answered well.
    pub answered: Durations,
    /// How long those took that failed.
    pub failures: Durations,
    /// Health checks.
    pub checks: CheckCounts,
}

/// What a pool has counted so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Finished requests.
    pub requests: u64,
    /// Failures by cause, in the order of [`Cause::ALL`].
    pub failed: [u64; Cause::ALL.len()],
    /// Answers of ours about a failure that are no 5xx, likewise: what was given instead of one, and what gRPC
    /// is told, which is a failure all the same.
    pub soft: [u64; Cause::ALL.len()],
    /// Requests that were refused for their caller's own limit. They are no failures.
    pub limited: u64,
}

const CAUSES: usize = Cause::ALL.len() + 1;
const CELLS: usize = Origin::ALL.len() * Class::ALL.len() * CAUSES;

// === impl Origin ===

impl Origin {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Generated, Self::Upstream];

    /// `generated` or `upstream`, as in logs and metrics.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Upstream => "upstream",
        }
    }
}

// === impl Class ===

impl Class {
    /// All of them, in ascending order.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::Success,
        Self::Redirection,
        Self::ClientError,
        Self::ServerError,
    ];

    /// The class of `status`.
    pub const fn of(status: Option<u16>) -> Self {
        match status {
            None => Self::None,
            Some(101 | 200..=299) => Self::Success,
            Some(300..=399) => Self::Redirection,
            Some(400..=499) => Self::ClientError,
            Some(_) => Self::ServerError,
        }
    }

    /// `none`, `2xx`, `3xx`, `4xx` or `5xx`, as in metrics.
    pub const fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Success => "2xx",
            Self::Redirection => "3xx",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
        }
    }
}

// === impl Tally ===

impl Default for Tally {
    fn default() -> Self {
        Self {
            requests: 0,
            failed: [0; Cause::ALL.len()],
            soft: [0; Cause::ALL.len()],
            limited: 0,
        }
    }
}

// === impl PoolCounters ===

impl Default for PoolCounters {
    fn default() -> Self {
        Self {
            cells: Cells::new(CELLS),
            extra_attempts: AtomicU64::new(0),
            untried: AtomicU64::new(0),
            prevented: AtomicU64::new(0),
            prevented_by_hedges: AtomicU64::new(0),
            fallbacks: AtomicU64::new(0),
            stale: AtomicU64::new(0),
            failed_over: AtomicU64::new(0),
            instead: AtomicU64::new(0),
            taken_over: AtomicU64::new(0),
            moved: AtomicU64::new(0),
            answered: Durations::default(),
            failures: Durations::default(),
            checks: CheckCounts::default(),
        }
    }
}

impl PoolCounters {
    /// Counts a finished request. Call it once per request, when its result is known: at the end
    /// of the response's body, or when the client left.
    pub fn finish(&self, finish: &Finish) {
        let class = Class::of(finish.status);
        self.cells.add(index(finish.origin, class, finish.cause));
        match finish.attempts {
            0 => {
                self.untried.fetch_add(1, Relaxed);
            }
            1 => {}
            more => {
                self.extra_attempts.fetch_add(u64::from(more) - 1, Relaxed);
            }
        }
        match finish.degraded {
            Some(Degraded::Stale) => {
                self.stale.fetch_add(1, Relaxed);
            }
            Some(Degraded::Failover) => {
                self.failed_over.fetch_add(1, Relaxed);
            }
            Some(_) => {
                self.fallbacks.fetch_add(1, Relaxed);
            }
            None => {}
        }
        self.time(finish, class);
        let well = matches!(class, Class::Success | Class::Redirection);
        let explained = finish.origin == Origin::Generated && finish.cause.is_some();
        if finish.degraded.is_some() && well && explained {
            self.instead.fetch_add(1, Relaxed);
        }
        if finish.prevented {
            self.prevented.fetch_add(1, Relaxed);
            if finish.hedged {
                self.prevented_by_hedges.fetch_add(1, Relaxed);
            }
        }
    }

    /// Counts how long it took. Whose client left first has no time, and a tunnel's is not an answer's.
    fn time(&self, finish: &Finish, class: Class) {
        let failed = class == Class::ServerError || finish.cause.is_some();
        match finish.status {
            None | Some(101) => {}
            Some(_) if failed && finish.degraded.is_none() => self.failures.record(finish.took),
            Some(_) => self.answered.record(finish.took),
        }
    }

    /// Requests finished so far.
    pub fn requests(&self) -> u64 {
        self.cells.used().map(|(_, count)| count).sum()
    }

    /// Attempts made so far: first ones, retries and none for what was refused outright.
    pub fn attempts(&self) -> u64 {
        // Loaded before the sum, so that a request finishing meanwhile cannot make it negative.
        let untried = self.untried.load(Relaxed);
        let extra = self.extra_attempts.load(Relaxed);
        (self.requests() + extra).saturating_sub(untried)
    }

    /// Requests for which the route's fallback was given instead of a failure.
    pub fn fallbacks(&self) -> u64 {
        self.fallbacks.load(Relaxed)
    }

    /// Requests for which an older answer was given instead of a failure.
    pub fn stale(&self) -> u64 {
        self.stale.load(Relaxed)
    }

    /// Those of [`prevented`](Self::prevented) that were saved by a hedge.
    pub fn prevented_by_hedges(&self) -> u64 {
        self.prevented_by_hedges.load(Relaxed)
    }

    /// Requests of this pool that another one has answered.
    pub fn failed_over(&self) -> u64 {
        self.failed_over.load(Relaxed)
    }

    /// This pool gets a request that another could not serve.
    pub fn count_taken_over(&self) {
        self.taken_over.fetch_add(1, Relaxed);
    }

    /// How often that happened.
    pub fn taken_over(&self) -> u64 {
        self.taken_over.load(Relaxed)
    }

    /// Requests that failed at first and were saved by another attempt.
    pub fn prevented(&self) -> u64 {
        self.prevented.load(Relaxed)
    }

    /// A client's cookie named a backend, and another one has answered.
    pub fn client_moved(&self) {
        self.moved.fetch_add(1, Relaxed);
    }

    /// How often that happened.
    pub fn moved(&self) -> u64 {
        self.moved.load(Relaxed)
    }

    /// Requests that were answered with an error of ours, or with part of an answer. A backend's
    /// own 5xx is not in it, nor what the client itself broke or ended, nor what was answered with
    /// something else instead: an older answer, a static one, another pool's.
    pub fn failed(&self) -> u64 {
        // Loaded before the sum, as in `attempts`.
        let instead = self.instead.load(Relaxed);
        let with_cause: u64 = self
            .responses()
            .filter(|(origin, class, cause, _)| match class {
                Class::ServerError => *origin == Origin::Generated,
                Class::Success | Class::Redirection => cause.is_some(),
                Class::None | Class::ClientError => false,
            })
            .map(|(.., count)| count)
            .sum();
        with_cause.saturating_sub(instead)
    }

    /// How requests ended, for whoever looks whether an overload keeps itself going; of them `retries` were
    /// made.
    pub fn ends(&self, retries: u64) -> Counts {
        let untried = self.untried.load(Relaxed);
        let (mut all, mut left, mut good, mut late) = (0, 0, 0, 0);
        for (_, class, cause, count) in self.responses() {
            all += count;
            match (class, cause) {
                (Class::None, _) => left += count,
                (Class::ServerError, Some(cause)) if is_late(cause) => late += count,
                (Class::ServerError, _) | (_, Some(_)) => {}
                (_, None) => good += count,
            }
        }
        // A client that leaves early has not heard of any attempt.
        let shed = untried.saturating_sub(left);
        Counts {
            requests: all.saturating_sub(shed),
            retries,
            good,
            late: late + left,
            shed,
        }
    }

    /// Responses that nothing known explains.
    pub fn unexplained(&self) -> u64 {
        self.responses()
            .filter(|(_, _, cause, _)| *cause == Some(Cause::Unclassified))
            .map(|(.., count)| count)
            .sum()
    }

    /// What incidents are made from: finished requests without those whose client left, and those of them
    /// that failed, by cause. A backend's own 5xx is `dependency_failure/upstream_error`, whatever it was.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for (origin, class, cause, count) in self.responses() {
            if class == Class::None {
                continue;
            }
            tally.requests += count;
            let failed = match (origin, class, cause) {
                (Origin::Generated, Class::ServerError, cause) => {
                    Some(cause.unwrap_or(Cause::Unclassified))
                }
                (Origin::Upstream, Class::ServerError, cause) => {
                    Some(cause.unwrap_or(Cause::DependencyUpstreamError))
                }
                // Cut off, after its head was sent.
                (Origin::Upstream, Class::Success | Class::Redirection, cause) => cause,
                (Origin::Generated, Class::Success | Class::Redirection, Some(cause)) => {
                    tally.soft[cause as usize] += count;
                    None
                }
                (Origin::Generated, Class::ClientError, Some(Cause::OverloadRateLimited)) => {
                    tally.limited += count;
                    None
                }
                _ => None,
            };
            if let Some(cause) = failed {
                tally.failed[cause as usize] += count;
            }
        }
        tally
    }

    /// How many responses have these labels.
    pub fn count(&self, origin: Origin, class: Class, cause: Option<Cause>) -> u64 {
        self.cells.get(index(origin, class, cause))
    }

    /// The labels that any response had, and of how many each.
    pub fn responses(&self) -> impl Iterator<Item = (Origin, Class, Option<Cause>, u64)> {
        self.cells.used().map(|(index, count)| {
            let (origin, class, cause) = labels(index);
            (origin, class, cause, count)
        })
    }
}

/// Time ran out, rather than that something was wrong.
const fn is_late(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::DependencyResponseTimeout
            | Cause::DependencyConnectTimeout
            | Cause::ConfigTimeoutTooShort
            | Cause::OverloadPoolSaturated
            | Cause::OverloadAcceptBacklog
            | Cause::OverloadRetryStorm
    )
}

const fn index(origin: Origin, class: Class, cause: Option<Cause>) -> usize {
    let cause = match cause {
        None => 0,
        Some(cause) => cause as usize + 1,
    };
    (origin as usize * Class::ALL.len() + class as usize) * CAUSES + cause
}

/// The reverse of [`index`].
fn labels(index: usize) -> (Origin, Class, Option<Cause>) {
    let (row, cause) = (index / CAUSES, index % CAUSES);
    let (origin, class) = (row / Class::ALL.len(), row % Class::ALL.len());
    let cause = cause.checked_sub(1).map(|cause| Cause::ALL[cause]);
    (Origin::ALL[origin], Class::ALL[class], cause)
}

#[cfg(test)]
#[path = "counters_tests.rs"]
mod tests;
