//! How many requests may wait for an answer at once, found out from how they are answered.

mod limited;
mod open;
mod round;
mod trickle;

use core::time::Duration;

use crate::Tick;
use limited::{Limited, Next};
use open::Open;

/// What happened since the last look, and what is the case now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// Requests admitted, ever.
    pub(super) admitted: u64,
    /// Requests that wait for an answer.
    pub(super) pending: u32,
    /// Requests that wait for their turn.
    pub(super) waiting: u32,
    /// What was answered since the last look.
    pub(super) answers: Answers,
    /// The limit is not put below this.
    pub(super) floor: u32,
}

/// Answers of a while.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answers {
    pub(super) count: u32,
    /// Nanoseconds, all together.
    pub(super) total: f64,
    /// The binary logarithms of their nanoseconds, all together.
    pub(super) logs: f64,
}

/// What holds until the next look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ruling {
    /// How many may wait for an answer at once. `None`: as many as like.
    pub(super) limit: Option<u32>,
    /// How many are answered per second at this limit, once it is proven that more would not help.
    pub(super) proven: Option<f64>,
    /// The next look.
    pub(super) next: Tick,
    /// What an answer usually takes.
    pub(super) typical: Option<Duration>,
}

/// The algorithm.
#[derive(Debug)]
pub(super) struct Adaptive {
    open: Open,
    limited: Option<Limited>,
    looked: Tick,
}

/// An answer is slow from this multiple of the usual on.
const SLOW: f64 = 1.5;
/// Shortest and longest time between two looks.
const SHORTEST_LOOK: f64 = 5e6;
const LONGEST_LOOK: f64 = 250e6;

impl Adaptive {
    pub(super) const fn new() -> Self {
        Self {
            open: Open::new(),
            limited: None,
            looked: Tick::ZERO,
        }
    }

    pub(super) fn look(&mut self, now: Tick, seen: &Seen) -> Ruling {
        let past = now.since(self.looked).as_nanos() as f64;
        self.looked = now;
        match &mut self.limited {
            None => {
                if let Some(alarm) = self.open.look(past, seen) {
                    self.limited = Some(Limited::begin(&alarm, seen));
                }
            }
            Some(limited) => match limited.look(past, seen) {
                Next::Stay => {}
                Next::Open { usual, excused } => {
                    self.limited = None;
                    self.open.resume(usual, excused);
                }
            },
        }
        self.ruling(now)
    }

    fn ruling(&self, now: Tick) -> Ruling {
        let base = self.open.base();
        let half = base.map_or(20e6, |base| base / 2.0);
        let pause = half.clamp(SHORTEST_LOOK, LONGEST_LOOK);
        let limited = self.limited.as_ref();
        Ruling {
            limit: limited.map(Limited::limit),
            proven: limited.and_then(Limited::proven),
            next: now.after(Duration::from_nanos(pause as u64)),
            typical: base.map(|base| Duration::from_nanos(base as u64)),
        }
    }
}

impl Ruling {
    /// Nothing is known, and nothing limited.
    pub(super) const NONE: Self = Self {
        limit: None,
        proven: None,
        next: Tick::ZERO,
        typical: None,
    };
}

impl Answers {
    const NONE: Self = Self {
        count: 0,
        total: 0.0,
        logs: 0.0,
    };

    /// The mean, in nanoseconds.
    pub(super) fn mean(&self) -> f64 {
        self.total / f64::from(self.count)
    }

    pub(super) fn mean_log(&self) -> f64 {
        self.logs / f64::from(self.count)
    }

    pub(super) fn add(&mut self, more: &Self) {
        self.count = self.count.saturating_add(more.count);
        self.total += more.total;
        self.logs += more.logs;
    }
}
