//! What all clones of a limit share: the counters that a request passes, and the looks at them.

use core::time::Duration;
use std::sync::{Arc, PoisonError};
use std::task::Waker;

use super::LimitWhy;
use super::adaptive::{Adaptive, Answers, Ruling, Seen};
use super::line::Line;
use crate::Tick;
use crate::metastable::Orders;
use crate::sync::{AtomicBool, AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering};
use crate::time::saturating_nanos;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) name: Arc<str>,
    /// In flight in the low half, of these without an answer yet in the high half.
    pub(super) load: AtomicU64,
    pub(super) fixed: AtomicU32,
    /// How many may be without an answer: the lower of the next two.
    allowed: AtomicU32,
    /// What the adaptive limit says.
    ruled: AtomicU32,
    /// What is let in while an overload keeps itself going.
    squeeze: AtomicU32,
    /// How many stand in line. Written under the line's lock.
    pub(super) waiting: AtomicU32,
    /// When to look at what happened; never without an adaptive limit.
    pub(super) next_look: AtomicU64,
    /// Answers since the last look: their number in the high 20 bits, their microseconds below.
    answers: AtomicU64,
    /// The binary logarithms of their nanoseconds, in units of 1/256.
    logs: AtomicU64,
    pub(super) admitted: AtomicU64,
    pub(super) waited: AtomicU64,
    pub(super) shed: [AtomicU64; 3],
    pub(super) max_waiting: AtomicU32,
    /// Nanoseconds, as configured.
    pub(super) max_wait: AtomicU64,
    /// What that is divided by while an overload keeps itself going.
    wait_divisor: AtomicU32,
    /// How many are served per second while saturation is proven.
    pub(super) rate: AtomicU32,
    /// How many may stand in line for all to be served in time; not known: `u32::MAX`.
    pub(super) line_bound: AtomicU32,
    /// More come than are served, as far as was seen when the line was last looked at.
    pub(super) rushed: AtomicBool,
    /// It is proven that more at once are not answered faster.
    proven: AtomicBool,
    /// What an answer usually takes in nanoseconds; 0: not known.
    pub(super) typical: AtomicU64,
    pub(super) backends: AtomicU32,
    adaptive: Mutex<Adaptive>,
    pub(super) line: Mutex<Line<Waker>>,
}

const PENDING: u64 = 1 << 32;
const ANSWER: u64 = 1 << 44;
/// No adaptive limit is lower than this, nor than this per backend.
const FLOOR: u32 = 8;
const FLOOR_PER_BACKEND: u32 = 4;
/// How fast a line that is too long gets shorter, per look.
const SHRINKS: f64 = 0.98;

// === impl Shared ===

