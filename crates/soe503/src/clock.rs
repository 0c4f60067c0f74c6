//! The one place where this crate asks for the time.
//!
//! Everything runs on tokio's clock, so `tokio::time::pause` and `start_paused` work on every
//! layer. A reading costs 20 to 30 ns, which is why layers pass it on in
//! [`RequestContext::now`](crate::RequestContext) instead of asking again. Who polls whole stacks can
//! make each poll a [`turn`], within which the clock is read once.

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use soe503_core::Tick;
use tokio::time::Instant;

/// An hour lies between the epoch and the first reading, so that a paused clock of another
/// runtime, started a little earlier, still reads as a positive number.
const HEAD_START: Duration = Duration::from_secs(3600);

thread_local! {
    static TURN: Cell<Turn> = const { Cell::new(Turn::None) };
}

/// What the clock said in the turn that this thread is in.
#[derive(Clone, Copy)]
enum Turn {
    /// There is none.
    None,
    /// Nobody has asked yet.
    Unread,
    Read(Tick),
}

/// Ends a turn, be it by a panic; one around it goes on.
struct EndTurn(Turn);

fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(|| {
        // The real clock, not a runtime's paused one: the epoch is shared by all runtimes.
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let now = Instant::from_std(std::time::Instant::now());
        now.checked_sub(HEAD_START).unwrap_or(now)
    })
}

/// Now, on tokio's monotonic clock; within a [`turn`], when it was first asked for in that.
#[must_use]
pub fn now() -> Tick {
    match TURN.get() {
        Turn::Read(now) => now,
        Turn::Unread => {
            let now = read();
            TURN.set(Turn::Read(now));
            now
        }
        Turn::None => read(),
    }
}

/// Now as the clock says it, also within a [`turn`]: for what measures the time that a turn itself takes.
#[must_use]
pub fn exactly() -> Tick {
    read()
}

fn read() -> Tick {
    let elapsed = Instant::now().saturating_duration_since(epoch());
    Tick::ZERO.after(elapsed)
}

/// Runs `poll`, during which [`now`] stands still once it has been read.
///
/// For a task that polls a whole stack: everything between two of its waits is one moment, and the
/// layers, the service and the body that ask for the time in it get one reading. `poll` must not
/// block, as no poll may: times would be too early by as much.
pub fn turn<T>(poll: impl FnOnce() -> T) -> T {
    let _end = EndTurn(TURN.replace(Turn::Unread));
    poll()
}

impl Drop for EndTurn {
    fn drop(&mut self) {
        TURN.set(self.0);
    }
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

    #[tokio::test(start_paused = true)]
    async fn stands_still_within_a_turn() {
        let second = Duration::from_secs(1);
        let mut advance = tokio_test::task::spawn(tokio::time::advance(second));
        let (before, within) = turn(|| {
            let before = now();
            let _advanced = advance.poll();
            (before, now())
        });
        advance.await;
        assert_eq!(within, before);
        assert_eq!(now().since(before), second, "and goes on after it");
    }

    #[test]
    fn a_panic_ends_a_turn() {
        let broken = std::panic::catch_unwind(|| {
            turn(|| {
                let _read = now();
                panic!("in the middle");
            })
        });
        assert!(broken.is_err());
        assert!(matches!(TURN.get(), Turn::None));
    }

    #[test]
    fn never_is_far_away_and_no_panic() {
        assert!(instant(Tick::MAX) > Instant::now() + Duration::from_secs(3600));
    }
}
