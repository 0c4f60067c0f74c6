//! A look at all, for when two draws do not do.

use super::pick::{Candidate, Chooser};

// === impl Chooser ===

impl<'m, S> Chooser<'_, 'm, S> {
    /// Of those that were tried, or were not: a look at all, and two drawn by their shares.
    pub(super) fn among(
        &self,
        repeated: bool,
        rng: &mut fastrand::Rng,
    ) -> Option<Candidate<'m, S>> {
        let places = self.members.at(self.group, self.range.clone());
        let candidates = places.filter_map(|backend| {
            let flags = backend.flags();
            let fits = self.tried.contains(backend.id) == repeated
                && self.admit.allows(flags)
                && self.has_room(backend, flags);
            fits.then_some((backend, flags))
        });
        self.by_share(candidates, rng)
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
        if !self.balance.compares() {
            return weighted[0];
        }
        self.cheaper_of(if equal { distinct } else { weighted }, rng)
    }
}
