//! Permission to be one of those in flight.

use std::sync::Arc;

use super::shared::Shared;
use crate::Tick;

/// Permission to be one of the requests in flight. Dropping it makes room.
#[derive(Debug)]
#[must_use = "dropping the slot gives it back at once"]
pub struct Slot {
    shared: Arc<Shared>,
    started: Tick,
    pending: bool,
}

impl Slot {
    pub(super) const fn new(shared: Arc<Shared>, started: Tick) -> Self {
        Self {
            shared,
            started,
            pending: true,
        }
    }

    /// The answer's head came `now`. From here on the request is in flight, and does not wait for an
    /// answer any more; how long it took is what an adaptive limit learns from.
    pub fn answered(&mut self, now: Tick) {
        if core::mem::take(&mut self.pending) {
            self.shared.answered(now, self.started);
        }
    }

    /// Somebody learns from how long it takes: the limit is adaptive. If nobody does, [`over`](Self::over) is as good as
    /// [`answered`](Self::answered), and needs no clock.
    #[inline]
    pub fn is_timed(&self) -> bool {
        self.shared.learns()
    }

    /// The client is still sending: the request is in flight, and nobody could answer it yet.
    pub fn set_aside(&mut self) {
        self.over();
    }

    /// All of the request was sent by `now`: if it was [set aside](Self::set_aside), it waits for an answer
    /// from now on.
    pub fn sent(&mut self, now: Tick) {
        if !core::mem::replace(&mut self.pending, true) {
            self.started = now;
            self.shared.waits_again();
        }
    }

    /// The wait for an answer is over, and how long it took says nothing: it failed, or took several
    /// attempts.
    pub fn over(&mut self) {
        if core::mem::take(&mut self.pending) {
            self.shared.over();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.shared.release(self.pending);
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::limit::{Arrival, ConcurrencyLimit, Entry, LimitConfig};

    fn adaptive() -> ConcurrencyLimit {
        let config = LimitConfig {
            adaptive: true,
            ..LimitConfig::fixed(100)
        };
        ConcurrencyLimit::with("app", config)
    }

    fn enter(limit: &ConcurrencyLimit, now: Tick) -> Slot {
        match limit.enter(now, Arrival::default) {
            Entry::Admitted(slot) => slot,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_is_still_sending_does_not_wait_for_an_answer() {
        let limit = adaptive();
        let count = || (limit.in_use(), limit.pending());
        let mut slot = enter(&limit, Tick::ZERO);
        assert_eq!(count(), (1, 1));
        slot.sent(Tick::from_secs(1));
        assert_eq!(count(), (1, 1), "it was not set aside");
        slot.set_aside();
        assert_eq!(count(), (1, 0));
        slot.set_aside();
        assert_eq!(count(), (1, 0));
        slot.sent(Tick::from_secs(2));
        assert_eq!(count(), (1, 1));
        drop(slot);
        assert_eq!(count(), (0, 0));
    }

    #[test]
    fn only_an_adaptive_limit_times_its_requests() {
        let limit = adaptive();
        let slot = enter(&limit, Tick::ZERO);
        assert!(slot.is_timed());
        limit.set_config(LimitConfig::fixed(100));
        assert!(!slot.is_timed());
    }

    /// What the limit learns from is the time of the backend, not that of a client that sends slowly.
    #[test]
    fn an_answer_takes_as_long_as_it_was_waited_for() {
        let limit = adaptive();
        for second in 1..=30 {
            let begin = Tick::from_secs(second);
            let sent = begin.after(Duration::from_millis(700));
            let mut slow = enter(&limit, begin);
            slow.set_aside();
            slow.sent(sent);
            slow.answered(sent.after(Duration::from_millis(100)));
        }
        let typical = limit.snapshot(Tick::from_secs(40)).typical;
        assert_eq!(typical, Some(Duration::from_millis(100)));
    }
}
