//! The handle.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use smallvec::SmallVec;

use super::adaptive::{Adaptive, Answers, Ruling, Seen};
use super::line::{Line, State};
use super::snapshot::Turned;
use super::{Class, LimitConfig, LimitReached, LimitSnapshot, LimitWhy, Slot, Ticket};
use crate::Tick;

/// A named limit on how many things happen at once. A cheap-clone handle: clones count together.
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit {
    shared: Arc<Shared>,
}

/// A request that asks for a slot.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrival {
    /// How important it is.
    pub class: Class,
    /// When its client stops waiting.
    pub deadline: Option<Tick>,
}

/// What becomes of a request that asks for a slot.
#[derive(Debug)]
pub enum Entry {
    /// It may go.
    Admitted(Slot),
    /// It waits for its turn.
    Waits(Ticket),
    /// Neither.
    Refused(LimitReached),
}

#[derive(Debug)]
pub(super) struct Shared {
    name: Arc<str>,
    /// In flight in the low half, of these without an answer yet in the high half.
    load: AtomicU64,
    fixed: AtomicU32,
    /// How many may be without an answer: what the adaptive limit says.
    allowed: AtomicU32,
    /// How many stand in line. Written under the line's lock.
    waiting: AtomicU32,
    /// When to look at what happened; never without an adaptive limit.
    next_look: AtomicU64,
    /// Answers since the last look: their number in the high 20 bits, their microseconds below.
    answers: AtomicU64,
    /// The binary logarithms of their nanoseconds, in units of 1/256.
    logs: AtomicU64,
    admitted: AtomicU64,
    waited: AtomicU64,
    shed: [AtomicU64; 3],
    max_waiting: AtomicU32,
    /// Nanoseconds.
    max_wait: AtomicU64,
    /// How many may stand in line for all to be served in time; not known: `u32::MAX`.
    line_bound: AtomicU32,
    /// It is proven that more at once are not answered faster.
    proven: core::sync::atomic::AtomicBool,
    /// What an answer usually takes in nanoseconds; 0: not known.
    typical: AtomicU64,
    backends: AtomicU32,
    adaptive: Mutex<Adaptive>,
    line: Mutex<Line<Waker>>,
}

type Wakers = SmallVec<[Waker; 4]>;

const PENDING: u64 = 1 << 32;
const ANSWER: u64 = 1 << 44;
/// No adaptive limit is lower than this, nor than this per backend.
const FLOOR: u32 = 8;
const FLOOR_PER_BACKEND: u32 = 4;

// === impl ConcurrencyLimit ===

impl ConcurrencyLimit {
    /// A limit of `limit` in flight, and nobody waits. 0 refuses everything; `u32::MAX` is no limit in
    /// practice.
    pub fn new(name: impl Into<Arc<str>>, limit: u32) -> Self {
        Self::with(name, LimitConfig::fixed(limit))
    }

    /// A limit as `config` says.
    pub fn with(name: impl Into<Arc<str>>, config: LimitConfig) -> Self {
        let new = Self {
            shared: Arc::new(Shared::new(name.into())),
        };
        new.set_config(config);
        new
    }

    /// The limit's name.
    pub fn name(&self) -> &Arc<str> {
        &self.shared.name
    }

    /// A slot, if there is room and nobody waits for it.
    ///
    /// # Errors
    /// [`LimitReached`] when as many are in flight as may be.
    pub fn try_acquire(&self) -> Result<Slot, LimitReached> {
        let shared = &self.shared;
        if shared.enter() {
            return Ok(Slot::new(Arc::clone(shared), Tick::ZERO));
        }
        Err(shared.turned_away(Turned::AtOnce, Class::Normal, Duration::ZERO))
    }

    /// A slot, a place in line, or neither.
    ///
    /// `arrival` is asked only if there is no room.
    pub fn enter(&self, now: Tick, arrival: impl FnOnce() -> Arrival) -> Entry {
        let shared = &self.shared;
        shared.look(now);
        if shared.enter() {
            return Entry::Admitted(Slot::new(Arc::clone(shared), now));
        }
        shared.stand_in_line(now, arrival())
    }

    /// Changes the settings, for clones of the handle too. Slots that are out stay valid, and so do
    /// places in line.
    pub fn set_config(&self, config: LimitConfig) {
        let shared = &self.shared;
        shared.fixed.store(config.fixed, Ordering::Relaxed);
        shared
            .max_waiting
            .store(config.max_waiting, Ordering::Relaxed);
        let wait = crate::time::saturating_nanos(config.max_wait);
        shared.max_wait.store(wait, Ordering::Relaxed);
        let mut adaptive = shared.adaptive();
        let on = shared.next_look.load(Ordering::Relaxed) != u64::MAX;
        if config.adaptive != on {
            *adaptive = Adaptive::new();
            let next = if config.adaptive { 0 } else { u64::MAX };
            shared.next_look.store(next, Ordering::Relaxed);
            shared.rule(&Ruling::NONE);
        }
        drop(adaptive);
        shared.serve();
    }

    /// Changes the fixed limit alone.
    pub fn set_limit(&self, limit: u32) {
        self.shared.fixed.store(limit, Ordering::Relaxed);
        self.shared.serve();
    }

