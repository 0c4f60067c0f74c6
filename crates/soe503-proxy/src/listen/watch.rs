//! Clients that take too long: slow heads and bodies, unread answers, idle connections.
//!
//! A timer per request costs an allocation and two trips through the timer wheel, for something
//! that almost never fires. Instead every connection has a [`Watch`] that says since when
//! it is doing what, and each worker looks at all of its connections four times a second. A
//! request pays a few plain stores; a limit is kept to within [`INTERVAL`].
//!
//! An HTTP/2 connection does many things at once and knows best what is due when: it is always
//! busy here, and says instead [when it wants to be woken](Watch::wake_by). So does an HTTP/1
//! connection that the event loop does not know yet.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::time::saturating_nanos;

use super::watched;

/// How long a body may come as slowly as it likes: a connection needs a moment to get up to speed.
pub(super) const TRICKLE: Duration = Duration::from_secs(5);

/// How often a worker looks.
pub(crate) const INTERVAL: Duration = Duration::from_millis(250);

/// How long a quiet connection is kept once a shutdown has begun: clients that are busy learn of
/// the shutdown from their next answer, the others would keep us for nothing.
pub(super) const LAST_CALL: Duration = Duration::from_secs(2);

thread_local! {
    /// The time of the last look: exact enough for limits of seconds, and free to read.
    static NOW: Cell<Tick> = const { Cell::new(Tick::ZERO) };
    /// When this worker first saw that a shutdown has begun.
    static DRAINING: Cell<Option<Tick>> = const { Cell::new(None) };
}

/// What a connection is doing, and since when.
#[derive(Debug)]
pub(crate) struct Watch {
    /// One of the constants below in the low three bits, a tick in units of 8 ns above.
    state: AtomicU64,
    /// When the connection wants to be woken, in nanoseconds; [`NEVER`]: it does not.
    alarm: AtomicU64,
    /// The alarm has gone off.
    rung: AtomicBool,
    /// The client was too slow in a way that deserves an answer.
    overdue: AtomicBool,
    /// Wakes the connection.
    waker: Mutex<Option<Waker>>,
}

/// Accepted, and not a byte of a request yet.
const FRESH: u64 = 0;
/// A request's head is arriving.
const HEAD: u64 = 1;
/// A request is being worked on: its own deadlines count.
const BUSY: u64 = 2;
/// Waiting for the client to send more of its body.
const BODY: u64 = 3;
/// Waiting for the client to read its answer.
const WRITING: u64 = 4;
/// Between requests.
const IDLE: u64 = 5;
/// Bytes of another protocol, in both directions.
const TUNNEL: u64 = 6;
const WHAT: u64 = 7;

/// No alarm is set.
const NEVER: u64 = u64::MAX;

/// How long a connection may do what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// From the first byte of a request's head to its last; also from the accept to that byte.
    pub(crate) head: Duration,
    /// Between two pieces of a body.
    pub(crate) body: Duration,
    /// Without reading any of its answer.
    pub(crate) write: Duration,
    /// Between requests.
    pub(crate) idle: Duration,
    /// Without a byte in either direction, after an upgrade.
    pub(crate) tunnel: Duration,
}

/// Ends the connections whose patience is exhausted.
pub(crate) fn look(now: Tick, draining: bool) {
    NOW.set(now);
    if draining && DRAINING.get().is_none() {
        DRAINING.set(Some(now));
    }
    let last_call = DRAINING.get();
    watched::end(|watch, patience| {
        watch.ring(now);
        watch.is_late(patience, last_call, now) && !watch.may_answer()
    });
}

/// The time of the last look.
pub(super) fn now() -> Tick {
    NOW.get()
}

impl Watch {
    /// A connection that has just been accepted and owes us a request.
    pub(crate) fn new() -> Arc<Self> {
        let watch = Self {
            state: AtomicU64::new(0),
            alarm: AtomicU64::new(NEVER),
            rung: AtomicBool::new(false),
            overdue: AtomicBool::new(false),
            waker: Mutex::new(None),
        };
        watch.set(FRESH);
        Arc::new(watch)
    }

