//! How late the timers of this process's event loops are: what a thread that is too busy, or is not let run, does
//! to everything on it.
//!
//! Each loop has a timer anyway, and says how late it was. Nothing else is measured, so a stall between two looks is
//! seen by chance: four times a second on a worker, forty times on the control thread. A loop that stands still
//! says nothing at all; whoever reads counts that as well.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::time::saturating_nanos;

/// The loops that run.
#[derive(Debug, Default)]
pub struct Loops(Mutex<Vec<Weak<Loop>>>);

/// One event loop. Written by its own thread, read by whoever scrapes; gone from the list when it is dropped.
#[derive(Debug)]
pub struct Loop {
    name: Box<str>,
    /// Requests wait for it.
    serves: bool,
    /// From one look to the next.
    every: Duration,
    /// The most since [`Loops::take`], in nanoseconds.
    taken: AtomicU64,
    /// When it looked last, in nanoseconds.
    last: AtomicU64,
    /// Looks that came later than [`LATE`].
    late: AtomicU64,
    /// The worst of the even and the odd windows, in nanoseconds.
    worst: [AtomicU64; 2],
    /// The numbers of those windows.
    windows: [AtomicU64; 2],
}

/// How late a loop has been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopSnapshot {
    /// The thread's name.
    pub name: Box<str>,
    /// The longest in the last 30 to 60 seconds.
    pub worst: Duration,
    /// How often it was more than 50 ms, ever.
    pub late: u64,
}

/// What somebody waits for notices this.
const LATE: Duration = Duration::from_millis(50);
/// The worst is told of this window and the one before: scrapes are rarely further apart.
const WINDOW: Duration = Duration::from_secs(30);

// === impl Loops ===

impl Loops {
    /// A loop called `name` that looks every so often, from now on.
    pub fn add(&self, name: &str, every: Duration, now: Tick) -> Arc<Loop> {
        self.add_one(name.into(), false, every, now)
    }

    /// The same for one that serves requests.
    pub fn add_worker(&self, number: usize, every: Duration, now: Tick) -> Arc<Loop> {
        self.add_one(format!("worker-{number}").into(), true, every, now)
    }

    fn add_one(&self, name: Box<str>, serves: bool, every: Duration, now: Tick) -> Arc<Loop> {
        let new = Arc::new(Loop {
            name,
            serves,
            every,
            taken: AtomicU64::new(0),
            last: AtomicU64::new(now.as_nanos()),
            late: AtomicU64::new(0),
            worst: Default::default(),
            windows: Default::default(),
        });
        let mut known = self.known();
        known.retain(|known| known.strong_count() > 0);
        known.push(Arc::downgrade(&new));
        new
    }

    /// All that run, in the order in which they began.
    pub fn snapshot(&self, now: Tick) -> Vec<LoopSnapshot> {
        let known = self.known();
        let running = known.iter().filter_map(Weak::upgrade);
        running.map(|one| one.snapshot(now)).collect()
    }

    /// How late those that serve were at most since this was last asked, be it that one has not come back at all.
    /// `None`: none runs.
    pub fn take(&self, now: Tick) -> Option<Duration> {
        let known = self.known();
        let serving = known.iter().filter_map(Weak::upgrade);
        serving
            .filter(|one| one.serves)
            .map(|one| one.take(now))
            .max()
    }

    fn known(&self) -> MutexGuard<'_, Vec<Weak<Loop>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Loop ===

impl Loop {
    /// It looks, so much later than it wanted to.
    pub fn looked(&self, now: Tick, lag: Duration) {
        self.last.store(now.as_nanos(), Relaxed);
        if lag > LATE {
            self.late.fetch_add(1, Relaxed);
        }
        let window = window(now);
        let slot = usize::from(window % 2 == 1);
        if self.windows[slot].swap(window, Relaxed) != window {
            self.worst[slot].store(0, Relaxed);
        }
        self.worst[slot].fetch_max(saturating_nanos(lag), Relaxed);
        self.taken.fetch_max(saturating_nanos(lag), Relaxed);
    }

