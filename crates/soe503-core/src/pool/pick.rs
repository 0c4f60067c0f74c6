//! Choosing a backend for an attempt.

use core::ops::Range;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use super::affinity::Ask;
use super::aperture::{Lane, Window};
use super::backend::{Backend, FULL_SHARE};
use super::balance::Balance;
use super::caps::Caps;
use super::census::Admit;
use super::group::Group;
use super::handle::{Pool, Shared};
use super::lease::Lease;
use super::members::Members;
use super::refusal::NoBackend;
use super::tried::Tried;
use super::word::Flags;
use crate::Tick;

/// Two costs that differ by less than this factor are the same, give or take noise.
const NOISE: f32 = 1.2;

/// Up to so many backends are looked at one by one where two draws do not do.
pub(super) const FEW: usize = 16;
/// So many draws in vain mean that hardly anybody fits, as when weights differ widely or all are
/// at the beginning of a slow start (where one draw in ten counts): then all are looked at.
pub(super) const DRAWS: usize = 64;
/// So often a choice is made anew when what it rested on has changed.
const TRIES: usize = 4;
/// In a window, so many pairs are drawn in search of a backend without requests.
const PAIRS: usize = 3;

/// What a choice is made with.
pub(super) struct Chooser<'a, 'm, S> {
    pub(super) now: Tick,
    pub(super) tried: &'a Tried,
    pub(super) hash: Option<u64>,
    pub(super) balance: Balance,
    /// The request may not run twice.
    pub(super) once: bool,
    pub(super) slow_start: Duration,
    pub(super) members: &'m Members<S>,
    /// Those of `members` among whom is chosen.
    pub(super) group: &'m Group,
    pub(super) admit: Admit,
    pub(super) range: Range<usize>,
    /// Some backend's share is not its whole weight.
    pub(super) warming: bool,
    /// What bounds the requests that a backend has in flight.
    pub(super) caps: Caps,
    /// Slow starts bound nobody without a limit any more.
    pub(super) beyond: bool,
    /// The window of the thread that picks, where the pool is large enough for one.
    pub(super) lane: Option<&'a Lane>,
}