    /// How many backends share the work: an adaptive limit leaves each of them something to do.
    pub fn set_backends(&self, backends: u32) {
        self.shared.backends.store(backends, Ordering::Relaxed);
    }

    /// How many may be in flight: the fixed limit or, if that is lower, the adaptive one.
    pub fn limit(&self) -> u32 {
        self.shared.in_force().0
    }

    /// How many are in flight.
    pub fn in_use(&self) -> u32 {
        in_flight(self.shared.load.load(Ordering::Relaxed))
    }

    /// How many wait for their turn.
    pub fn waiting(&self) -> u32 {
        self.shared.waiting.load(Ordering::Relaxed)
    }

    /// All numbers.
    pub fn snapshot(&self, now: Tick) -> LimitSnapshot {
        let shared = &self.shared;
        let load = shared.load.load(Ordering::Relaxed);
        let (limit, why) = shared.in_force();
        let shed = shared.shed.each_ref().map(|n| n.load(Ordering::Relaxed));
        let typical = shared.typical.load(Ordering::Relaxed);
        let line = shared.line();
        LimitSnapshot {
            name: Arc::clone(&shared.name),
            limit,
            why,
            in_use: in_flight(load),
            pending: pending(load),
            waiting: Class::ALL.map(|class| line.waiting_of(class)),
            oldest: line
                .oldest()
                .map_or(Duration::ZERO, |since| now.since(since)),
            typical: (typical > 0).then(|| Duration::from_nanos(typical)),
            admitted: shared.admitted.load(Ordering::Relaxed),
            waited: shared.waited.load(Ordering::Relaxed),
            refused: shed.iter().sum(),
            shed,
        }
    }
}

// === impl Shared ===

impl Shared {
    fn new(name: Arc<str>) -> Self {
        Self {
            name,
            load: AtomicU64::new(0),
            fixed: AtomicU32::new(u32::MAX),
            allowed: AtomicU32::new(u32::MAX),
            waiting: AtomicU32::new(0),
            next_look: AtomicU64::new(u64::MAX),
            answers: AtomicU64::new(0),
            logs: AtomicU64::new(0),
            admitted: AtomicU64::new(0),
            waited: AtomicU64::new(0),
            shed: [const { AtomicU64::new(0) }; 3],
            max_waiting: AtomicU32::new(0),
            max_wait: AtomicU64::new(0),
            line_bound: AtomicU32::new(u32::MAX),
            proven: core::sync::atomic::AtomicBool::new(false),
            typical: AtomicU64::new(0),
            backends: AtomicU32::new(1),
            adaptive: Mutex::new(Adaptive::new()),
            line: Mutex::new(Line::new()),
        }
    }

