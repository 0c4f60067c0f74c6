//! The policies: what each looks at first.

use super::backend::Backend;
use super::balance::Balance;
use super::pick::{Candidate, Chooser, DRAWS, FEW};
use super::places::Table;

// === impl Chooser ===

impl<'m, S> Chooser<'_, 'm, S> {
    /// A backend that was not tried, if the group has one.
    pub(super) fn fresh(&self, rng: &mut fastrand::Rng) -> Option<Candidate<'m, S>> {
        let found = match self.balance {
            Balance::P2c => self.of_two(rng),
            Balance::LeastRequest if self.range.len() <= FEW => self.least(rng),
            Balance::LeastRequest => self.of_two(rng),
            Balance::RoundRobin => self.in_turn(rng),
            Balance::Random => self.any(rng),
            Balance::RingHash(_) | Balance::Maglev(_) => match self.key() {
                Some(hash) => self.by_key(hash, false),
                None => self.of_two(rng),
            },
        };
        // Draws in vain: a look at all.
        found.or_else(|| self.among(false, rng))
    }

    /// A backend that was tried, as there is no other.
    pub(super) fn again(&self, rng: &mut fastrand::Rng) -> Option<Candidate<'m, S>> {
        let first = self.key().and_then(|hash| self.by_key(hash, true));
        first.or_else(|| self.among(true, rng))
    }

    /// The request's key, if the policy asks for one.
    pub(super) fn key(&self) -> Option<u64> {
        self.hash.filter(|_| self.balance.hashing().is_some())
    }

    /// The one with the least load; of several such, a random one by share.
    fn least(&self, rng: &mut fastrand::Rng) -> Option<Candidate<'m, S>> {
        let mut best: Option<(Candidate<'m, S>, f32)> = None;
        let mut shares = 0;
        for place in self.range.clone() {
            let Some(candidate) = self.untried(self.group.roster.slot(place)) else {
                continue;
            };
            let (backend, flags) = candidate;
            let load = backend.load_cost(flags, self.now, self.slow_start);
            let load = load * self.caution(backend);
            let share = backend.share(flags, self.now, self.slow_start);
            match best {
                Some((_, least)) if load > least => continue,
                Some((_, least)) if load == least => shares += share,
                _ => shares = share,
            }
            if rng.u64(0..shares) < share {
                best = Some((candidate, load));
            }
        }
        Some(best?.0)
    }

    /// The one whose turn it is. Those that cannot be used lose theirs; one that warms up or is busy by its
    /// own account takes a part of them.
    fn in_turn(&self, rng: &mut fastrand::Rng) -> Option<Candidate<'m, S>> {
        let Table::Turns(turns) = &self.group.table else {
            return None;
        };
        let draws = (0..DRAWS).map_while(|_| turns.next());
        draws
            .filter_map(|slot| self.untried(slot))
            .find(|candidate| self.takes_its_turn(*candidate, rng))
    }

    /// A random one.
    fn any(&self, rng: &mut fastrand::Rng) -> Option<Candidate<'m, S>> {
        let all = super::aperture::Window::all(self.range.clone());
        (0..DRAWS).find_map(|_| {
            let candidate = self.untried(self.group.draw(&all, rng)?)?;
            self.takes_its_turn(candidate, rng).then_some(candidate)
        })
    }

    /// How much dearer `backend` is to this request than to one that may run twice.
    #[inline]
    pub(super) fn caution(&self, backend: &Backend<S>) -> f32 {
        if self.once {
            backend.caution(self.now)
        } else {
            1.0
        }
    }

    /// Whether a slow start and what the backend says about its load let this turn count.
    fn takes_its_turn(&self, candidate: Candidate<'m, S>, rng: &mut fastrand::Rng) -> bool {
        let chance = candidate.0.chance(self.now);
        self.is_warm_enough(candidate, rng) && chance.is_none_or(|chance| rng.f32() < chance)
    }
}
