//! One request's place in the room.

use core::task::{Poll, Waker};
use core::time::Duration;

use super::room::WaitingRoom;

/// A place in a [`WaitingRoom`], from the moment at which a request begins to wait until it is over.
///
/// Dropped, it is free. If it had been called, that calls the next one: whoever is called has to
/// use its turn, or somebody else must.
#[derive(Debug)]
#[must_use = "dropping the place leaves the room"]
pub struct Place {
    room: WaitingRoom,
    number: u64,
    standing: Standing,
    /// How many had been called when it last looked.
    seen: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// In the room.
    Waits,
    /// Called, and trying.
    Called,
    /// Trying without having been called, because time has passed.
    Stepped,
    /// It is over.
    Done,
}

impl Place {
    pub(super) fn new(room: WaitingRoom, number: u64) -> Self {
        Self {
            seen: room.calls(),
            room,
            number,
            standing: Standing::Waits,
        }
    }

    /// Ready once this place was called. Until then, `waker` is woken when it is.
    pub fn poll_called(&mut self, waker: &Waker) -> Poll<()> {
        if self.standing == Standing::Waits && self.room.is_called(self.number, waker) {
            self.standing = Standing::Called;
        }
        match self.standing {
            Standing::Waits => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    /// Tries without having been called.
    pub fn step_out(&mut self) {
        if self.standing == Standing::Waits {
            let in_time = self.room.leave(self.number);
            self.standing = if in_time {
                Standing::Stepped
            } else {
                Standing::Called
            };
        }
    }

    /// The way is free, and this one was not called for a while: calls one if nobody has been called
    /// since it last looked, as whoever should have called next may have failed.
    pub fn look(&mut self) {
        if self.room.calls() == self.seen {
            self.room.call(1);
        }
        self.seen = self.room.calls();
    }

    /// Turned away once more: waits again, where it stood. Nobody is called for it, as what turned
    /// this one away would turn away the next.
    pub fn wait_again(&mut self) {
        if matches!(self.standing, Standing::Called | Standing::Stepped) {
            self.room.back(self.number);
            self.standing = Standing::Waits;
        }
    }

    /// The request was answered well, `took` after it was sent: two more may try, or fewer if answers have
    /// become slow.
    pub fn answered(mut self, took: Duration) {
        if self.standing != Standing::Waits {
            self.standing = Standing::Done;
            self.room.count_answered();
            self.room.call(self.room.followers(took));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let call = match self.standing {
            Standing::Waits => !self.room.leave(self.number),
            Standing::Called => true,
            Standing::Stepped | Standing::Done => false,
        };
        self.room.give_up();
        if call {
            self.room.call(1);
        }
    }
}