    /// Takes a slot if there is room and nobody waits for it.
    fn enter(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) == 0 && self.take()
    }

    /// Takes a slot if there is room.
    fn take(&self) -> bool {
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

    pub(super) fn answered(&self, now: Tick, started: Tick) {
        if self.next_look.load(Ordering::Relaxed) != u64::MAX {
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
    fn look(&self, now: Tick) {
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

    fn rule(&self, ruling: &Ruling) {
        self.allowed
            .store(ruling.limit.unwrap_or(u32::MAX), Ordering::SeqCst);
        let wait = self.max_wait().as_secs_f64();
        let bound = ruling
            .proven
            .map_or(u32::MAX, |rate| (rate * wait).ceil() as u32);
        self.line_bound.store(bound.max(1), Ordering::Relaxed);
        self.proven
            .store(ruling.proven.is_some(), Ordering::Relaxed);
        let typical = ruling.typical.map_or(0, crate::time::saturating_nanos);
        self.typical.store(typical, Ordering::Relaxed);
    }

    fn stand_in_line(self: &Arc<Self>, now: Tick, arrival: Arrival) -> Entry {
        let Arrival { class, deadline } = arrival;
        let most = self.max_waiting.load(Ordering::Relaxed);
        if most == 0 {
            return Entry::Refused(self.turned_away(Turned::AtOnce, class, Duration::ZERO));
        }
        let typical = Duration::from_nanos(self.typical.load(Ordering::Relaxed));
        let cut = deadline.map(|deadline| deadline.before(typical));
        if cut.is_some_and(|cut| cut <= now) {
            return Entry::Refused(self.turned_away(Turned::TooLate, class, Duration::ZERO));
        }
        let mut wakers = Wakers::new();
        let mut line = self.line();
        line.came(now);
        if line.waiting() >= most {
            let lower = Class::ALL.into_iter().take_while(|lower| *lower < class);
            let evicted = lower.into_iter().find_map(|lower| line.evict(lower));
            let Some(waker) = evicted else {
                line.note_refused(class);
                drop(line);
                return Entry::Refused(self.turned_away(Turned::LineFull, class, Duration::ZERO));
            };
            wakers.extend(waker);
        }
        let place = line.join(class, now);
        self.trim(&mut line, &mut wakers);
        self.publish(&line);
        self.grant(&mut line, &mut wakers);
        let state = core::mem::discriminant(line.look(place, |_| {}));
        let (granted, evicted) = (
            state == core::mem::discriminant(&State::Granted),
            state == core::mem::discriminant(&State::Evicted),
        );
        if granted || evicted {
            line.leave(place);
        }
        drop(line);
        wakers.into_iter().for_each(Waker::wake);
        if granted {
            return Entry::Admitted(Slot::new(Arc::clone(self), now));
        }
        if evicted {
            return Entry::Refused(self.turned_away(Turned::LineFull, class, Duration::ZERO));
        }
        Entry::Waits(Ticket {
            shared: Arc::clone(self),
            place: Some(place),
            class,
            since: now,
            cut,
        })
    }

    /// Lets those in who wait, if anybody does.
    fn serve_any(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.serve();
        }
    }

    #[cold]
    fn serve(&self) {
        let mut wakers = Wakers::new();
        let mut line = self.line();
        self.trim(&mut line, &mut wakers);
        self.grant(&mut line, &mut wakers);
        self.publish(&line);
        drop(line);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn grant(&self, line: &mut Line<Waker>, wakers: &mut Wakers) {
        while line.waiting() > 0 && self.take() {
            self.waited.fetch_add(1, Ordering::Relaxed);
            wakers.extend(line.grant(2 * self.max_wait()).flatten());
        }
        self.publish(line);
    }

    /// Sends away who would not be served in time: less important ones sooner.
    fn trim(&self, line: &mut Line<Waker>, wakers: &mut Wakers) {
        let bound = self.line_bound.load(Ordering::Relaxed);
        if bound == u32::MAX {
            return;
        }
        // When the rush is over, whoever waits will be served.
        if !line.crowded(f64::from(bound) / self.max_wait().as_secs_f64()) {
            return;
        }
        for (class, bound) in Class::ALL.into_iter().zip([bound / 4, bound / 2, bound]) {
            while line.waiting() > bound.max(1)
                && let Some(waker) = line.evict(class)
            {
                wakers.extend(waker);
            }
        }
    }

    fn publish(&self, line: &Line<Waker>) {
        self.waiting.store(line.waiting(), Ordering::SeqCst);
    }

    /// Whether the one at `place` has a slot, or was sent away; `waker` is kept otherwise.
    pub(super) fn standing(&self, place: u32, waker: &Waker) -> (bool, bool) {
        let mut line = self.line();
        let state = line.look(place, |old| match old {
            Some(old) => old.clone_from(waker),
            None => *old = Some(waker.clone()),
        });
        (
            matches!(state, State::Granted),
            matches!(state, State::Evicted),
        )
    }

    pub(super) fn leave(&self, place: u32) -> State<Waker> {
        let mut line = self.line();
        let state = line.leave(place);
        self.publish(&line);
        state
    }

    pub(super) fn turned_away(&self, why: Turned, class: Class, waited: Duration) -> LimitReached {
        self.shed[class.index()].fetch_add(1, Ordering::Relaxed);
        let load = self.load.load(Ordering::Relaxed);
        let (limit, by) = self.in_force();
        LimitReached {
            name: Arc::clone(&self.name),
            why,
            limit,
            in_use: if by == LimitWhy::Fixed {
                in_flight(load)
            } else {
                pending(load)
            },
            waiting: self.waiting.load(Ordering::Relaxed),
            waited,
            class,
            typical: Duration::from_nanos(self.typical.load(Ordering::Relaxed)),
        }
    }

    /// The limit that holds back, and where it comes from.
    fn in_force(&self) -> (u32, LimitWhy) {
        let load = self.load.load(Ordering::Relaxed);
        let fixed = self.fixed.load(Ordering::Relaxed);
        let allowed = self.allowed.load(Ordering::Relaxed);
        if allowed == u32::MAX || in_flight(load) >= fixed || fixed <= allowed {
            return (fixed, LimitWhy::Fixed);
        }
        if self.proven.load(Ordering::Relaxed) {
            (allowed, LimitWhy::Saturated)
        } else {
            (allowed, LimitWhy::Testing)
        }
    }

    /// How long one stands in line at most. `None`: as long as the deadline permits.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self.in_force().1 {
            LimitWhy::Fixed => Some(self.max_wait()),
            LimitWhy::Saturated => Some(self.max_wait() * 2),
            LimitWhy::Testing => None,
        }
    }

    pub(super) fn max_wait(&self) -> Duration {
        Duration::from_nanos(self.max_wait.load(Ordering::Relaxed))
    }

    fn adaptive(&self) -> MutexGuard<'_, Adaptive> {
        self.adaptive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self) -> MutexGuard<'_, Line<Waker>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn in_flight(load: u64) -> u32 {
    load as u32
}

const fn pending(load: u64) -> u32 {
    (load >> 32) as u32
}

/// The binary logarithm of the nanoseconds in units of 1/256, a straight line between powers of two.
fn log2(took: Duration) -> u64 {
    let nanos = crate::time::saturating_nanos(took).max(1);
    let whole = u64::from(nanos.ilog2());
    let rest = (nanos << (63 - whole)) >> 55 & 0xff;
    whole << 8 | rest
}
