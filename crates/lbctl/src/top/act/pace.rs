//! An Enter that was meant for something else.
//!
//! Enter opens a menu's entry, and it does what a form asks. A key that is held down sends it again and again, and so
//! does a text with several lines where the terminal does not say that it is pasted. Neither is a decision.

use core::time::Duration;

use soe503_api::Timestamp;

use super::super::state::Key;

/// Longer than it takes until a key that is held down is sent for the second time.
const OPEN_FOR: Duration = Duration::from_millis(750);
/// Longer than between two times of such a key.
const BETWEEN_ENTERS: Duration = Duration::from_millis(250);
/// Nobody types as fast as what is pasted comes.
const AFTER_A_KEY: Duration = Duration::from_millis(30);

/// How keys came since a form was opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    opened: Timestamp,
    last: (Key, Timestamp),
}

impl Pace {
    /// An Enter has opened it.
    pub(super) const fn new(now: Timestamp) -> Self {
        Self {
            opened: now,
            last: (Key::Enter, now),
        }
    }

    /// Whether `key` came too soon to be meant.
    pub(super) fn hasty(&mut self, key: Key, now: Timestamp) -> bool {
        // A clock that was set back says nothing.
        let within = |at: Timestamp, pause| at <= now && now.since(at) < pause;
        let pause = match self.last.0 {
            Key::Enter => BETWEEN_ENTERS,
            _ => AFTER_A_KEY,
        };
        let soon = within(self.opened, OPEN_FOR) || within(self.last.1, pause);
        self.last = (key, now);
        soon
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enter_that_is_held_down_never_counts() {
        let at = Timestamp::from_unix_millis;
        let mut pace = Pace::new(at(10_000));
        for now in [10_100, 10_500, 10_749, 10_780, 10_900, 11_149, 11_398] {
            assert!(pace.hasty(Key::Enter, at(now)), "{now}");
        }
        assert!(!pace.hasty(Key::Enter, at(11_648)));
    }

    #[test]
    fn nor_does_one_out_of_a_pasted_text() {
        let at = Timestamp::from_unix_millis;
        let mut pace = Pace::new(at(10_000));
        assert!(!pace.hasty(Key::Letter('x'), at(12_000)));
        assert!(pace.hasty(Key::Enter, at(12_005)));
        assert!(!pace.hasty(Key::Letter('x'), at(13_000)));
        assert!(!pace.hasty(Key::Enter, at(13_030)));
        // Set back by a second.
        assert!(!pace.hasty(Key::Enter, at(9_000)));
    }
}
