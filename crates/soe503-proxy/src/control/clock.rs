//! Wall time, for display only.
//!
//! Every decision runs on [`Tick`]; people read dates. The two meet here and nowhere else, so a
//! clock that jumps can spoil a timestamp but never a timeout.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use soe503_api::Timestamp;
use soe503_core::Tick;
use soe503_core::incident::Moment;

/// Time since 1970, UTC. Before 1970 (a broken clock) it is zero.
#[allow(clippy::disallowed_methods)] // the one place of the control plane that asks for the date
pub fn unix_now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// So far may two clocks be apart that show the same.
const AGREE: Duration = Duration::from_secs(1);

/// One moment on both clocks, by which any other [`Tick`] becomes a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    tick: Tick,
    unix: Duration,
}

impl Anchor {
    /// The same moment on both clocks: `tick` on the monotonic one, `unix` since 1970.
    pub const fn new(tick: Tick, unix: Duration) -> Self {
        Self { tick, unix }
    }

    /// Now, on both clocks.
    pub fn now() -> Self {
        Self::new(soe503::clock::now(), unix_now())
    }

    /// This moment with the date that follows from `earlier`, so that whatever has not changed is told the same date to
    /// the nanosecond; its own date once somebody has set the wall clock.
    #[must_use]
    pub fn dated_by(self, earlier: Self) -> Self {
        let unix = earlier.unix(self.tick);
        match unix.abs_diff(self.unix) <= AGREE {
            true => Self { unix, ..self },
            false => self,
        }
    }

    /// The moment of this anchor on the monotonic clock.
    pub const fn tick(&self) -> Tick {
        self.tick
    }

    /// The moment of this anchor, as the core wants it.
    pub fn moment(&self) -> Moment {
        Moment {
            tick: self.tick,
            unix_ms: i64::try_from(self.unix.as_millis()).unwrap_or(i64::MAX),
        }
    }

    /// When `tick` was (or will be), since 1970. Saturates at 1970.
    pub fn unix(&self, tick: Tick) -> Duration {
        if tick >= self.tick {
            self.unix.saturating_add(tick.since(self.tick))
        } else {
            self.unix.saturating_sub(self.tick.since(tick))
        }
    }

    /// When `tick` was (or will be), as a date.
    pub fn date(&self, tick: Tick) -> Timestamp {
        Timestamp::default().after(self.unix(tick))
    }

    /// The tick of `date`; dates before the epoch of the ticks become that epoch.
    pub fn tick_of(&self, date: Timestamp) -> Tick {
        let unix = Duration::from_millis(date.unix_millis());
        match unix.checked_sub(self.unix) {
            Some(ahead) => self.tick.after(ahead),
            None => self.tick.before(self.unix.saturating_sub(unix)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor() -> Anchor {
        Anchor::new(Tick::from_secs(100), Duration::from_secs(1_795_369_268))
    }

    #[test]
    fn what_has_not_changed_keeps_its_date_until_the_wall_clock_is_set() {
        let event = Tick::from_secs(70);
        let later = |unix_ms| Anchor::new(Tick::from_secs(160), Duration::from_millis(unix_ms));
        for jitter in [1_795_369_327_000, 1_795_369_328_003, 1_795_369_329_000] {
            let anchor = later(jitter).dated_by(self::anchor());
            assert_eq!(anchor.date(event), self::anchor().date(event), "{jitter}");
        }
        for set in [1_795_369_326_999, 1_795_369_329_001, 0] {
            assert_eq!(later(set).dated_by(self::anchor()), later(set), "{set}");
        }
    }

    #[test]
    fn ticks_become_dates_on_both_sides_of_the_anchor_and_come_back() {
        for (millis, date) in [
            (100_000, "2026-11-22T17:41:08.000Z"),
            (101_250, "2026-11-22T17:41:09.250Z"),
            (40_000, "2026-11-22T17:40:08.000Z"),
        ] {
            let tick = Tick::from_millis(millis);
            assert_eq!(anchor().date(tick).to_string(), date);
            assert_eq!(anchor().tick_of(anchor().date(tick)), tick);
        }
    }

    #[test]
    fn no_date_panics() {
        let early = Anchor::new(Tick::MAX, Duration::ZERO);
        assert_eq!(early.unix(Tick::ZERO), Duration::ZERO);
        assert_eq!(anchor().tick_of(Timestamp::default()), Tick::ZERO);
        assert!(anchor().tick_of(Timestamp::from_unix_secs(u64::MAX)) > Tick::from_secs(100));
    }
}
