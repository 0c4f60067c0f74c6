//! The handle.

use core::time::Duration;
use std::sync::Arc;

use super::adaptive::{Adaptive, Ruling};
use super::shared::{Shared, in_flight, pending};
use super::snapshot::Turned;
use super::{Class, LimitConfig, LimitReached, LimitSnapshot, LimitWhy, Slot, Ticket};
use crate::Tick;
use crate::metastable::Orders;
use crate::sync::Ordering;
use crate::time::saturating_nanos;

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
        let wait = saturating_nanos(config.max_wait);
        shared.max_wait.store(wait, Ordering::Relaxed);
        let mut adaptive = shared.adaptive();
        if config.adaptive != shared.learns() {
            *adaptive = Adaptive::new();
            let next = if config.adaptive { 0 } else { u64::MAX };
            shared.next_look.store(next, Ordering::Relaxed);
            shared.rule(&Ruling::NONE);
        }
        drop(adaptive);
        shared.serve();
    }

    /// The settings in force.
    pub fn config(&self) -> LimitConfig {
        let shared = &self.shared;
        LimitConfig {
            fixed: shared.fixed.load(Ordering::Relaxed),
            adaptive: shared.learns(),
            max_waiting: shared.max_waiting.load(Ordering::Relaxed),
            max_wait: Duration::from_nanos(shared.max_wait.load(Ordering::Relaxed)),
        }
    }

    /// Changes the fixed limit alone.
    pub fn set_limit(&self, limit: u32) {
        self.shared.fixed.store(limit, Ordering::Relaxed);
        self.shared.serve();
    }

    /// Does what is ordered while the overload of the pool keeps itself going, until other orders come.
    pub fn obey(&self, orders: &Orders) {
        self.shared.obey(orders);
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

    /// How many of them wait for an answer.
    pub fn pending(&self) -> u32 {
        pending(self.shared.load.load(Ordering::Relaxed))
    }

    /// How many wait for their turn.
    pub fn waiting(&self) -> u32 {
        self.shared.waiting.load(Ordering::Relaxed)
    }

    /// The backends are proven to be saturated.
    pub fn is_saturated(&self) -> bool {
        self.shared.in_force().1 == LimitWhy::Saturated
    }

    /// How many requests are before one that comes now, and how many are served per second: as many as are worked
    /// on at once, each in the usual time. `None`: that is not known.
    pub fn ahead(&self) -> Option<(u64, f64)> {
        let typical = self.shared.typical.load(Ordering::Relaxed);
        let pending = self.pending();
        let before = u64::from(self.waiting()) + u64::from(pending);
        let at_once = f64::from(self.limit().min(pending));
        let typical = Duration::from_nanos(typical).as_secs_f64();
        (typical > 0.0).then(|| (before, at_once / typical))
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

#[cfg(test)]
#[path = "handle_tests.rs"]
mod tests;