    /// Wakes the connection with the first look at `at` or later, or at the time set before if
    /// that is sooner.
    pub(super) fn wake_by(&self, at: Tick) {
        if at.as_nanos() < self.alarm.load(Relaxed) {
            self.alarm.store(at.as_nanos(), Relaxed);
        }
    }

    /// Whether the time that was set has come since this was last asked.
    pub(super) fn has_rung(&self) -> bool {
        self.rung.load(Relaxed) && self.rung.swap(false, Relaxed)
    }

    /// Wakes the connection.
    pub(super) fn wake(&self) {
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waker) = &*waker {
            waker.wake_by_ref();
        }
    }

    fn ring(&self, now: Tick) {
        if self.alarm.load(Relaxed) <= now.as_nanos() {
            self.alarm.store(NEVER, Relaxed);
            self.rung.store(true, Relaxed);
            self.wake();
        }
    }

    /// Whom to wake when the client is too slow.
    pub(crate) fn wakes(&self, waker: &Waker) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker.clone());
    }

    /// A head or a body took too long.
    pub(crate) fn is_overdue(&self) -> bool {
        self.overdue.load(Relaxed)
    }

    /// A request is complete up to its body: from here on, its own deadlines count.
    pub(crate) fn busy(&self) {
        self.set(BUSY);
    }

    /// A request is due: from now on the client's time for its head runs.
    pub(crate) fn owed(&self) {
        self.set(FRESH);
    }

    /// The answer is complete.
    pub(crate) fn idle(&self) {
        self.set(IDLE);
    }

    /// Bytes of a request's head have come.
    pub(crate) fn arriving(&self) {
        if matches!(self.what(), IDLE | FRESH) {
            self.set(HEAD);
        }
    }

    /// The rest of the body is the client's to send.
    pub(crate) fn receiving(&self) {
        if self.what() != BODY {
            self.set(BODY);
        }
    }

    /// More of the body has come; how long it was waited for, to within [`INTERVAL`].
    pub(crate) fn received(&self) -> Duration {
        let state = self.state.load(Relaxed);
        self.set(BUSY);
        if state & WHAT != BODY {
            return Duration::ZERO;
        }
        NOW.get().since(Tick::from_nanos(state & !WHAT))
    }

    /// The client is too slow, whatever it does from here.
    pub(crate) fn give_up(&self) {
        self.overdue.store(true, Relaxed);
    }

    /// The answer is the client's to read.
    pub(crate) fn writing(&self) {
        self.set(WRITING);
    }

    /// Bytes moved through a tunnel.
    pub(crate) fn tunnel(&self) {
        self.set(TUNNEL);
    }

    fn what(&self) -> u64 {
        self.state.load(Relaxed) & WHAT
    }

    fn set(&self, what: u64) {
        self.state
            .store(NOW.get().as_nanos() & !WHAT | what, Relaxed);
    }

    fn is_late(&self, patience: Patience, last_call: Option<Tick>, now: Tick) -> bool {
        let state = self.state.load(Relaxed);
        let since = state & !WHAT;
        let for_long = |limit| now.as_nanos().saturating_sub(since) >= saturating_nanos(limit);
        match state & WHAT {
            FRESH => for_long(patience.head) || is_over(last_call, since, now),
            IDLE => for_long(patience.idle) || is_over(last_call, since, now),
            HEAD => for_long(patience.head),
            BODY => for_long(patience.body),
            WRITING => for_long(patience.write),
            TUNNEL => for_long(patience.tunnel),
            _ => false,
        }
    }

    /// Wakes the connection to say so itself, if that makes sense and it was not woken before.
    fn may_answer(&self) -> bool {
        if !matches!(self.what(), HEAD | BODY) || self.overdue.swap(true, Relaxed) {
            return false;
        }
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        waker
            .as_ref()
            .inspect(|waker| waker.wake_by_ref())
            .is_some()
    }
}

/// The last call for a quiet connection has passed.
fn is_over(last_call: Option<Tick>, since: u64, now: Tick) -> bool {
    last_call.is_some_and(|at| {
        let from = since.max(at.as_nanos());
        now.as_nanos().saturating_sub(from) >= saturating_nanos(LAST_CALL)
    })
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
