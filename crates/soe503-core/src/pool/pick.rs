//! Choosing a backend for an attempt.

use core::ops::Range;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use super::backend::{Backend, FULL_SHARE};
use super::census::Admit;
use super::handle::{Pool, Shared};
use super::lease::{Lease, LeaseKind};
use super::members::Members;
use super::refusal::NoBackend;
use super::tried::Tried;
use super::word::Flags;
use crate::Tick;

/// Two costs that differ by less than this factor are the same, give or take noise.
const NOISE: f32 = 1.2;

/// Up to so many backends are looked at one by one where two draws do not do.
const FEW: usize = 16;
/// So many draws in vain mean that hardly anybody fits, as when weights differ widely or all are
/// at the beginning of a slow start (where one draw in ten counts): then all are looked at.
const DRAWS: usize = 64;

/// What a choice is made with.
struct Chooser<'a, 'm, S> {
    now: Tick,
    tried: &'a Tried,
    slow_start: Duration,
    members: &'m Members<S>,
    admit: Admit,
    range: Range<usize>,
}

/// A backend and the state in which it was found.
type Candidate<'m, S> = (&'m Arc<Backend<S>>, Flags);

// === impl Pool ===

impl<S> Pool<S> {
    /// A backend for the next attempt of a request.
    ///
    /// Backends in `tried` are only picked again when no other one is left
    /// ([`Lease::repeated`] tells). With `probe_allowed`, which a request that may run twice can
    /// afford, a backend whose ejection has run out gets this request as its probe.
    ///
    /// # Errors
    /// [`NoBackend`] if the pool is empty, operators took all backends out, or checks did and
    /// panic is turned off.
    pub fn pick(
        &self,
        now: Tick,
        tried: &Tried,
        probe_allowed: bool,
        rng: &mut fastrand::Rng,
    ) -> Result<Lease<S>, NoBackend> {
        let shared = &self.shared;
        if now.as_nanos() >= shared.wake_at.load(Ordering::Relaxed) {
            shared.tend(now);
        }
        if now.as_nanos() >= shared.probe_at.load(Ordering::Relaxed)
            && let Some(lease) = shared.probe(now, tried, probe_allowed)
        {
            return Ok(lease);
        }
        let members = shared.members.load();
        let list = &members.list;
        shared.climate.refresh(now, list.len(), |i| {
            let ejected = list[i].flags().has(Flags::EJECTED);
            (!ejected).then_some(&list[i].vitals.estimate)
        });
        let config = shared.config.load();
        // Backends may change between the decision and the choice; then decide again, once.
        let chosen = (0..2).find_map(|_| {
            let admit = members.roster.admit()?;
            let chooser = Chooser {
                now,
                tried,
                slow_start: config.slow_start,
                members: &members,
                admit,
                range: members.roster.range(admit),
            };
            chooser.choose(shared.sums.is_any_warming(), rng)
        });
        let Some(((backend, flags), repeated)) = chosen else {
            return Err(shared.refusal());
        };
        let kind = if flags.in_rotation() {
            LeaseKind::Normal
        } else {
            shared.panic_picks.fetch_add(1, Ordering::Relaxed);
            LeaseKind::Panic
        };
        let generation = flags.generation();
        Ok(Lease::new(backend, kind, repeated, generation, now))
    }
}

// === impl Shared ===

impl<S> Shared<S> {
    /// Why nobody can be picked. It takes a look at all backends, once until something changes.
    fn refusal(&self) -> NoBackend {
        let mut control = self.try_control();
        let members = self.members.load();
        let compute = || NoBackend::of(&self.name, &members.list);
        match &mut control {
            Some(control) => control.refusal.get_or_insert_with(compute).clone(),
            None => compute(),
        }
    }
}

// === impl Chooser ===

