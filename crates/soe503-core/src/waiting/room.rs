//! The room itself.

use core::task::Waker;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

use super::place::Place;
use crate::time::saturating_nanos;

/// What a busy machine adds to any answer, in nanoseconds.
const NOISE: u64 = 10_000_000;

/// Where requests wait to be called. A cheap-clone handle: clones are the same room.
#[derive(Clone, Debug)]
pub struct WaitingRoom {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    most: u32,
    queue: Mutex<Queue>,
    /// How many were ever called.
    calls: AtomicU64,
    /// The fastest answer since the door opened, in nanoseconds.
    fastest: AtomicU64,
    entered: AtomicU64,
    answered: AtomicU64,
    turned_away: AtomicU64,
}

/// Those who wait, by their numbers; `None` until they have left word where to be called.
#[derive(Debug, Default)]
struct Queue {
    next: u64,
    /// Places that are taken: of those who wait, and of those who were called and are trying. They may
    /// come back.
    taken: u32,
    places: BTreeMap<u64, Option<Waker>>,
}

/// A room as seen from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitingSnapshot {
    /// How many wait.
    pub waiting: u32,
    /// Places that are taken: of those who wait, and of those who try after having waited.
    pub taken: u32,
    /// How many may.
    pub most: u32,
    /// How many ever came in.
    pub entered: u64,
    /// How many of those were answered in the end.
    pub answered: u64,
    /// How many found the room full.
    pub turned_away: u64,
}

// === impl WaitingRoom ===

impl WaitingRoom {
    /// A room for `most` at a time.
    pub fn new(most: u32) -> Self {
        Self {
            shared: Arc::new(Shared {
                most,
                queue: Mutex::default(),
                calls: AtomicU64::new(0),
                fastest: AtomicU64::new(u64::MAX),
                entered: AtomicU64::new(0),
                answered: AtomicU64::new(0),
                turned_away: AtomicU64::new(0),
            }),
        }
    }

    /// Takes a place behind all others; `None` if there is none.
    pub fn enter(&self) -> Option<Place> {
        let shared = &*self.shared;
        let mut queue = self.queue();
        if queue.taken >= shared.most {
            drop(queue);
            shared.turned_away.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let number = queue.next;
        queue.next += 1;
        queue.taken += 1;
        queue.places.insert(number, None);
        drop(queue);
        shared.entered.fetch_add(1, Ordering::Relaxed);
        Some(Place::new(self.clone(), number))
    }

    /// Calls the `count` that have waited longest, or all if there are fewer.
    pub fn call(&self, count: u32) {
        let mut wakers: SmallVec<[Waker; 4]> = SmallVec::new();
        let mut unheard = 0;
        let mut queue = self.queue();
        for _ in 0..count {
            let Some((_, waker)) = queue.places.pop_first() else {
                break;
            };
            match waker {
                Some(waker) => wakers.push(waker),
                None => unheard += 1,
            }
        }
        drop(queue);
        let called = wakers.len() as u64 + unheard;
        self.shared.calls.fetch_add(called, Ordering::Relaxed);
        // Not under the lock: a waker runs what it likes.
        wakers.into_iter().for_each(Waker::wake);
    }

    /// What they wait for lets requests through again: calls the first `count`. How fast answers are is
    /// learned anew.
    pub fn open(&self, count: u32) {
        self.shared.fastest.store(u64::MAX, Ordering::Relaxed);
        self.call(count);
    }

    /// Calls everybody: there is nothing to wait for any more.
    pub fn call_all(&self) {
        let all = std::mem::take(&mut self.queue().places);
        all.into_values().flatten().for_each(Waker::wake);
    }

    /// How many wait.
    pub fn waiting(&self) -> u32 {
        u32::try_from(self.queue().places.len()).unwrap_or(u32::MAX)
    }

    /// Everything there is to show.
    pub fn snapshot(&self) -> WaitingSnapshot {
        let shared = &*self.shared;
        let queue = self.queue();
        let waiting = u32::try_from(queue.places.len()).unwrap_or(u32::MAX);
        let taken = queue.taken;
        drop(queue);
        WaitingSnapshot {
            waiting,
            taken,
            most: shared.most,
            entered: shared.entered.load(Ordering::Relaxed),
            answered: shared.answered.load(Ordering::Relaxed),
            turned_away: shared.turned_away.load(Ordering::Relaxed),
        }
    }

    /// Whether the place with this `number` was called; if not, `waker` is who is called.
    pub(super) fn is_called(&self, number: u64, waker: &Waker) -> bool {
        let mut queue = self.queue();
        let Some(place) = queue.places.get_mut(&number) else {
            return true;
        };
        match place {
            Some(known) => known.clone_from(waker),
            None => *place = Some(waker.clone()),
        }
        false
    }

    /// Back to the place with this `number`, which it still has.
    pub(super) fn back(&self, number: u64) {
        self.queue().places.insert(number, None);
    }

    /// Gives up its place.
    pub(super) fn give_up(&self) {
        let mut queue = self.queue();
        queue.taken = queue.taken.saturating_sub(1);
    }

    /// Leaves; `false` if the place was called already.
    pub(super) fn leave(&self, number: u64) -> bool {
        self.queue().places.remove(&number).is_some()
    }

    pub(super) fn calls(&self) -> u64 {
        self.shared.calls.load(Ordering::Relaxed)
    }

    /// How many may follow one that was answered after `took`: two, or one where that is twice as long as
    /// the fastest, or none where it is four times: then there are more under way than can be served.
    pub(super) fn followers(&self, took: Duration) -> u32 {
        let took = saturating_nanos(took);
        let fastest = self
            .shared
            .fastest
            .fetch_min(took, Ordering::Relaxed)
            .min(took);
        let slower = |times: u64| took > fastest.saturating_mul(times).saturating_add(NOISE);
        match (slower(2), slower(4)) {
            (_, true) => 0,
            (true, false) => 1,
            (false, false) => 2,
        }
    }

    pub(super) fn count_answered(&self) {
        self.shared.answered.fetch_add(1, Ordering::Relaxed);
    }

    /// What it guards is valid after any write.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.shared
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl WaitingSnapshot ===

impl WaitingSnapshot {
    /// Those who came in, have left, and were not answered.
    pub fn in_vain(&self) -> u64 {
        let here = self.answered.saturating_add(u64::from(self.taken));
        self.entered.saturating_sub(here)
    }
}
