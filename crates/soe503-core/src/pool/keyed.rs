//! Choosing by a request's key.
//!
//! The tables hold all backends, whatever their state: one that cannot be used is passed over, so its
//! keys go to whoever comes next for each of them and all others stay where they are; when it is back, it
//! gets just those again. A backend that warms up is given its keys one after the other, each of them once.

use super::affinity::mixed;
use super::backend::FULL_SHARE;
use super::pick::{Candidate, Chooser, FEW};
use super::places::Table;
use super::word::Flags;

/// So many places are looked at. Then the table holds hardly anybody who can be used.
const STEPS: usize = 256;
/// For the part of a key's hash that decides how warm a backend must be for it.
const SALT: u64 = 0x7761_726d;

/// How many requests each backend may have in flight.
struct Bound {
    /// Per unit of weight.
    each: f32,
}

// === impl Chooser ===

impl<'m, S> Chooser<'_, 'm, S> {
    /// The backend to which `hash` belongs among those that were not tried; with `repeated`, among all.
    pub(super) fn by_key(&self, hash: u64, repeated: bool) -> Option<Candidate<'m, S>> {
        match &self.group.table {
            Table::Ring(ring) => self.first_of(ring.walk(hash), hash, repeated),
            Table::Maglev(maglev) => self.first_of(maglev.walk(hash), hash, repeated),
            Table::None | Table::Turns(_) => None,
        }
    }

    fn first_of(
        &self,
        order: impl Iterator<Item = usize>,
        hash: u64,
        repeated: bool,
    ) -> Option<Candidate<'m, S>> {
        let bound = self.bound();
        // The first that can be used, but is cold or has enough to do.
        let mut spare = None;
        for slot in order.take(STEPS) {
            let Some(candidate) = self.candidate(slot, repeated) else {
                continue;
            };
            if self.suits(candidate, hash, bound.as_ref()) {
                return Some(candidate);
            }
            spare = spare.or(Some(candidate));
        }
        spare.or_else(|| self.near(hash, repeated))
    }

    /// One of the few that can be used, when the table is full of others.
    fn near(&self, hash: u64, repeated: bool) -> Option<Candidate<'m, S>> {
        let count = self.range.len();
        let start = (hash as usize).checked_rem(count)?;
        let places = (0..count.min(FEW)).map(|step| self.range.start + (start + step) % count);
        let mut slots = places.map(|place| self.group.roster.slot(place));
        slots.find_map(|slot| self.candidate(slot, repeated))
    }

    fn candidate(&self, slot: usize, repeated: bool) -> Option<Candidate<'m, S>> {
        if !repeated {
            return self.untried(slot);
        }
        let backend = &self.members.list[slot];
        let flags = backend.flags();
        let fits = self.admit.allows(flags) && self.has_room(backend, flags);
        fits.then_some((backend, flags))
    }

    fn suits(&self, (backend, flags): Candidate<'m, S>, hash: u64, bound: Option<&Bound>) -> bool {
        let weight = u64::from(backend.weight);
        let warm = || {
            let share = backend.share(flags, self.now, self.slow_start);
            mixed(hash, SALT) % (weight * FULL_SHARE) < share
        };
        let room = |bound: &Bound| backend.in_flight() < bound.of(backend.weight);
        (!flags.has(Flags::WARMING) || warm()) && bound.is_none_or(room)
    }

    /// The bound on loads, if there is one.
    fn bound(&self) -> Option<Bound> {
        let factor = self.balance.hashing()?.bounded_load?;
        let in_flight = self.members.list.first()?.climate.in_flight() as f32 + 1.0;
        let weight = self.group.weight(self.admit).max(1) as f32;
        let each = factor * in_flight / weight;
        Some(Bound { each })
    }
}

// === impl Bound ===

impl Bound {
    /// Requests in flight at a backend of this weight: with one more, it would exceed the bound.
    fn of(&self, weight: u32) -> u32 {
        (self.each * weight as f32).ceil() as u32
    }
}