    fn take(&self, now: Tick) -> Duration {
        let late = Duration::from_nanos(self.taken.swap(0, Relaxed));
        late.max(self.standing(now, self.every / 2))
    }

    /// For how long it has been expected, beyond its time and some `patience`.
    fn standing(&self, now: Tick, patience: Duration) -> Duration {
        let last = Tick::from_nanos(self.last.load(Relaxed));
        now.since(last).saturating_sub(self.every + patience)
    }

    fn snapshot(&self, now: Tick) -> LoopSnapshot {
        let standing = self.standing(now, Duration::ZERO);
        let oldest = window(now).saturating_sub(1);
        let slots = self.windows.iter().zip(&self.worst);
        let worst = slots
            .filter(|(number, _)| number.load(Relaxed) >= oldest)
            .map(|(_, worst)| Duration::from_nanos(worst.load(Relaxed)))
            .max();
        LoopSnapshot {
            name: self.name.clone(),
            worst: worst.unwrap_or_default().max(standing),
            late: self.late.load(Relaxed),
        }
    }
}

const fn window(now: Tick) -> u64 {
    now.as_nanos() / (WINDOW.as_secs() * 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_millis(250);

    fn worst(loops: &Loops, now: Tick) -> Vec<(u128, u64)> {
        let all = loops.snapshot(now).into_iter();
        all.map(|one| (one.worst.as_millis(), one.late)).collect()
    }

    #[test]
    fn the_worst_is_told_for_one_window_more() {
        let loops = Loops::default();
        let one = loops.add("worker-0", EVERY, Tick::from_secs(60));
        let look = |millis: u64, lag: u64| {
            one.looked(Tick::from_millis(millis), Duration::from_millis(lag));
        };
        look(61_000, 2);
        look(62_000, 80);
        look(63_000, 1);
        assert_eq!(worst(&loops, Tick::from_secs(63)), [(80, 1)]);
        look(91_000, 50);
        assert_eq!(
            worst(&loops, Tick::from_secs(91)),
            [(80, 1)],
            "50 ms are not late"
        );
        look(121_000, 3);
        assert_eq!(worst(&loops, Tick::from_secs(121)), [(50, 1)]);
        look(151_000, 3);
        look(181_000, 4);
        assert_eq!(worst(&loops, Tick::from_secs(181)), [(4, 1)]);
    }

    #[test]
    fn one_that_stands_still_is_late_while_it_does() {
        let loops = Loops::default();
        let one = loops.add("worker-0", EVERY, Tick::from_secs(60));
        one.looked(Tick::from_secs(61), Duration::ZERO);
        assert_eq!(worst(&loops, Tick::from_millis(61_200)), [(0, 0)]);
        assert_eq!(worst(&loops, Tick::from_millis(63_250)), [(2_000, 0)]);
        drop(one);
        assert_eq!(worst(&loops, Tick::from_secs(64)), [], "it has ended");
    }

    #[test]
    fn the_latest_worker_counts_and_silence_is_lateness() {
        let loops = Loops::default();
        let at = Tick::from_millis;
        let control = loops.add("control", EVERY, at(1_000));
        control.looked(at(1_000), Duration::from_secs(9));
        assert_eq!(loops.take(at(1_000)), None, "nobody serves");
        let zero = loops.add_worker(0, EVERY, at(1_000));
        let one = loops.add_worker(1, EVERY, at(1_000));
        zero.looked(at(1_000), Duration::from_millis(2));
        one.looked(at(1_000), Duration::from_millis(70));
        one.looked(at(1_100), Duration::from_millis(3));
        assert_eq!(loops.take(at(1_200)), Some(Duration::from_millis(70)));
        assert_eq!(loops.take(at(1_200)), Some(Duration::ZERO), "taken");
        // One of them stands still.
        zero.looked(at(3_000), Duration::ZERO);
        let silent = Duration::from_millis(1_900) - EVERY - EVERY / 2;
        assert_eq!(loops.take(at(3_000)), Some(silent));
    }
}
