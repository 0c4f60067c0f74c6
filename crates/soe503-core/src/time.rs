//! Monotonic time as a number.

use core::num::NonZeroU64;
use core::time::Duration;

use serde::{Deserialize, Serialize};

/// A point on a monotonic clock, in nanoseconds since an epoch that the shell chooses.
///
/// The core never asks for the time; shells pass a `Tick` in. Differences saturate at zero, so a
/// clock that stands still or a late message never panics and never yields a negative age.
///
/// `Option<Tick>` is no larger than a tick: futures, leases and permits are full of times that may not
/// be known yet, and are moved through every layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tick(
    /// Nanoseconds and one.
    NonZeroU64,
);

impl Tick {
    /// The epoch itself.
    pub const ZERO: Self = Self(NonZeroU64::MIN);
    /// Later than every other tick: "never".
    pub const MAX: Self = Self(NonZeroU64::MAX);

    /// The tick `nanos` nanoseconds after the epoch, at most [`Tick::MAX`].
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(nanos))
    }

    /// The tick `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self::from_nanos(millis.saturating_mul(1_000_000))
    }

    /// The tick `secs` seconds after the epoch.
    pub const fn from_secs(secs: u64) -> Self {
        Self::from_nanos(secs.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds since the epoch.
    pub const fn as_nanos(self) -> u64 {
        self.0.get() - 1
    }

    /// Time from `earlier` to `self`; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(earlier.0.get()))
    }

    /// `self` plus `duration`, at most [`Tick::MAX`].
    #[must_use]
    pub const fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(saturating_nanos(duration)))
    }

    /// `self` minus `duration`, at least [`Tick::ZERO`].
    #[must_use]
    pub const fn before(self, duration: Duration) -> Self {
        Self::from_nanos(self.as_nanos().saturating_sub(saturating_nanos(duration)))
    }
}

impl Default for Tick {
    fn default() -> Self {
        Self::ZERO
    }
}

/// Nanoseconds of `duration`, at most `u64::MAX` (584 years).
pub const fn saturating_nanos(duration: Duration) -> u64 {
    let nanos = duration.as_nanos();
    if nanos > u64::MAX as u128 {
        u64::MAX
    } else {
        nanos as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_saturate() {
        let a = Tick::from_secs(1);
        let b = Tick::from_secs(3);
        assert_eq!(b.since(a), Duration::from_secs(2));
        assert_eq!(a.since(b), Duration::ZERO);
        assert_eq!(Tick::MAX.after(Duration::from_secs(1)), Tick::MAX);
        assert_eq!(a.before(Duration::from_secs(5)), Tick::ZERO);
        assert_eq!(Tick::ZERO.after(Duration::MAX), Tick::MAX);
    }

    #[test]
    fn nanoseconds_come_back_and_cost_no_room() {
        for nanos in [0, 1, 1_000_000_007, u64::MAX - 1] {
            assert_eq!(Tick::from_nanos(nanos).as_nanos(), nanos);
        }
        assert_eq!(Tick::from_nanos(u64::MAX), Tick::MAX);
        assert_eq!(Tick::ZERO.as_nanos(), 0);
        assert_eq!(Tick::default(), Tick::ZERO);
        assert_eq!(size_of::<Option<Tick>>(), 8);
    }

    #[test]
    fn a_duration_without_end_is_the_longest() {
        let longest = Duration::from_nanos(u64::MAX);
        for (duration, nanos) in [
            (Duration::ZERO, 0),
            (longest - Duration::from_nanos(1), u64::MAX - 1),
            (longest, u64::MAX),
            (longest + Duration::from_nanos(1), u64::MAX),
            (Duration::MAX, u64::MAX),
        ] {
            assert_eq!(saturating_nanos(duration), nanos);
        }
    }
}
