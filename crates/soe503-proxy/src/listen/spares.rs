//! Descriptors that are kept for when there are none left.
//!
//! A process that has as many files open as it may cannot even say so: the client waits in the kernel's queue until it
//! gives up, and nobody is told why. So a few descriptors are kept aside. When clients have waited for a while, one of
//! them is given up, and takes in one client: for one request, which a connection to a backend that is there
//! already may serve, and which is told about the limit otherwise. When that client is gone, the descriptor is
//! kept again.
//!
//! Failure mode: somebody else is faster and takes the descriptor in between. Then there is one less until the queue is
//! empty again.

use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// So many clients can be told at a time.
const MOST: usize = 4;

/// The descriptors of a process that are kept.
#[derive(Debug)]
pub(crate) struct Spares {
    kept: Mutex<Vec<File>>,
    /// One has come back.
    back: Notify,
}

/// A descriptor that was given up; its drop is the moment at which there is one again.
#[derive(Debug)]
pub(crate) struct Lent(Arc<Spares>);

impl Spares {
    /// As many as there is room for.
    pub(crate) fn new() -> Arc<Self> {
        let spares = Self {
            kept: Mutex::default(),
            back: Notify::new(),
        };
        spares.refill();
        Arc::new(spares)
    }

    /// Gives one up, if one is left.
    pub(crate) fn lend(self: &Arc<Self>) -> Option<Lent> {
        // Dropped here, which closes it.
        let _room = self.kept().pop()?;
        Some(Lent(Arc::clone(self)))
    }

    /// Keeps as many as there should be again, as far as there is room.
    pub(crate) fn refill(&self) {
        let mut kept = self.kept();
        while kept.len() < MOST {
            match File::open("/dev/null") {
                Ok(file) => kept.push(file),
                Err(_none_left) => return,
            }
        }
    }

    /// Resolves when one has come back.
    pub(crate) async fn come_back(&self) {
        self.back.notified().await;
    }

    fn kept(&self) -> MutexGuard<'_, Vec<File>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Ok(file) = File::open("/dev/null") {
            let mut kept = self.0.kept();
            if kept.len() < MOST {
                kept.push(file);
            }
        }
        self.0.back.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lent_comes_back() {
        let spares = Spares::new();
        let lent: Vec<Lent> = std::iter::from_fn(|| spares.lend()).collect();
        assert_eq!(lent.len(), MOST);
        assert!(spares.kept().is_empty());
        drop(lent);
        assert_eq!(spares.kept().len(), MOST);
    }

    #[tokio::test]
    async fn whoever_waits_for_one_is_told() {
        let spares = Spares::new();
        let lent = spares.lend().unwrap();
        let mut waiting = tokio_test::task::spawn(spares.come_back());
        tokio_test::assert_pending!(waiting.poll());
        drop(lent);
        assert!(waiting.is_woken());
        tokio_test::assert_ready!(waiting.poll());
    }

    #[test]
    fn what_was_lost_is_filled_up() {
        let spares = Spares::new();
        let _gone = spares.kept().pop();
        spares.refill();
        assert_eq!(spares.kept().len(), MOST);
    }
}