impl Shared {
    pub(super) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            load: AtomicU64::new(0),
            fixed: AtomicU32::new(u32::MAX),
            allowed: AtomicU32::new(u32::MAX),
            ruled: AtomicU32::new(u32::MAX),
            squeeze: AtomicU32::new(u32::MAX),
            waiting: AtomicU32::new(0),
            next_look: AtomicU64::new(u64::MAX),
            answers: AtomicU64::new(0),
            logs: AtomicU64::new(0),
            admitted: AtomicU64::new(0),
            waited: AtomicU64::new(0),
            shed: core::array::from_fn(|_| AtomicU64::new(0)),
            max_waiting: AtomicU32::new(0),
            max_wait: AtomicU64::new(0),
            wait_divisor: AtomicU32::new(1),
            rate: AtomicU32::new(0),
            line_bound: AtomicU32::new(u32::MAX),
            rushed: AtomicBool::new(true),
            proven: AtomicBool::new(false),
            typical: AtomicU64::new(0),
            backends: AtomicU32::new(1),
            adaptive: Mutex::new(Adaptive::new()),
            line: Mutex::new(Line::new()),
        }
    }

    /// Takes a slot if there is room and nobody waits for it.
    pub(super) fn enter(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) == 0 && self.take()
    }

    /// Takes a slot if there is room.
    pub(super) fn take(&self) -> bool {
        let fixed = self.fixed.load(Ordering::Relaxed);
        let allowed = self.allowed.load(Ordering::Relaxed);
        let taken = self
            .load
            .fetch_update(Ordering::SeqCst, Ordering::Relaxed, |load| {
                let room = in_flight(load) < fixed && pending(load) < allowed;
                room.then_some(load + PENDING + 1)
            });
        if taken.is_ok() {
            self.admitted.fetch_add(1, Ordering::Relaxed);
        }
        taken.is_ok()
    }

    /// Gives a slot back.
    pub(super) fn release(&self, unanswered: bool) {
        let was = if unanswered { PENDING + 1 } else { 1 };
        self.load.fetch_sub(was, Ordering::SeqCst);
        self.serve_any();
    }

    /// A request waits for an answer no longer.
    pub(super) fn over(&self) {
        self.load.fetch_sub(PENDING, Ordering::SeqCst);
        self.serve_any();
    }

    /// A request waits for an answer that did not yet.
    pub(super) fn waits_again(&self) {
        self.load.fetch_add(PENDING, Ordering::SeqCst);
    }

    /// It is an adaptive one.
    pub(super) fn learns(&self) -> bool {
        self.next_look.load(Ordering::Relaxed) != u64::MAX
    }

    pub(super) fn answered(&self, now: Tick, started: Tick) {
        if self.learns() {
            let took = now.since(started);
            let micros = (took.as_micros() as u64).min(ANSWER >> 20);
            self.answers.fetch_add(ANSWER + micros, Ordering::Relaxed);
            self.logs.fetch_add(log2(took), Ordering::Relaxed);
        }
        self.load.fetch_sub(PENDING, Ordering::SeqCst);
        self.look(now);
        self.serve_any();
    }

    /// Looks at what happened, if it is time.
    pub(super) fn look(&self, now: Tick) {
        if now.as_nanos() >= self.next_look.load(Ordering::Relaxed) {
            self.look_now(now);
        }
    }

    #[cold]
    fn look_now(&self, now: Tick) {
        // Whoever holds it looks right now.
        let Ok(mut adaptive) = self.adaptive.try_lock() else {
            return;
        };
        if now.as_nanos() < self.next_look.load(Ordering::Relaxed) {
            return;
        }
        let answers = self.answers.swap(0, Ordering::Relaxed);
        let logs = self.logs.swap(0, Ordering::Relaxed);
        let load = self.load.load(Ordering::Relaxed);
        let backends = self.backends.load(Ordering::Relaxed);
        let seen = Seen {
            admitted: self.admitted.load(Ordering::Relaxed),
            pending: pending(load),
            waiting: self.waiting.load(Ordering::Relaxed),
            answers: Answers {
                count: (answers / ANSWER) as u32,
                total: (answers % ANSWER) as f64 * 1e3,
                logs: logs as f64 / 256.0,
            },
            floor: FLOOR.max(backends.saturating_mul(FLOOR_PER_BACKEND)),
        };
        let ruling = adaptive.look(now, &seen);
        self.rule(&ruling);
        self.next_look
            .store(ruling.next.as_nanos(), Ordering::Relaxed);
        drop(adaptive);
        self.serve_any();
    }

    pub(super) fn rule(&self, ruling: &Ruling) {
        self.ruled
            .store(ruling.limit.unwrap_or(u32::MAX), Ordering::SeqCst);
        self.allow();
        let wait = self.max_wait().as_secs_f64();
        let rate = ruling.proven.unwrap_or_default();
        self.rate.store(rate as u32, Ordering::Relaxed);
        let bound = ruling.proven.map_or(u32::MAX, |rate| {
            let served = (rate * wait).ceil() as u32;
            // Who stands there already when that turns out is not sent away at once.
            let most = match self.line_bound.load(Ordering::Relaxed) {
                u32::MAX => self.waiting.load(Ordering::Relaxed),
                before => (f64::from(before) * SHRINKS) as u32,
            };
            served.max(most)
        });
        self.line_bound.store(bound.max(1), Ordering::Relaxed);
        self.proven
            .store(ruling.proven.is_some(), Ordering::Relaxed);
        let typical = ruling.typical.map_or(0, saturating_nanos);
        self.typical.store(typical, Ordering::Relaxed);
    }

    /// Does what is ordered while an overload keeps itself going.
    pub(super) fn obey(&self, orders: &Orders) {
        let divisor = orders.wait_divisor.max(1);
        self.wait_divisor.store(divisor, Ordering::Relaxed);
        self.squeeze
            .store(orders.room.unwrap_or(u32::MAX), Ordering::SeqCst);
        self.allow();
        self.serve_any();
    }

    fn allow(&self) {
        let ruled = self.ruled.load(Ordering::SeqCst);
        let squeeze = self.squeeze.load(Ordering::SeqCst);
        self.allowed.store(ruled.min(squeeze), Ordering::SeqCst);
    }

    /// The limit that holds back, and where it comes from.
    pub(super) fn in_force(&self) -> (u32, LimitWhy) {
        let load = self.load.load(Ordering::Relaxed);
        let fixed = self.fixed.load(Ordering::Relaxed);
        let allowed = self.allowed.load(Ordering::Relaxed);
        if in_flight(load) >= fixed || fixed <= allowed {
            return (fixed, LimitWhy::Fixed);
        }
        if allowed < self.ruled.load(Ordering::Relaxed) {
            (allowed, LimitWhy::Shedding)
        } else if self.proven.load(Ordering::Relaxed) {
            (allowed, LimitWhy::Saturated)
        } else {
            (allowed, LimitWhy::Testing)
        }
    }

    /// How long one stands in line at most. `None`: as long as the deadline permits.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self.in_force().1 {
            LimitWhy::Fixed | LimitWhy::Shedding => Some(self.max_wait()),
            // What is left of a rush that is over will be served.
            LimitWhy::Saturated if !self.rushed.load(Ordering::Relaxed) => None,
            LimitWhy::Saturated => Some(self.max_wait() * 2),
            LimitWhy::Testing if self.wait_divisor.load(Ordering::Relaxed) > 1 => {
                Some(self.max_wait())
            }
            LimitWhy::Testing => None,
        }
    }

    pub(super) fn max_wait(&self) -> Duration {
        let divisor = u64::from(self.wait_divisor.load(Ordering::Relaxed));
        Duration::from_nanos(self.max_wait.load(Ordering::Relaxed) / divisor)
    }

    pub(super) fn adaptive(&self) -> MutexGuard<'_, Adaptive> {
        self.adaptive.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) const fn in_flight(load: u64) -> u32 {
    load as u32
}

pub(super) const fn pending(load: u64) -> u32 {
    (load >> 32) as u32
}

/// The binary logarithm of the nanoseconds in units of 1/256, a straight line between powers of two.
fn log2(took: Duration) -> u64 {
    let nanos = saturating_nanos(took).max(1);
    let whole = u64::from(nanos.ilog2());
    let rest = (nanos << (63 - whole)) >> 55 & 0xff;
    whole << 8 | rest
}

#[cfg(test)]
#[path = "shared_tests.rs"]
mod tests;
