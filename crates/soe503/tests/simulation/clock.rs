//! Virtual time that is the same in every run.
//!
//! The layers run on tokio's clock, which is paused and jumps to the next timer whenever all tasks
//! wait. Three things about it would differ from run to run, and are taken out here:
//!
//! - The epoch of [`soe503::clock`] is a moment of the real clock, so ticks begin anywhere. Budgets and
//!   windows cut time on a grid of ticks, whose largest step here is ten seconds ([`GRID`]).
//! - Tokio's timer wheel has a grid of its own, and the order of timers that fire in the same
//!   millisecond depends on where on it they were set ([`WHEEL`]).
//! - Between the two lies a fraction of a millisecond. It is left alone: time advances by whole
//!   milliseconds from the wheel's beginning on, so every timer fires alike.
//!
//! Each run begins where both grids begin. There is such a place only if ticks and wheel are a
//! multiple of sixteen milliseconds apart, because both grids are multiples of that; so a runtime is made
//! again until it happens to be so, which takes sixteen milliseconds at most.

use std::time::Duration;

use soe503_core::Tick;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;
use tokio::time::Instant;

/// What the windows of budgets and breakers divide, in milliseconds.
pub(crate) const GRID: u64 = 10_000;
/// The longest run, in milliseconds: within so much of the wheel, timers order alike.
pub(crate) const WHEEL: u64 = 1 << 19;
/// What both grids have in common.
const COMMON: u64 = 16;
const _: () = assert!(GRID.is_multiple_of(COMMON) && WHEEL.is_multiple_of(COMMON));

/// A paused runtime for one run after another, which begin days apart.
#[derive(Debug)]
pub(crate) struct Virtual {
    runtime: Runtime,
    /// Where the wheel begins.
    origin: Instant,
    /// The tick of that, in whole milliseconds.
    offset: u64,
}

// === impl Virtual ===

impl Virtual {
    /// A clock on which a run can begin.
    pub(crate) fn new() -> Self {
        loop {
            let runtime = Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .expect("a runtime without I/O");
            // The clock stands still: this is the moment at which the wheel was made.
            let (origin, tick) = runtime.block_on(async { (Instant::now(), soe503::clock::now()) });
            let offset = tick.as_nanos() / 1_000_000;
            if offset.is_multiple_of(COMMON) {
                return Self {
                    runtime,
                    origin,
                    offset,
                };
            }
        }
    }

    /// Runs `what` with its tasks to its end. The tasks that are left then are dropped.
    pub(crate) fn run<T>(&self, what: impl Future<Output = T>) -> T {
        let tasks = LocalSet::new();
        tasks.block_on(&self.runtime, async {
            self.align().await;
            what.await
        })
    }

    /// Goes on to the next place where both grids begin.
    async fn align(&self) {
        let passed = self.origin.elapsed().as_millis() as u64;
        let first = passed / WHEEL + 1;
        let wheel = (first..first + GRID)
            .map(|turn| turn * WHEEL)
            .find(|wheel| (self.offset + wheel).is_multiple_of(GRID))
            .expect("the grids meet");
        // The last millisecond with a timer, so that the wheel has come round too.
        tokio::time::advance(Duration::from_millis(wheel - passed - 1)).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Whole milliseconds from `start` until now.
pub(crate) fn millis_since(start: Tick) -> u32 {
    let elapsed = soe503::clock::now().since(start).as_millis();
    u32::try_from(elapsed).unwrap_or(u32::MAX)
}

/// The next `millis` milliseconds pass.
pub(crate) async fn pass(millis: u32) {
    if millis > 0 {
        tokio::time::sleep(Duration::from_millis(u64::from(millis))).await;
    }
}
