//! Requests that fail again, by what names them.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use crate::Tick;

/// Tells whether a request that fails has failed a moment ago: its client repeats it, and does not say so (rule R13).
///
/// The newest failures are remembered, each in the one place that its hash leads to, so what is kept is bounded (8 KiB) and a
/// look costs a hash and two accesses. Nothing is done for a request that succeeds. **Failure mode:** of very many that
/// fail, some push others out before they come again, and the repeated are told to be fewer than they are.
#[derive(Debug, Default)]
pub struct Repeats {
    places: OnceLock<Box<[AtomicU64]>>,
    /// Clients choose what names their requests: where that leads to shall not be theirs to choose.
    hasher: RandomState,
}

const PLACES: usize = 1024;
/// The low bits of a place are the second, the others of the hash.
const SECOND: u64 = (1 << 24) - 1;
/// Who comes again later has not been waiting for it.
const WITHIN: Duration = Duration::from_secs(30);

impl Repeats {
    /// A request failed `now` that is the same as another if all of `name` is: its key, its method and its target.
    /// Whether it has failed before, within half a minute.
    pub fn failed(&self, name: (&[u8], &str, &str), now: Tick) -> bool {
        let none = || (0..PLACES).map(|_| AtomicU64::new(0)).collect();
        let places = self.places.get_or_init(none);
        let hash = self.hasher.hash_one(name);
        let second = now.as_nanos() / 1_000_000_000;
        let entry = hash & !SECOND | second & SECOND;
        let before = places[hash as usize % PLACES].swap(entry, Ordering::Relaxed);
        let age = second.wrapping_sub(before) & SECOND;
        before != 0 && before & !SECOND == hash & !SECOND && age <= WITHIN.as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Tick {
        Tick::from_secs(1_000 + second)
    }

    #[test]
    fn the_same_request_fails_again() {
        let repeats = Repeats::default();
        let failed = |name, second| repeats.failed(name, at(second));
        assert!(!failed((b"k1", "POST", "/pay"), 0));
        assert!(failed((b"k1", "POST", "/pay"), 1));
        assert!(failed((b"k1", "POST", "/pay"), 31), "thirty seconds later");
        assert!(!failed((b"k1", "POST", "/pay"), 62), "long ago");
        // One caller that asks for several things under one identifier repeats none of them.
        assert!(!failed((b"k1", "POST", "/ship"), 62));
        assert!(!failed((b"k1", "GET", "/pay"), 62));
        assert!(!failed((b"k2", "POST", "/pay"), 62));
    }

    #[test]
    fn what_is_kept_is_bounded_and_finds_nearly_all() {
        let repeats = Repeats::default();
        let name = |n: u32| n.to_be_bytes();
        let count = |from: u32, second| {
            let failed =
                (from..from + 100).filter(|n| repeats.failed((&name(*n), "GET", "/"), at(second)));
            failed.count()
        };
        assert_eq!(count(0, 0), 0);
        assert!(count(0, 1) >= 80, "few push each other out");
        assert_eq!(count(1_000_000, 1), 0, "others are not taken for them");
    }
}
