//! Choosing a backend for an attempt.

use core::sync::atomic::Ordering;
use std::sync::Arc;

use super::backend::Backend;
use super::census::{Admit, Census};
use super::config::PoolConfig;
use super::handle::{Pool, Shared};
use super::lease::{Lease, LeaseKind};
use super::members::Members;
use super::refusal::NoBackend;
use super::tried::Tried;
use super::word::Flags;
use crate::Tick;

/// Two costs that differ by less than this factor are the same, give or take noise.
const NOISE: f32 = 1.2;

/// What a choice is made with.
struct Chooser<'a> {
    now: Tick,
    tried: &'a Tried,
    config: &'a PoolConfig,
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
            if let Some(lease) = shared.probe(now, tried, probe_allowed) {
                return Ok(lease);
            }
        }
        let members = shared.members.load();
        let list = &members.list;
        shared.climate.refresh(now, list.len(), |i| {
            let ejected = list[i].flags().has(Flags::EJECTED);
            (!ejected).then_some(&list[i].vitals.estimate)
        });
        let config = shared.config.load();
        let chooser = Chooser {
            now,
            tried,
            config: &config,
        };
        if !shared.warming.load(Ordering::Relaxed)
            && let Some(backend) = chooser.quick(&members, rng)
        {
            let generation = backend.flags().generation();
            return Ok(Lease::new(
                backend,
                LeaseKind::Normal,
                false,
                generation,
                now,
            ));
        }
        chooser.thorough(shared, list, rng)
    }
}

// === impl Shared ===

impl<S> Shared<S> {
    /// A probe, if one is due and its permit free.
    fn probe(&self, now: Tick, tried: &Tried, allowed: bool) -> Option<Lease<S>> {
        let members = self.members.load();
        let wait = self.config.load().ejection.probe_any_after;
        members.list.iter().find_map(|backend| {
            let flags = backend.flags();
            let out = Flags::ADMIN | Flags::DOWN | Flags::PROBING;
            if !flags.has(Flags::EJECTED) || flags.has(out) || tried.contains(backend.id) {
                return None;
            }
            let due = backend.vitals.due();
            let any = || wait.is_some_and(|wait| now >= due.after(wait));
            if now < due || !(allowed || any()) {
                return None;
            }
            // Before the permit is taken, so that nobody sees a permit without its time.
            backend
                .vitals
                .probe_since
                .store(now.as_nanos(), Ordering::Relaxed);
            let won = backend.vitals.word.try_probe(flags);
            won.then(|| Lease::new(backend, LeaseKind::Probe, false, flags.generation(), now))
        })
    }
}

// === impl Chooser ===

impl Chooser<'_> {
    /// Two draws that are both ordinary: the usual case.
    fn quick<'m, S>(
        &self,
        members: &'m Members<S>,
        rng: &mut fastrand::Rng,
    ) -> Option<&'m Arc<Backend<S>>> {
        let (first, second) = members.draw(rng)?;
        let (first, second) = (&members.list[first], &members.list[second]);
        let ordinary = |backend: &Arc<Backend<S>>| {
            !backend.flags().has(Flags::OUT | Flags::WARMING) && !self.tried.contains(backend.id)
        };
        (ordinary(first) && ordinary(second)).then(|| {
            let (first, second) = ((first, first.flags()), (second, second.flags()));
            self.cheaper(first, second, rng).0
        })
    }

    /// All backends: those that may be picked now and were not tried, else those that were.
    fn thorough<S>(
        &self,
        shared: &Shared<S>,
        list: &[Arc<Backend<S>>],
        rng: &mut fastrand::Rng,
    ) -> Result<Lease<S>, NoBackend> {
        // A backend may change between the count and the choice, once; then count again.
        let chosen = (0..2).find_map(|_| {
            let census = Census::count(list.iter().map(|backend| backend.flags()));
            let admit = census.admit(self.config.panic_threshold)?;
            self.among(list, admit, false, rng)
                .or_else(|| self.among(list, admit, true, rng))
        });
        let Some(((backend, flags), repeated)) = chosen else {
            return Err(NoBackend::of(&shared.name, list));
        };
        let kind = if flags.in_rotation() {
            LeaseKind::Normal
        } else {
            shared.panic_picks.fetch_add(1, Ordering::Relaxed);
            LeaseKind::Panic
        };
        Ok(Lease::new(
            backend,
            kind,
            repeated,
            flags.generation(),
            self.now,
        ))
    }

    /// One of the backends that may be picked and were tried, or were not.
    fn among<'m, S>(
        &self,
        list: &'m [Arc<Backend<S>>],
        admit: Admit,
        repeated: bool,
        rng: &mut fastrand::Rng,
    ) -> Option<(Candidate<'m, S>, bool)> {
        let candidates = list.iter().filter_map(|backend| {
            let flags = backend.flags();
            let fits = self.tried.contains(backend.id) == repeated && admit.allows(flags);
            fits.then_some((backend, flags))
        });
        Some((self.by_share(candidates, rng)?, repeated))
    }

    /// Draws two in one pass, by their shares, and takes the cheaper.
    fn by_share<'m, S: 'm>(
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
            let share = candidate
                .0
                .share(candidate.1, self.now, self.config.slow_start);
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

    fn cheaper<'m, S>(
        &self,
        first: Candidate<'m, S>,
        second: Candidate<'m, S>,
        rng: &mut fastrand::Rng,
    ) -> Candidate<'m, S> {
        let cost = |(backend, flags): Candidate<'m, S>| {
            backend.cost(flags, self.now, self.config.slow_start)
        };
        let (a, b) = (cost(first), cost(second));
        let same = a < b * NOISE && b < a * NOISE;
        if (same && rng.bool()) || (!same && b < a) {
            second
        } else {
            first
        }
    }
}
