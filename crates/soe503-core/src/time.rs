//! Monotonic time as a number.

use core::time::Duration;

/// A point on a monotonic clock, in nanoseconds since an epoch that the shell chooses.
///
/// The core never asks for the time; shells pass a `Tick` in. Differences saturate at zero, so a
/// clock that stands still or a late message never panics and never yields a negative age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(u64);

impl Tick {
    /// The epoch itself.
    pub const ZERO: Self = Self(0);
    /// Later than every other tick: "never".
    pub const MAX: Self = Self(u64::MAX);

    /// The tick `nanos` nanoseconds after the epoch.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The tick `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// The tick `secs` seconds after the epoch.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds since the epoch.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Time from `earlier` to `self`; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// `self` plus `duration`, at most [`Tick::MAX`].
    #[must_use]
    pub const fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(saturating_nanos(duration)))
    }

    /// `self` minus `duration`, at least [`Tick::ZERO`].
    #[must_use]
    pub const fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(saturating_nanos(duration)))
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
}
