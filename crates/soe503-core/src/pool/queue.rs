//! Who waits for a backend with room.
//!
//! A request that finds all backends full may stand in line for a place. The line is the one of the
//! concurrency limit ([`crate::limit`]): the important first, and the newest first once many are sent away.
//! A lease of a backend with a limit that ends calls the next in line, who picks then; should somebody be
//! faster, its place at the head is kept. As long as anybody waits, nobody who comes passes by.
//!
//! Room that comes about otherwise, by a backend that returns or a slow start that goes on, calls nobody:
//! who waits looks for itself now and then, and whoever finds room calls the next if there is more.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::affinity::Ask;
use crate::limit::{Class, Line, State};

/// Those who wait for a place at a backend.
#[derive(Debug)]
pub(super) struct Queue {
    /// Those in line, and those who were called and have not picked yet.
    alive: AtomicU32,
    line: Mutex<Line<Waker>>,
    /// How many had to wait and got a place, ever.
    pub(super) served: AtomicU64,
    /// How many did not, ever.
    pub(super) refused: AtomicU64,
}

/// Where one of them stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// In line.
    Waits,
    /// At the head of it.
    Called,
    /// Sent away.
    Evicted,
}

// === impl Queue ===

impl Queue {
    pub(super) const fn new() -> Self {
        Self {
            alive: AtomicU32::new(0),
            line: Mutex::new(Line::new()),
            served: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// Whether others have to be served before whoever asks so.
    #[inline]
    pub(super) fn is_ahead_of(&self, ask: &Ask<'_>) -> bool {
        self.alive.load(Ordering::Relaxed) > 0 && !ask.called
    }

    /// How many stand in line.
    pub(super) fn waiting(&self) -> u32 {
        match self.alive.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.line().waiting(),
        }
    }

    /// A place in line; none if `most` wait who are no less important than `class`.
    pub(super) fn join(&self, class: Class, most: u32, now: crate::Tick) -> Option<u32> {
        let mut evicted = None;
        let mut line = self.line();
        line.came(now, 0.0);
        if line.waiting() >= most {
            let lower = Class::ALL.into_iter().take_while(|lower| *lower < class);
            let found = lower.into_iter().find_map(|lower| line.evict(lower));
            let Some(waker) = found else {
                line.note_refused(class);
                return None;
            };
            evicted = waker;
        }
        let place = line.join(class, now);
        // Said before it looks for room: whoever makes some looks here after that.
        self.alive.fetch_add(1, Ordering::SeqCst);
        drop(line);
        if let Some(waker) = evicted {
            waker.wake();
        }
        Some(place)
    }

    /// A place has become free: calls the next in line, if anybody waits.
    #[inline]
    pub(super) fn call_next(&self, max_wait: Duration) {
        if self.alive.load(Ordering::SeqCst) > 0 {
            self.call(max_wait);
        }
    }

    #[cold]
    fn call(&self, max_wait: Duration) {
        let waker = self.line().grant(2 * max_wait).flatten();
        // Not under the lock: a waker runs what it likes.
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// What has become of the one at `place`; `waker` is kept if nothing has.
    pub(super) fn standing(&self, place: u32, waker: &Waker) -> Standing {
        let mut line = self.line();
        let state = line.look(place, |old| match old {
            Some(old) => old.clone_from(waker),
            None => *old = Some(waker.clone()),
        });
        match state {
            State::Granted => Standing::Called,
            State::Evicted => Standing::Evicted,
            State::Waiting(_) | State::Empty => Standing::Waits,
        }
    }

    /// Back to the head of the line.
    pub(super) fn put_back(&self, place: u32, waker: &Waker) {
        self.line().put_back(place, waker.clone());
    }

    /// Gives a place in line up. Whether it had been called.
    pub(super) fn leave(&self, place: u32) -> bool {
        let called = matches!(self.line().leave(place), State::Granted);
        self.alive.fetch_sub(1, Ordering::SeqCst);
        called
    }

    fn line(&self) -> MutexGuard<'_, Line<Waker>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
