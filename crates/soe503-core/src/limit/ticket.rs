//! A place in line.

use std::sync::Arc;
use std::task::Waker;

use super::line::State;
use super::shared::Shared;
use super::snapshot::Turned;
use super::{Class, LimitReached, Slot};
use crate::Tick;

/// A place in line. Dropping it gives it up, and with it whatever it would have been given.
#[derive(Debug)]
#[must_use = "dropping the ticket leaves the line"]
pub struct Ticket {
    pub(super) shared: Arc<Shared>,
    /// `None`: left.
    pub(super) place: Option<u32>,
    pub(super) class: Class,
    pub(super) since: Tick,
    /// When waiting any longer is useless, because the request's deadline comes before an answer.
    pub(super) cut: Option<Tick>,
}

impl Ticket {
    /// Whether it is this one's turn. `None`: not yet, and `waker` is woken when that may change; ask
    /// again at [`Self::due`] by yourself.
    ///
    /// # Errors
    /// [`LimitReached`] when it will not come. The ticket is used up by either.
    pub fn poll(&mut self, now: Tick, waker: &Waker) -> Option<Result<Slot, LimitReached>> {
        let place = self.place?;
        // If nobody comes and nothing is answered, those who wait are the only ones who can look.
        self.shared.look(now);
        let (granted, evicted) = self.shared.standing(place, waker);
        if granted {
            self.shared.leave(place);
            self.place = None;
            return Some(Ok(Slot::new(Arc::clone(&self.shared), now)));
        }
        let late = now >= self.due();
        if !evicted && !late {
            return None;
        }
        let why = if evicted {
            Turned::LineFull
        } else {
            Turned::TooLate
        };
        self.place = None;
        // Its turn may have come at this very moment.
        if matches!(self.shared.leave(place), State::Granted) {
            return Some(Ok(Slot::new(Arc::clone(&self.shared), now)));
        }
        let waited = now.since(self.since);
        Some(Err(self.shared.turned_away(why, self.class, waited)))
    }

    /// Gives the place up, and with it whatever it would have been given.
    pub fn leave(&mut self) {
        if let Some(place) = self.place.take()
            && matches!(self.shared.leave(place), State::Granted)
        {
            self.shared.release(true);
        }
    }

    /// When this request is turned away if nothing happens; it may become later.
    pub fn due(&self) -> Tick {
        let aged = self.shared.patience().map(|wait| self.since.after(wait));
        [aged, self.cut]
            .into_iter()
            .flatten()
            .fold(Tick::MAX, Tick::min)
    }

    /// When to ask again at the latest: patience may end before anybody says so.
    pub fn ask_again(&self, now: Tick) -> Tick {
        let soon = now.after(self.shared.max_wait());
        self.due().min(soon)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.leave();
    }
}