impl<'m, S> Chooser<'_, 'm, S> {
    /// A backend, and whether it was tried before.
    fn choose(&self, warming: bool, rng: &mut fastrand::Rng) -> Option<(Candidate<'m, S>, bool)> {
        let few = self.range.len() <= FEW;
        let chosen = if !few {
            self.sample(rng)
        } else if warming {
            // Two draws that happen to be warm would say nothing about those that are not.
            None
        } else {
            self.quick(rng)
        };
        if let Some(chosen) = chosen {
            return Some((chosen, false));
        }
        self.among(false, rng).or_else(|| self.among(true, rng))
    }

    /// Two draws that both fit: the usual case.
    fn quick(&self, rng: &mut fastrand::Rng) -> Option<Candidate<'m, S>> {
        let [first, second] = self.members.draw_two(&self.range, rng)?;
        let (first, second) = (self.untried(first)?, self.untried(second)?);
        Some(self.cheaper(first, second, rng))
    }

    /// Two of many, drawn again while they do not fit: by their shares.
    fn sample(&self, rng: &mut fastrand::Rng) -> Option<Candidate<'m, S>> {
        let mut first: Option<Candidate<'m, S>> = None;
        for _ in 0..DRAWS {
            let backend = self.members.draw(&self.range, rng)?;
            let Some(candidate) = self.untried(backend) else {
                continue;
            };
            if !self.is_warm_enough(candidate, rng) {
                continue;
            }
            match first {
                None => first = Some(candidate),
                // Of equal ones two different; of unequal ones, a heavy one twice is its share.
                Some((same, _)) if self.members.is_uniform() && same.id == backend.id => {}
                Some(first) => return Some(self.cheaper(first, candidate, rng)),
            }
        }
        first
    }

    /// Of those that were tried, or were not: a look at all, and two drawn by their shares.
    fn among(&self, repeated: bool, rng: &mut fastrand::Rng) -> Option<(Candidate<'m, S>, bool)> {
        let candidates = self.members.at(self.range.clone()).filter_map(|backend| {
            let flags = backend.flags();
            let fits = self.tried.contains(backend.id) == repeated && self.admit.allows(flags);
            fits.then_some((backend, flags))
        });
        Some((self.by_share(candidates, rng)?, repeated))
    }

    fn untried(&self, backend: &'m Arc<Backend<S>>) -> Option<Candidate<'m, S>> {
        let flags = backend.flags();
        let fits = self.admit.allows(flags) && !self.tried.contains(backend.id);
        fits.then_some((backend, flags))
    }

    /// Whether a slow start lets this draw count.
    fn is_warm_enough(&self, (backend, flags): Candidate<'m, S>, rng: &mut fastrand::Rng) -> bool {
        if !flags.has(Flags::WARMING) {
            return true;
        }
        let share = backend.share(flags, self.now, self.slow_start);
        rng.u64(0..u64::from(backend.weight) * FULL_SHARE) < share
    }

    /// Draws two in one pass, by their shares, and takes the cheaper.
    fn by_share(
        &self,
        candidates: impl Iterator<Item = Candidate<'m, S>>,
        rng: &mut fastrand::Rng,
    ) -> Option<Candidate<'m, S>> {
        // Two different ones, for the case that all shares turn out equal …
        let mut distinct = [None; 2];
        // … and two independent ones by share, for the case that they do not.
        let mut weighted = [None; 2];
        let (mut seen, mut total, mut share_of_first, mut equal) = (0_usize, 0_u64, 0, true);
        for candidate in candidates {
            let share = candidate.0.share(candidate.1, self.now, self.slow_start);
            if seen == 0 {
                share_of_first = share;
            }
            equal &= share == share_of_first;
            let place = if seen < 2 { seen } else { rng.usize(0..=seen) };
            if let Some(place) = distinct.get_mut(place) {
                *place = Some(candidate);
            }
            seen += 1;
            total += share;
            for place in &mut weighted {
                if rng.u64(0..total) < share {
                    *place = Some(candidate);
                }
            }
        }
        let [first, second] = if equal { distinct } else { weighted };
        match (first, second) {
            (Some(first), Some(second)) => Some(self.cheaper(first, second, rng)),
            (one, other) => one.or(other),
        }
    }

    fn cheaper(
        &self,
        first: Candidate<'m, S>,
        second: Candidate<'m, S>,
        rng: &mut fastrand::Rng,
    ) -> Candidate<'m, S> {
        let cost =
            |(backend, flags): Candidate<'m, S>| backend.cost(flags, self.now, self.slow_start);
        let (a, b) = (cost(first), cost(second));
        let same = a < b * NOISE && b < a * NOISE;
        if (same && rng.bool()) || (!same && b < a) {
            second
        } else {
            first
        }
    }
}
