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
