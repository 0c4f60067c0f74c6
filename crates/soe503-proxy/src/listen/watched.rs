//! The connections of one worker that are watched.
//!
//! A connection has a place among them for as long as it lives, and gives it back itself: whoever
//! remembers a connection that has ended keeps the memory of its task, and the next one begins in memory
//! that is in no cache.

use std::cell::RefCell;
use std::sync::Arc;

use tokio::task::AbortHandle;

use super::watch::{Patience, Watch};

thread_local! {
    static WATCHED: RefCell<All> = const { RefCell::new(All::new()) };
}

/// The place of one connection. Its drop is the connection's end.
#[derive(Debug)]
pub(crate) struct Place(usize);

#[derive(Debug)]
struct All {
    places: Vec<Option<Watched>>,
    /// Places of connections that have ended, for the next.
    free: Vec<usize>,
}

#[derive(Debug)]
struct Watched {
    watch: Arc<Watch>,
    /// Its listener's; there is one of these for every connection, so it is not a copy.
    patience: Arc<Patience>,
    /// What serves it; `None` until it has begun.
    task: Option<AbortHandle>,
}

impl Place {
    /// A place for a connection whose client is given so much patience.
    pub(crate) fn take(watch: Arc<Watch>, patience: Arc<Patience>) -> Self {
        let watched = Watched {
            watch,
            patience,
            task: None,
        };
        WATCHED.with_borrow_mut(|all| Self(all.add(watched)))
    }

    /// For [`serves`], which needs the task that the place itself has moved into.
    pub(crate) fn number(&self) -> usize {
        self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A thread that is ending watches nobody. What was in the place is dropped outside of it.
        let _gone = WATCHED.try_with(|all| all.borrow_mut().remove(self.0));
    }
}

/// `task` serves the connection in place `number`.
pub(crate) fn serves(number: usize, task: AbortHandle) {
    WATCHED.with_borrow_mut(|all| {
        if let Some(Some(watched)) = all.places.get_mut(number) {
            watched.task = Some(task);
        }
    });
}

/// Ends the connections that `is_late` says it of.
pub(super) fn end(is_late: impl Fn(&Watch, Patience) -> bool) {
    // Aborting drops the connection later, in the runtime: nothing here is re-entered.
    WATCHED.with_borrow(|all| {
        for watched in all.places.iter().flatten() {
            if is_late(&watched.watch, *watched.patience)
                && let Some(task) = &watched.task
            {
                task.abort();
            }
        }
    });
}

impl All {
    const fn new() -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
        }
    }

    fn add(&mut self, watched: Watched) -> usize {
        let Some(number) = self.free.pop() else {
            self.places.push(Some(watched));
            return self.places.len() - 1;
        };
        if let Some(place) = self.places.get_mut(number) {
            *place = Some(watched);
        }
        number
    }

    fn remove(&mut self, number: usize) -> Option<Watched> {
        let watched = self.places.get_mut(number)?.take()?;
        self.free.push(number);
        Some(watched)
    }
}

/// How many are watched.
#[cfg(test)]
pub(super) fn count() -> usize {
    WATCHED.with_borrow(|all| all.places.iter().flatten().count())
}
