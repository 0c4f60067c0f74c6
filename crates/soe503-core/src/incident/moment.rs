//! A moment on both clocks.

use crate::Tick;

/// One moment: the tick decides, the date is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// On the monotonic clock.
    pub tick: Tick,
    /// In milliseconds since 1970.
    pub unix_ms: i64,
}

impl Moment {
    /// The moment of `tick`, by this one.
    #[must_use]
    pub fn of(self, tick: Tick) -> Self {
        let millis = |ahead: core::time::Duration| i64::try_from(ahead.as_millis());
        let ahead = millis(tick.since(self.tick)).unwrap_or(i64::MAX);
        let behind = millis(self.tick.since(tick)).unwrap_or(i64::MAX);
        Self {
            tick,
            unix_ms: self.unix_ms.saturating_add(ahead).saturating_sub(behind),
        }
    }
}
