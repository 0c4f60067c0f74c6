//! How much at once: a concurrency limit.
//!
//! **Why a plain counter.** In-flight requests are what a backend or a proxy runs out of; a rate
//! says nothing about requests that take long. A request gets a [`Slot`] or is refused at once:
//! waiting is the queue's business, and a semaphore that queues by itself would hide how long.
//!
//! **Failure mode.** A slot is given back when it is dropped, so a cancelled request or a panic
//! cannot leak one. Lowering the limit evicts nobody: requests in flight finish, and nothing new
//! is admitted until the count is below the new limit. The counter is exact: a refusal never makes
//! a concurrent, admissible request fail (no add-then-undo).

use core::fmt;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::Arc;

/// A named limit on how many things happen at once. A cheap-clone handle: clones count together.
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit {
    shared: Arc<Shared>,
}

/// Permission to be one of the requests in flight. Dropping it makes room.
#[derive(Debug)]
#[must_use = "dropping the slot gives it back at once"]
pub struct Slot {
    shared: Arc<Shared>,
}

/// The limit is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitReached {
    name: Arc<str>,
    limit: u32,
    in_use: u32,
}

/// What a limit looks like at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitSnapshot {
    /// The limit's name.
    pub name: Arc<str>,
    /// How many may be in flight.
    pub limit: u32,
    /// How many are.
    pub in_use: u32,
    /// How many were admitted, ever.
    pub admitted: u64,
    /// How many were refused, ever.
    pub refused: u64,
}

#[derive(Debug)]
struct Shared {
    name: Arc<str>,
    limit: AtomicU32,
    in_use: AtomicU32,
    admitted: AtomicU64,
    refused: AtomicU64,
}

// === impl ConcurrencyLimit ===

impl ConcurrencyLimit {
    /// A limit of `limit` in flight. 0 refuses everything; `u32::MAX` is no limit in practice.
    pub fn new(name: impl Into<Arc<str>>, limit: u32) -> Self {
        Self {
            shared: Arc::new(Shared {
                name: name.into(),
                limit: AtomicU32::new(limit),
                in_use: AtomicU32::new(0),
                admitted: AtomicU64::new(0),
                refused: AtomicU64::new(0),
            }),
        }
    }

    /// The limit's name.
    pub fn name(&self) -> &Arc<str> {
        &self.shared.name
    }

    /// A slot, if there is room.
    ///
    /// # Errors
    /// [`LimitReached`] when as many are in flight as may be.
    pub fn try_acquire(&self) -> Result<Slot, LimitReached> {
        let shared = &self.shared;
        let limit = shared.limit.load(Ordering::Relaxed);
        let taken = shared
            .in_use
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |n| {
                (n < limit).then_some(n + 1)
            });
        match taken {
            Ok(_) => {
                shared.admitted.fetch_add(1, Ordering::Relaxed);
                Ok(Slot {
                    shared: Arc::clone(shared),
                })
            }
            Err(in_use) => {
                shared.refused.fetch_add(1, Ordering::Relaxed);
                Err(LimitReached {
                    name: Arc::clone(&shared.name),
                    limit,
                    in_use,
                })
            }
        }
    }

    /// Changes the limit, for clones of the handle too. Slots that are out stay valid.
    pub fn set_limit(&self, limit: u32) {
        self.shared.limit.store(limit, Ordering::Relaxed);
    }

    /// How many may be in flight.
    pub fn limit(&self) -> u32 {
        self.shared.limit.load(Ordering::Relaxed)
    }

    /// How many are in flight.
    pub fn in_use(&self) -> u32 {
        self.shared.in_use.load(Ordering::Relaxed)
    }

    /// All numbers.
    pub fn snapshot(&self) -> LimitSnapshot {
        LimitSnapshot {
            name: Arc::clone(&self.shared.name),
            limit: self.limit(),
            in_use: self.in_use(),
            admitted: self.shared.admitted.load(Ordering::Relaxed),
            refused: self.shared.refused.load(Ordering::Relaxed),
        }
    }
}

// === impl Slot ===

impl Drop for Slot {
    fn drop(&mut self) {
        self.shared.in_use.fetch_sub(1, Ordering::Release);
    }
}

// === impl LimitReached ===

impl LimitReached {
    /// Which limit.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its value when it refused.
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// How many were in flight when it refused. Above the limit if that was lowered meanwhile.
    pub const fn in_use(&self) -> u32 {
        self.in_use
    }
}

impl fmt::Display for LimitReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            limit,
            in_use,
        } = self;
        write!(
            f,
            "concurrency limit `{name}` reached: {in_use} in flight, {limit} allowed"
        )
    }
}

impl core::error::Error for LimitReached {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_at_the_limit_and_recovers_on_drop() {
        let limit = ConcurrencyLimit::new("app", 2);
        let first = limit.try_acquire().unwrap();
        let _second = limit.clone().try_acquire().unwrap();
        let refused = limit.try_acquire().unwrap_err();
        assert_eq!((refused.limit(), refused.in_use()), (2, 2));
        assert_eq!(
            refused.to_string(),
            "concurrency limit `app` reached: 2 in flight, 2 allowed"
        );
        drop(first);
        assert_eq!(limit.in_use(), 1);
        let _third = limit.try_acquire().unwrap();
        let seen = limit.snapshot();
        assert_eq!((seen.admitted, seen.refused, seen.in_use), (3, 1, 2));
    }

    #[test]
    fn a_lowered_limit_evicts_nobody() {
        let limit = ConcurrencyLimit::new("app", 3);
        let mut slots: Vec<Slot> = (0..3).map(|_| limit.try_acquire().unwrap()).collect();
        limit.set_limit(1);
        assert_eq!(limit.try_acquire().unwrap_err().in_use(), 3);
        slots.truncate(1);
        assert!(limit.try_acquire().is_err(), "one in flight, one allowed");
        slots.clear();
        assert!(limit.try_acquire().is_ok());
    }

    #[test]
    fn zero_refuses_everything() {
        assert!(ConcurrencyLimit::new("closed", 0).try_acquire().is_err());
    }

    #[test]
    fn never_more_than_the_limit_between_threads() {
        let limit = ConcurrencyLimit::new("app", 3);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let slot = limit.try_acquire();
                        assert!(limit.in_use() <= 3);
                        drop(slot);
                    }
                });
            }
        });
        let seen = limit.snapshot();
        assert_eq!(seen.in_use, 0);
        assert_eq!(seen.admitted + seen.refused, 8_000);
    }
}
