//! Counts of what is under way, apart for threads that would else wait for each other.

use core::array;
use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use super::circuit::Circuit;

/// How many lanes a circuit has. Threads are dealt out to them in turn; those of one lane share a count, as all would without.
/// A power of two, and 1 KiB for each circuit.
pub(super) const LANES: usize = 8;

/// All lanes to one circuit: what a handle counts.
///
/// Each in a cache line of its own, as are their counts: a thread that takes a permit writes to nothing that another reads.
#[repr(align(64))]
pub(super) struct Lanes {
    pub(super) circuit: Arc<Circuit>,
    lanes: [Arc<Lane>; LANES],
}

/// One way to the circuit: what a permit counts, so that it can outlive every handle.
#[repr(align(64))]
pub(super) struct Lane {
    pub(super) circuit: Arc<Circuit>,
    of: Weak<Lanes>,
}

impl Lanes {
    pub(super) fn to(circuit: Arc<Circuit>) -> Arc<Self> {
        Arc::new_cyclic(|lanes| Self {
            lanes: array::from_fn(|_| {
                Arc::new(Lane {
                    circuit: Arc::clone(&circuit),
                    of: Weak::clone(lanes),
                })
            }),
            circuit,
        })
    }

    /// That of the calling thread.
    #[inline]
    pub(super) fn mine(&self) -> Arc<Lane> {
        Arc::clone(&self.lanes[number() % LANES])
    }
}

impl Lane {
    /// The lanes that this is one of; new ones to its circuit if every handle is gone.
    pub(super) fn siblings(&self) -> Arc<Lanes> {
        let lanes = self.of.upgrade();
        lanes.unwrap_or_else(|| Lanes::to(Arc::clone(&self.circuit)))
    }
}

/// The calling thread's, the same for as long as it lives. Threads get successive ones as they first ask.
#[inline]
fn number() -> usize {
    thread_local! {
        static NUMBER: Cell<usize> = const { Cell::new(UNKNOWN) };
    }
    const UNKNOWN: usize = usize::MAX;

    #[cold]
    fn next() -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        NUMBER.set(number);
        number
    }

    match NUMBER.get() {
        UNKNOWN => next(),
        number => number,
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::breaker::BreakerConfig;

    fn lanes() -> Arc<Lanes> {
        let circuit = Circuit::new("app".into(), BreakerConfig::default(), 1);
        Lanes::to(Arc::new(circuit))
    }

    #[test]
    fn no_two_counts_share_a_cache_line() {
        let lanes = lanes();
        let line = |lane: &Arc<Lane>| (&raw const **lane).addr() / 64;
        let mut lines: Vec<_> = lanes.lanes.iter().map(line).collect();
        lines.push((&raw const *lanes).addr() / 64);
        lines.sort_unstable();
        // Before what an `Arc` holds, there are its counts: one line for them, one for the rest.
        assert!(
            lines.windows(2).all(|two| two[1] - two[0] >= 2),
            "{lines:?}"
        );
    }

    #[test]
    fn a_thread_keeps_its_lane_and_threads_have_several() {
        let lanes = lanes();
        assert!(Arc::ptr_eq(&lanes.mine(), &lanes.mine()));
        let of = |_| {
            let one = thread::scope(|scope| scope.spawn(|| lanes.mine()).join());
            Arc::as_ptr(&one.expect("no panic"))
        };
        let first = of(0);
        // Other tests' threads are dealt out in between.
        let others = (1..100).filter(|&n| of(n) != first).count();
        assert!(others > 50, "{others} of 99");
    }

    #[test]
    fn a_lane_finds_its_siblings_and_makes_them_anew_when_they_are_gone() {
        let lanes = lanes();
        let lane = lanes.mine();
        assert!(Arc::ptr_eq(&lane.siblings(), &lanes));
        drop(lanes);
        assert!(Arc::ptr_eq(&lane.siblings().circuit, &lane.circuit));
    }
}
