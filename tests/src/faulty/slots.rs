//! A capacity: so many requests are worked on at once, and the others wait in a queue.
//!
//! The queue is a real one: a request that was read waits for its turn and is worked on even if its
//! client has gone meanwhile, as in servers that hand work to threads. That is what makes an overload
//! outlive its cause.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// The workers of a backend.
#[derive(Debug)]
pub(super) struct Slots {
    permits: Semaphore,
    /// When each free worker should have been done, the one that is free longest first.
    free: Mutex<VecDeque<Instant>>,
}

/// A worker that is taken.
struct Taken<'a> {
    slots: &'a Slots,
    done: Instant,
    _permit: SemaphorePermit<'a>,
}

// === impl Slots ===

impl Slots {
    pub(super) fn new(number: usize) -> Self {
        Self {
            permits: Semaphore::new(number),
            free: Mutex::new(vec![Instant::now(); number].into()),
        }
    }

    /// Waits for a worker and for its work.
    pub(super) async fn work(&self, lasts: Duration) {
        // The semaphore is never closed, and there are as many permits as workers.
        let Ok(permit) = self.permits.acquire().await else {
            return;
        };
        let Some(free) = self.lock().pop_front() else {
            return;
        };
        // Timers are late by up to a millisecond. A worker that goes on with the next in the queue
        // starts when it should have been done, or the capacity would be less than what was asked for.
        let now = Instant::now();
        let late = now.saturating_duration_since(free);
        let begin = if late < SLACK { free } else { now };
        let taken = Taken {
            slots: self,
            done: begin + lasts,
            _permit: permit,
        };
        sleep_until(taken.done).await;
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Instant>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A worker that has been free for longer was waiting for work, and not for a timer.
const SLACK: Duration = Duration::from_millis(5);

// === impl Taken ===

impl Drop for Taken<'_> {
    /// Also when a killed connection takes its work with it: then the worker is free at once.
    fn drop(&mut self) {
        self.slots.lock().push_back(self.done.min(Instant::now()));
    }
}
