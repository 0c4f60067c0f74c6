//! The one place where this crate asks for the time.
//!
//! Everything runs on tokio's clock, so `tokio::time::pause` and `start_paused` work on every
//! layer. A reading costs 20 to 30 ns, which is why layers pass it on in
//! [`RequestContext::now`](crate::RequestContext) instead of asking again.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use soe503_core::Tick;
use tokio::time::Instant;

/// An hour lies between the epoch and the first reading, so that a paused clock of another
/// runtime, started a little earlier, still reads as a positive number.
const HEAD_START: Duration = Duration::from_secs(3600);

fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(|| {
        // The real clock, not a runtime's paused one: the epoch is shared by all runtimes.
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let now = Instant::from_std(std::time::Instant::now());
        now.checked_sub(HEAD_START).unwrap_or(now)
    })
}

/// Now, on tokio's monotonic clock.
#[must_use]
pub fn now() -> Tick {
    let elapsed = Instant::now().saturating_duration_since(epoch());
    Tick::ZERO.after(elapsed)
}

/// The tokio instant of `tick`, for timers. A tick too far away to be represented becomes a
/// century from now.
#[must_use]
pub fn instant(tick: Tick) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
    epoch()
        .checked_add(tick.since(Tick::ZERO).min(CENTURY))
        .unwrap_or_else(|| Instant::now() + HEAD_START)
}

/// Wall-clock seconds since 1970, for display and for reading HTTP dates. Never for timers.
#[must_use]
pub fn unix_seconds() -> i64 {
    i64::try_from(unix_millis() / 1000).unwrap_or(i64::MAX)
}

/// Wall-clock milliseconds since 1970; 0 before that.
pub(crate) fn unix_millis() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "wall time for display, and only here"
    )]
    let now = SystemTime::now();
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn follows_the_paused_clock() {
        let before = now();
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(now().since(before), Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn ticks_and_instants_agree() {
        let at = now().after(Duration::from_millis(250));
        tokio::time::sleep_until(instant(at)).await;
        assert!(now() >= at, "a timer never fires before its tick");
    }

    #[test]
    fn never_is_far_away_and_no_panic() {
        assert!(instant(Tick::MAX) > Instant::now() + Duration::from_secs(3600));
    }
}