/// A backend and the state in which it was found.
pub(super) type Candidate<'m, S> = (&'m Arc<Backend<S>>, Flags);

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
        self.pick_as(0, now, tried, probe_allowed, rng)
    }

    /// As [`Self::pick`], for thread number `picker`: in a large pool each keeps to backends of its
    /// own for a while, so that it knows their connections. Numbers count from 0.
    ///
    /// # Errors
    /// As [`Self::pick`].
    pub fn pick_as(
        &self,
        picker: u32,
        now: Tick,
        tried: &Tried,
        probe_allowed: bool,
        rng: &mut fastrand::Rng,
    ) -> Result<Lease<S>, NoBackend> {
        let ask = Ask::new(now, tried).picker(picker);
        self.pick_for(&ask.probe_allowed(probe_allowed), rng)
    }

    /// As [`Self::pick_as`], for a request that may belong to a backend.
    ///
    /// The backend of [`Affinity::badge`](super::Affinity::badge) goes before all others as long as it
    /// can be used and was not tried; such a request is no probe of another one.
    ///
    /// # Errors
    /// As [`Self::pick`].
    pub fn pick_for(&self, ask: &Ask<'_>, rng: &mut fastrand::Rng) -> Result<Lease<S>, NoBackend> {
        let shared = &self.shared;
        let (now, tried) = (ask.now, ask.tried);
        if now.as_nanos() >= shared.wake_at.load(Ordering::Relaxed) {
            shared.tend(now);
        }
        if shared.queue.is_ahead_of(ask) {
            return Err(shared.full());
        }
        if let Some(badge) = ask.affinity.badge
            && let Some(lease) = shared.belonging(badge, now, tried)
        {
            return Ok(lease);
        }
        if now.as_nanos() >= shared.probe_at.load(Ordering::Relaxed)
            && let Some(lease) = shared.probe(now, tried, ask.probe_allowed)
        {
            return Ok(lease);
        }
        let members = shared.members.load();
        let list = &members.list;
        let refreshed = shared.climate.refresh(now, list.len(), |i| {
            let ejected = list[i].flags().has(Flags::EJECTED);
            (!ejected).then_some(&list[i].vitals.estimate)
        });
        if refreshed {
            let reports = &shared.climate.reports;
            reports.refresh(now, list.len(), |i| &list[i].vitals.reported);
            shared.hedge.learn(now, members.latencies());
        }
        let config = shared.config.load();
        if refreshed {
            let (rules, keyed) = (&config.ejection, config.balance.hashing().is_some());
            let slow = &shared.climate.slow;
            slow.learn(now, rules, keyed, members.latencies());
        }
        // Backends may change between the decision and the choice, and others may take the last room in
        // between; then decide again.
        for _ in 0..TRIES {
            let Some(admit) = members.whole.roster.admit() else {
                break;
            };
            let range = members.whole.roster.range(admit);
            let warming = shared.sums.warming();
            let chooser = Chooser {
                now,
                tried,
                hash: ask.affinity.hash,
                balance: config.balance,
                once: ask.once,
                slow_start: config.slow_start,
                members: &members,
                group: &members.whole,
                admit,
                caps: Caps::new(members.limited, warming, range.len()),
                beyond: false,
                range,
                warming: warming > 0,
                lane: shared.lane(ask.picker, admit, &members),
            };
            let Some(((backend, flags), repeated)) = chooser.choose(rng) else {
                continue;
            };
            if repeated && ask.elsewhere {
                return Err(shared.refusal());
            }
            if backend.enter() {
                return Ok(shared.lease(backend, flags, repeated, now));
            }
        }
        let usable = members.whole.roster.admit();
        Err(match usable.filter(|_| members.limited) {
            Some(admit) if !members.whole.roster.range(admit).is_empty() => shared.full(),
            _ => shared.refusal(),
        })
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
    #[inline]
    fn choose(&self, rng: &mut fastrand::Rng) -> Option<(Candidate<'m, S>, bool)> {
        let usual = if self.balance == Balance::P2c && self.members.tiers.is_none() {
            self.of_two(rng)
        } else {
            None
        };
        match usual {
            Some(chosen) => Some((chosen, false)),
            None => self.choose_otherwise(rng),
        }
    }

    /// By another policy, in tiers, or when two draws do not do. Apart, so that the usual choice is one
    /// piece of code.
    #[inline(never)]
    fn choose_otherwise(&self, rng: &mut fastrand::Rng) -> Option<(Candidate<'m, S>, bool)> {
        let chosen = self.choose_in_order(rng);
        // A slow start gives way where nobody else has room.
        match self.beyond_slow_starts() {
            Some(beyond) if chosen.is_none_or(|(_, repeated)| repeated) => {
                beyond.choose_in_order(rng).or(chosen)
            }
            _ => chosen,
        }
    }

    fn choose_in_order(&self, rng: &mut fastrand::Rng) -> Option<(Candidate<'m, S>, bool)> {
        let fresh = match &self.members.tiers {
            Some(tiers) if self.admit == Admit::Rotation => tiers
                .order(self.key(), rng)
                .find_map(|group| self.within(group).fresh(rng)),
            _ => self.fresh(rng),
        };
        if let Some(chosen) = fresh {
            return Some((chosen, false));
        }
        Some((self.again(rng)?, true))
    }

    /// The same choice among the backends of `group`.
    fn within(&self, group: &'m Group) -> Self {
        let range = group.roster.range(self.admit);
        Self {
            group,
            range,
            ..*self
        }
    }

    /// Power of two choices.
    #[inline]
    pub(super) fn of_two(&self, rng: &mut fastrand::Rng) -> Option<Candidate<'m, S>> {
        if self.range.len() > FEW {
            self.in_window(rng).or_else(|| self.of_many(rng))
        } else if self.warming || self.caps.any() {
            // Two draws that happen to be warm, or to have room, would say nothing about the others.
            None
        } else {
            self.quick(rng)
        }
    }

    /// Two draws that both fit: the usual case.
    #[inline]
    fn quick(&self, rng: &mut fastrand::Rng) -> Option<Candidate<'m, S>> {
        let [first, second] = self.group.draw_two(&self.range, rng)?;
        let (first, second) = (self.new_to_it(first)?, self.new_to_it(second)?);
        Some(self.cheaper(first, second, rng))
    }

    /// One of the window, without requests if that can be.
    fn in_window(&self, rng: &mut fastrand::Rng) -> Option<Candidate<'m, S>> {
        let (lane, count) = (self.lane?, self.range.len());
        let window = lane.window(self.now, self.range.clone());
        let pair = self.sample(&window, rng)?;
        lane.drew(
            pair.iter().flatten().filter(|c| is_busy(**c)).count(),
            count,
        );
        let mut best = self.cheaper_of(pair, rng)?;
        for _ in 1..PAIRS {
            if !window.is_part() || !is_busy(best) {
                break;
            }
            let [first, second] = self.sample(&window, rng)?;
            best = self.cheaper_of([self.cheaper_of([first, second], rng), Some(best)], rng)?;
        }
        Some(best)
    }

    /// The cheaper of two of many.
    #[inline]
    fn of_many(&self, rng: &mut fastrand::Rng) -> Option<Candidate<'m, S>> {
        let pair = self.sample(&Window::all(self.range.clone()), rng)?;
        self.cheaper_of(pair, rng)
    }

    /// Two of many, drawn again while they do not fit: by their shares.
    #[inline]
    fn sample(
        &self,
        window: &Window,
        rng: &mut fastrand::Rng,
    ) -> Option<[Option<Candidate<'m, S>>; 2]> {
        let mut first: Option<Candidate<'m, S>> = None;
        for _ in 0..DRAWS {
            let Some(candidate) = self.untried(self.group.draw(window, rng)?) else {
                continue;
            };
            if !self.is_warm_enough(candidate, rng) {
                continue;
            }
            match first {
                None => first = Some(candidate),
                // Of equal ones two different; of unequal ones, a heavy one twice is its share.
                Some((same, _)) if self.group.is_uniform() && same.id == candidate.0.id => {}
                Some(_) => return Some([first, Some(candidate)]),
            }
        }
        Some([first, None])
    }

    /// The backend at `slot`, if it can be used, was not tried and has room.
    #[inline]
    pub(super) fn untried(&self, slot: usize) -> Option<Candidate<'m, S>> {
        let candidate = self.new_to_it(slot)?;
        self.has_room(candidate.0, candidate.1).then_some(candidate)
    }

    /// The same, whether it has room or not.
    #[inline]
    fn new_to_it(&self, slot: usize) -> Option<Candidate<'m, S>> {
        let backend = &self.members.list[slot];
        let flags = backend.flags();
        let fits = self.admit.allows(flags) && !self.tried.contains(backend.id);
        fits.then_some((backend, flags))
    }

    /// Whether a slow start lets this draw count.
    #[inline]
    pub(super) fn is_warm_enough(
        &self,
        (backend, flags): Candidate<'m, S>,
        rng: &mut fastrand::Rng,
    ) -> bool {
        if !flags.has(Flags::WARMING) {
            return true;
        }
        let share = backend.share(flags, self.now, self.slow_start);
        rng.u64(0..u64::from(backend.weight) * FULL_SHARE) < share
    }

    #[inline]
    pub(super) fn cheaper_of(
        &self,
        [first, second]: [Option<Candidate<'m, S>>; 2],
        rng: &mut fastrand::Rng,
    ) -> Option<Candidate<'m, S>> {
        match (first, second) {
            (Some(first), Some(second)) => Some(self.cheaper(first, second, rng)),
            (one, other) => one.or(other),
        }
    }

    #[inline]
    fn cheaper(
        &self,
        first: Candidate<'m, S>,
        second: Candidate<'m, S>,
        rng: &mut fastrand::Rng,
    ) -> Candidate<'m, S> {
        let loads_only = self.balance == Balance::LeastRequest;
        let cost = |(backend, flags): Candidate<'m, S>| {
            let cost = if loads_only {
                backend.load_cost(flags, self.now, self.slow_start)
            } else {
                backend.cost(flags, self.now, self.slow_start)
            };
            cost * self.caution(backend)
        };
        let (a, b) = (cost(first), cost(second));
        let noise = if loads_only { 1.0 } else { NOISE };
        let same = a <= b * noise && b <= a * noise;
        if (same && rng.bool()) || (!same && b < a) {
            second
        } else {
            first
        }
    }
}

fn is_busy<S>((backend, _): Candidate<'_, S>) -> bool {
    backend.in_flight() > 0
}
