//! How much of a large pool is used at a time.
//!
//! With thousands of backends and a few dozen requests in flight, two random choices of all make each
//! request meet a backend that nothing knows any more: its numbers, its connection and the kernel's
//! part of that are in no cache, or the connection has been closed for want of use. So each thread
//! that picks keeps to a *window* of the rotation, chooses in it as in a pool of that size, and moves
//! on slowly ([Finagle's aperture](https://twitter.github.io/finagle/guide/ApertureLoadBalancers.html)
//! is the model).
//!
//! - **Width.** A pick that draws two backends which both have requests in flight widens the window,
//!   one that draws two idle ones narrows it: about a third of it is busy. Slow backends are busy for
//!   longer and widen it; ejected ones are not in the rotation, so they never fill it. Connections
//!   that stay, as WebSockets do, widen it until it is the whole pool. Whoever finds only busy ones
//!   draws again, so hardly any request waits behind another because of the window.
//! - **Movement.** After [`PICKS_PER_STEP`] picks the window moves by one backend, which so gets
//!   about as many requests each time round; that is what opening its connection is spread over.
//!   However few requests there are, it is round in [`TURN`]: all backends get their share within
//!   minutes, and all latencies are known.
//! - **Order.** Neighbours in the roster are no neighbours in the config (`members.rs`): a rack that
//!   is slow is a few backends of every window rather than all of one.
//!
//! **What it costs.** A backend's requests come in turns and no longer evenly. Pools up to
//! [`SMALL`], pools with different weights, and choices outside of the rotation have no window.
//!
//! State is written without a lock by whoever picks; two threads that share a window may lose each
//! other's step, which is harmless.

use core::ops::Range;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use core::time::Duration;

use crate::Tick;
use crate::time::saturating_nanos;

/// One window for each thread that picks, by its number; beyond [`LANES`] threads share.
#[derive(Debug)]
pub(super) struct Aperture {
    lanes: Box<[Lane]>,
}

/// Where a window is and how wide. On a cache line of its own.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Lane {
    /// Its first place, counted from the first of the rotation.
    start: AtomicU32,
    /// How many backends, in [`UNIT`]s.
    width: AtomicU32,
    /// Picks since it last moved.
    picks: AtomicU32,
    /// When it last moved, in nanoseconds.
    moved: AtomicU64,
}

/// Places of a roster: `width` from `start` on, going on at the first of `range` after its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    range: Range<usize>,
    start: usize,
    width: usize,
}

/// Rotations of up to so many backends are used as a whole.
pub(super) const SMALL: usize = 128;
/// A window is never narrower.
const NARROWEST: u32 = 64;
const PICKS_PER_STEP: u32 = 256;
/// The longest that a window takes to come round.
const TURN: Duration = Duration::from_secs(600);
const LANES: u32 = 32;
/// A backend of width.
const UNIT: u32 = 256;
/// A pick widens the window by this part of it …
const WIDEN: u32 = 64;
/// … or narrows it by this one. With `b` the share that is busy, b²/64 = (1 - b)²/256 at rest.
const NARROW: u32 = 256;

// === impl Aperture ===

impl Aperture {
    /// Windows in random places.
    pub(super) fn new(rng: &mut fastrand::Rng) -> Self {
        let lane = |_| Lane {
            start: AtomicU32::new(rng.u32(..)),
            width: AtomicU32::new(NARROWEST * UNIT),
            picks: AtomicU32::new(0),
            moved: AtomicU64::new(0),
        };
        Self {
            lanes: (0..LANES).map(lane).collect(),
        }
    }

    /// The window of picking thread number `picker`.
    pub(super) fn lane(&self, picker: u32) -> &Lane {
        &self.lanes[(picker % LANES) as usize]
    }
}

// === impl Lane ===

impl Lane {
    /// The part of `range` for a pick, which counts: the window may move. `range` is not empty.
    pub(super) fn window(&self, now: Tick, range: Range<usize>) -> Window {
        let count = range.len();
        let width = (self.width.load(Ordering::Relaxed) / UNIT) as usize;
        Window {
            start: self.advance(now, count as u64) as usize,
            width: width.min(count),
            range,
        }
    }

    fn advance(&self, now: Tick, count: u64) -> u64 {
        let start = u64::from(self.start.load(Ordering::Relaxed)) % count;
        let picks = self.picks.load(Ordering::Relaxed).saturating_add(1);
        let age = now
            .as_nanos()
            .saturating_sub(self.moved.load(Ordering::Relaxed));
        let turn = saturating_nanos(TURN);
        let overdue = age.saturating_mul(count) >= turn;
        if !overdue && picks < PICKS_PER_STEP {
            self.picks.store(picks, Ordering::Relaxed);
            return start;
        }
        let steps = if overdue {
            age / (turn / count).max(1)
        } else {
            1
        };
        let start = (start + steps) % count;
        self.start.store(start as u32, Ordering::Relaxed);
        self.picks.store(0, Ordering::Relaxed);
        self.moved.store(now.as_nanos(), Ordering::Relaxed);
        start
    }

    /// Two backends were drawn of a window in a rotation of `count`: so many of them were busy.
    pub(super) fn drew(&self, busy: usize, count: usize) {
        let width = self.width.load(Ordering::Relaxed);
        let widest = u32::try_from(count)
            .unwrap_or(u32::MAX)
            .saturating_mul(UNIT);
        let next = match busy {
            0 => width - width / NARROW,
            1 => return,
            _ => width.saturating_add(width / WIDEN),
        };
        let next = next.min(widest).max(NARROWEST * UNIT);
        if next != width {
            self.width.store(next, Ordering::Relaxed);
        }
    }
}

// === impl Window ===

impl Window {
    /// All of `range`.
    pub(super) const fn all(range: Range<usize>) -> Self {
        let width = range.end - range.start;
        Self {
            range,
            start: 0,
            width,
        }
    }

    /// Whether it leaves places out.
    pub(super) const fn is_part(&self) -> bool {
        self.width < self.range.end - self.range.start
    }

    /// A random place of it; `None` if there is none.
    pub(super) fn draw(&self, rng: &mut fastrand::Rng) -> Option<usize> {
        if self.width == 0 {
            return None;
        }
        let place = self.range.start + self.start + rng.usize(0..self.width);
        let beyond = place >= self.range.end;
        Some(if beyond {
            place - self.range.len()
        } else {
            place
        })
    }
}

#[cfg(test)]
#[path = "aperture_tests.rs"]
mod tests;
