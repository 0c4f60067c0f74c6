//! Clients that take too long: slow heads and bodies, unread answers, idle connections.
//!
//! A timer per request costs an allocation and two trips through the timer wheel, for something
//! that almost never fires. Instead every HTTP/1 connection has a [`Watch`] that says since when
//! it is doing what, and each worker looks at all of its connections four times a second. A
//! request pays a few plain stores; a limit is kept to within [`INTERVAL`].

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::time::saturating_nanos;
use tokio::task::AbortHandle;

/// How often a worker looks.
pub(crate) const INTERVAL: Duration = Duration::from_millis(250);

/// How long a quiet connection is kept once a shutdown has begun: clients that are busy learn of
/// the shutdown from their next answer, the others would keep us for nothing.
const LAST_CALL: Duration = Duration::from_secs(2);

thread_local! {
    /// The time of the last look: exact enough for limits of seconds, and free to read.
    static NOW: Cell<Tick> = const { Cell::new(Tick::ZERO) };
    /// When this worker first saw that a shutdown has begun.
    static DRAINING: Cell<Option<Tick>> = const { Cell::new(None) };
    static WATCHED: RefCell<Vec<Watched>> = const { RefCell::new(Vec::new()) };
}

/// What a connection is doing, and since when.
#[derive(Debug)]
pub(crate) struct Watch {
    /// One of the constants below in the low three bits, a tick in units of 8 ns above.
    state: AtomicU64,
    /// The client was too slow in a way that deserves an answer.
    overdue: AtomicBool,
    /// Wakes the connection to give that answer.
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

#[derive(Debug)]
struct Watched {
    watch: Arc<Watch>,
    /// Its listener's; there is one of these for every connection, so it is not a copy.
    patience: Arc<Patience>,
    task: AbortHandle,
}

/// Begins to watch the connection that `task` serves.
pub(crate) fn add(watch: Arc<Watch>, patience: Arc<Patience>, task: AbortHandle) {
    WATCHED.with_borrow_mut(|watched| {
        watched.push(Watched {
            watch,
            patience,
            task,
        });
    });
}

/// Ends the connections whose patience is exhausted and forgets those that ended by themselves.
pub(crate) fn look(now: Tick, draining: bool) {
    NOW.set(now);
    if draining && DRAINING.get().is_none() {
        DRAINING.set(Some(now));
    }
    let last_call = DRAINING.get();
    // Aborting drops the connection later, in the runtime: nothing here is re-entered.
    WATCHED.with_borrow_mut(|watched| {
        watched.retain(|w| {
            if w.task.is_finished() {
                return false;
            }
            if !w.watch.is_late(*w.patience, last_call, now) || w.watch.may_answer() {
                return true;
            }
            w.task.abort();
            false
        });
    });
}

impl Watch {
    /// A connection that has just been accepted and owes us a request.
    pub(crate) fn new() -> Arc<Self> {
        let watch = Self {
            state: AtomicU64::new(0),
            overdue: AtomicBool::new(false),
            waker: Mutex::new(None),
        };
        watch.set(FRESH);
        Arc::new(watch)
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
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        head: Duration::from_secs(10),
        body: Duration::from_secs(20),
        write: Duration::from_secs(30),
        idle: Duration::from_secs(60),
        tunnel: Duration::from_secs(3600),
    };

    fn at(second: u64) -> Tick {
        Tick::from_secs(second)
    }

    #[tokio::test]
    async fn each_phase_has_its_own_limit() {
        type Phase = fn(&Watch);
        let phases: [(Phase, u64); 6] = [
            (|_| {}, 10),
            (Watch::arriving, 10),
            (Watch::receiving, 20),
            (Watch::writing, 30),
            (Watch::idle, 60),
            (Watch::tunnel, 3600),
        ];
        for (enter, limit) in phases {
            look(at(100), false);
            let watch = Watch::new();
            enter(&watch);
            assert!(
                !watch.is_late(PATIENCE, None, at(100 + limit - 1)),
                "{limit}"
            );
            assert!(watch.is_late(PATIENCE, None, at(100 + limit)), "{limit}");
            watch.busy();
            assert!(!watch.is_late(PATIENCE, None, at(100_000)));
        }
    }

    #[tokio::test]
    async fn the_first_byte_of_a_head_starts_its_clock_and_the_next_do_not_restart_it() {
        look(at(100), false);
        let watch = Watch::new();
        watch.idle();
        for second in [150, 155] {
            look(at(second), false);
            watch.arriving();
        }
        assert!(!watch.is_late(PATIENCE, None, at(159)));
        assert!(watch.is_late(PATIENCE, None, at(160)));
    }

    #[tokio::test]
    async fn waiting_for_a_body_is_measured() {
        look(at(100), false);
        let watch = Watch::new();
        watch.busy();
        look(at(103), false);
        watch.receiving();
        look(at(105), false);
        watch.receiving();
        look(at(107), false);
        assert_eq!(watch.received().as_secs(), 4);
        assert_eq!(watch.received(), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_shutdown_is_the_last_call_for_quiet_connections_only() {
        look(at(100), false);
        let (quiet, busy) = (Watch::new(), Watch::new());
        quiet.idle();
        busy.busy();
        let last_call = Some(at(105));
        assert!(!quiet.is_late(PATIENCE, last_call, at(106)));
        assert!(quiet.is_late(PATIENCE, last_call, at(107)));
        assert!(!busy.is_late(PATIENCE, last_call, at(1000)));
        // Its clock begins anew with an answer that came after the shutdown had begun.
        look(at(110), false);
        quiet.idle();
        assert!(!quiet.is_late(PATIENCE, last_call, at(111)));
    }

    #[tokio::test]
    async fn overdue_connections_are_ended_and_finished_ones_forgotten() {
        look(at(1), false);
        let overdue = tokio::spawn(std::future::pending::<()>());
        let done = tokio::spawn(async {});
        add(Watch::new(), Arc::new(PATIENCE), overdue.abort_handle());
        add(Watch::new(), Arc::new(PATIENCE), done.abort_handle());
        done.await.unwrap();
        look(at(2), false);
        assert_eq!(WATCHED.with_borrow(Vec::len), 1);
        look(at(11), false);
        assert!(overdue.await.unwrap_err().is_cancelled());
        assert_eq!(WATCHED.with_borrow(Vec::len), 0);
    }

    #[tokio::test]
    async fn who_is_slow_with_a_request_may_be_told_and_is_ended_if_that_does_not_help() {
        look(at(1), false);
        let watch = Watch::new();
        let mut woken = tokio_test::task::spawn(());
        woken.enter(|cx, _unit| watch.wakes(cx.waker()));
        watch.arriving();
        let slow = tokio::spawn(std::future::pending::<()>());
        add(Arc::clone(&watch), Arc::new(PATIENCE), slow.abort_handle());
        look(at(11), false);
        assert!(woken.is_woken() && watch.is_overdue());
        assert_eq!(WATCHED.with_borrow(Vec::len), 1);
        look(at(12), false);
        assert!(slow.await.unwrap_err().is_cancelled());
    }
}
