//! How many requests a backend may have in flight, and who is passed over because of that.
//!
//! Two things bound them. A *limit* of the backend's own ([`BackendSpec::max_in_flight`]) is exact: a place is
//! taken by a compare-and-swap, and only a lease holds one. A *slow start* bounds concurrency as it bounds
//! frequency, because a backend that has just come back and answers slowly would collect as many requests as
//! the others at a tenth of their rate. It gets its part of its limit, at least one. Without a limit its
//! part is measured by what the others have in flight each; and that gives way where nobody else has room.
//! Where all backends warm up together there is nobody who could spare them: then limits hold as they are.
//!
//! [`BackendSpec::max_in_flight`]: super::BackendSpec::max_in_flight

use core::sync::atomic::Ordering;

use super::backend::{Backend, FULL_SHARE, NO_LIMIT};
use super::handle::Shared;
use super::latency::SAMPLE;
use super::members::Members;
use super::pick::Chooser;
use super::word::Flags;
use crate::Tick;

/// What bounds the requests in flight of a pool's backends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caps {
    /// Anything does. In the usual pool nothing, and nobody looks further.
    bounded: bool,
    /// Some, and not all, warm up.
    ramps: bool,
}

// === impl Caps ===

impl Caps {
    /// `limited`: some backends have limits. Of `usable` ones, `warming` warm up.
    #[inline]
    pub(super) const fn new(limited: bool, warming: u32, usable: usize) -> Self {
        let ramps = warming > 0 && (warming as usize) < usable;
        Self {
            bounded: limited || ramps,
            ramps,
        }
    }

    /// Whether anything bounds anybody.
    #[inline]
    pub(super) const fn any(self) -> bool {
        self.bounded
    }
}

// === impl Chooser ===

impl<S> Chooser<'_, '_, S> {
    /// Whether a backend that was found in the state of `flags` may have one more request in flight.
    #[inline]
    pub(super) fn has_room(&self, backend: &Backend<S>, flags: Flags) -> bool {
        !self.caps.bounded || backend.in_flight() < self.cap(backend, flags)
    }

    /// The same choice where only limits count, if anything else counts in this one.
    pub(super) fn beyond_slow_starts(&self) -> Option<Self> {
        self.caps.ramps.then(|| Self {
            range: self.range.clone(),
            beyond: true,
            ..*self
        })
    }

    #[inline(never)]
    fn cap(&self, backend: &Backend<S>, flags: Flags) -> u32 {
        if !self.caps.ramps || !flags.has(Flags::WARMING) {
            return backend.limit;
        }
        let warmth = backend.warmth(self.now, self.slow_start);
        if backend.limit != NO_LIMIT {
            return part(backend.limit, warmth);
        }
        if self.beyond {
            return NO_LIMIT;
        }
        self.fair(backend)
            .map_or(NO_LIMIT, |fair| part(fair, warmth))
    }

    /// What a backend would have in flight if it had as many as the others that do not warm up, relative to
    /// their weights. `None`: there are none.
    fn fair(&self, backend: &Backend<S>) -> Option<u32> {
        let step = self.range.len().div_ceil(SAMPLE).max(1);
        let places = self.range.clone().step_by(step);
        let (mut in_flight, mut weight) = (0_u64, 0_u64);
        for place in places {
            let other = &self.members.list[self.group.roster.slot(place)];
            if !other.flags().has(Flags::WARMING) {
                in_flight += u64::from(other.in_flight());
                weight += u64::from(other.weight);
            }
        }
        let fair = (in_flight * u64::from(backend.weight)).div_ceil(weight.max(1));
        (weight > 0).then(|| u32::try_from(fair).unwrap_or(NO_LIMIT))
    }
}

/// `warmth` thousandths of `whole`, at least one.
fn part(whole: u32, warmth: u64) -> u32 {
    let part = u64::from(whole) * warmth / FULL_SHARE;
    u32::try_from(part).unwrap_or(NO_LIMIT).max(1)
}

// === impl Shared ===

impl<S> Shared<S> {
    /// Whether the limit of `backend`, or what a slow start leaves of it, allows one more request.
    pub(super) fn limit_has_room(
        &self,
        members: &Members<S>,
        backend: &Backend<S>,
        flags: Flags,
        now: Tick,
    ) -> bool {
        if backend.limit == NO_LIMIT {
            return true;
        }
        let usable = members.whole.roster.census().rotation;
        let ramps = self.sums.warming() < usable && flags.has(Flags::WARMING);
        let cap = match ramps {
            true => part(
                backend.limit,
                backend.warmth(now, self.config.load().slow_start),
            ),
            false => backend.limit,
        };
        backend.in_flight() < cap
    }
}

// === impl Backend ===

impl<S> Backend<S> {
    /// Takes a place for one more attempt, unless it has as many in flight as it may.
    #[inline]
    pub(super) fn enter(&self) -> bool {
        let in_flight = &self.vitals.in_flight;
        if self.limit == NO_LIMIT {
            in_flight.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        let room = |count: u32| (count < self.limit).then_some(count + 1);
        in_flight
            .fetch_update(Ordering::SeqCst, Ordering::Relaxed, room)
            .is_ok()
    }

    /// Gives the place back, to whoever waits for one.
    #[inline]
    pub(super) fn leave(&self) {
        let in_flight = &self.vitals.in_flight;
        if self.limit == NO_LIMIT {
            in_flight.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        // Ordered with the look that whoever begins to wait takes after saying so.
        in_flight.fetch_sub(1, Ordering::SeqCst);
        if let Some(pool) = self.pool.upgrade() {
            pool.queue.call_next(pool.config.load().max_wait);
        }
    }
}
