//! What a limit says about itself.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Class;
use crate::Cause;
use crate::ledger::Refusal;

/// A request was turned away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitReached {
    pub(super) name: Arc<str>,
    pub(super) why: Turned,
    pub(super) limit: u32,
    pub(super) in_use: u32,
    pub(super) waiting: u32,
    pub(super) waited: Duration,
    pub(super) class: Class,
    pub(super) typical: Duration,
}

/// At which point a request was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Turned {
    /// The limit is reached, and nobody may wait.
    AtOnce,
    /// The line is too long, or somebody more important took the place in it.
    LineFull,
    /// Its turn did not come, or could not have come, in time.
    TooLate,
}

/// What a limit looks like at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitSnapshot {
    /// The limit's name.
    pub name: Arc<str>,
    /// The limit in force: how many may be in flight, or wait for an answer if `why` is
    /// [`LimitWhy::Testing`] or [`LimitWhy::Saturated`].
    pub limit: u32,
    /// Where it comes from.
    pub why: LimitWhy,
    /// How many are in flight.
    pub in_use: u32,
    /// How many of these wait for an answer.
    pub pending: u32,
    /// How many wait for their turn, by the order of [`Class::ALL`].
    pub waiting: [u32; 3],
    /// How long the one who waits longest has waited.
    pub oldest: Duration,
    /// What an answer usually takes; `None` before it is learnt, and without an adaptive limit.
    pub typical: Option<Duration>,
    /// How many were admitted, ever.
    pub admitted: u64,
    /// How many of these had to wait.
    pub waited: u64,
    /// How many were turned away, ever.
    pub refused: u64,
    /// The same, by the order of [`Class::ALL`].
    pub shed: [u64; 3],
}

/// Where the limit in force comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitWhy {
    /// The configured one.
    Fixed,
    /// Requests pile up at the backends, and whether fewer at once are answered as fast is being
    /// found out. Nobody is turned away for it.
    Testing,
    /// More at once would not be answered faster, as was measured.
    Saturated,
    /// The overload of the pool keeps itself going ([`metastable`](crate::metastable)): less is let in than
    /// could be done, until what is in the backends' queues has been worked off.
    Shedding,
}

// === impl LimitReached ===

impl LimitReached {
    /// Which limit.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// At which point.
    pub const fn why(&self) -> Turned {
        self.why
    }

    /// The limit when it refused.
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// How many were in flight when it refused. Above the limit if that was lowered meanwhile.
    pub const fn in_use(&self) -> u32 {
        self.in_use
    }

    /// How many waited for their turn.
    pub const fn waiting(&self) -> u32 {
        self.waiting
    }

    /// How long this one had waited.
    pub const fn waited(&self) -> Duration {
        self.waited
    }

    /// How important it was.
    pub const fn class(&self) -> Class {
        self.class
    }

    /// What this is called.
    pub const fn cause(&self) -> Cause {
        self.why.cause()
    }

    /// When coming back has a chance: when what waits now has been served, as far as that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        if self.typical.is_zero() || self.limit == 0 {
            return None;
        }
        Some(self.typical * (self.in_use + self.waiting) / self.limit)
    }
}

impl From<&LimitReached> for Refusal {
    fn from(reached: &LimitReached) -> Self {
        let (limit, in_use) = (u64::from(reached.limit), u64::from(reached.in_use));
        let cause = reached.cause();
        match reached.why {
            Turned::AtOnce => Self::Limit {
                cause,
                limit,
                in_use,
            },
            Turned::LineFull | Turned::TooLate => Self::Queue {
                cause,
                limit,
                in_use,
                waiting: u64::from(reached.waiting),
                waited: reached.waited,
                class: reached.class,
            },
        }
    }
}

impl fmt::Display for LimitReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            limit,
            in_use,
            waiting,
            ..
        } = self;
        write!(
            f,
            "concurrency limit `{name}` reached: {in_use} in flight, {limit} allowed"
        )?;
        match self.why {
            Turned::AtOnce => Ok(()),
            Turned::LineFull => write!(f, ", {waiting} waiting"),
            Turned::TooLate => write!(f, ", {waiting} waiting, waited {:?}", self.waited),
        }
    }
}

impl core::error::Error for LimitReached {}

// === impl Turned ===

impl Turned {
    /// What being turned away at this point is called.
    pub const fn cause(self) -> Cause {
        match self {
            Self::AtOnce => Cause::OverloadConcurrencyLimit,
            Self::LineFull => Cause::OverloadQueueFull,
            Self::TooLate => Cause::OverloadQueueTimeout,
        }
    }
}

// === impl LimitWhy ===

impl LimitWhy {
    /// The stable identifier.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Testing => "testing",
            Self::Saturated => "saturated",
            Self::Shedding => "shedding",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(limit: u32, in_use: u32, waiting: u32, typical: u64) -> LimitReached {
        LimitReached {
            name: "app".into(),
            why: Turned::LineFull,
            limit,
            in_use,
            waiting,
            waited: Duration::ZERO,
            class: Class::Normal,
            typical: Duration::from_millis(typical),
        }
    }

    /// So many at once, each in the usual time.
    #[test]
    fn there_is_room_once_those_before_were_served() {
        for (limit, in_use, waiting, typical, millis) in [
            (10, 10, 0, 100, Some(100)),
            (10, 10, 5, 100, Some(150)),
            (10, 10, 40, 100, Some(500)),
            (4, 3, 9, 20, Some(60)),
            (10, 10, 5, 0, None),
            (0, 0, 0, 100, None),
        ] {
            assert_eq!(
                reached(limit, in_use, waiting, typical).retry_after(),
                millis.map(Duration::from_millis),
                "{in_use} and {waiting} before it, {limit} at once, {typical} ms each"
            );
        }
    }
}
