//! The set of backends, as one immutable snapshot.

use core::ops::Range;
use std::sync::Arc;

use super::aperture::{SMALL, Window};
use super::backend::{Backend, Key};
use super::roster::Roster;

/// The backends of a pool, and what finding and drawing them needs. Replaced as a whole when the
/// set changes; when a state does, the roster is patched.
pub(super) struct Members<S> {
    pub(super) list: Arc<[Arc<Backend<S>>]>,
    pub(super) roster: Roster,
    /// Running sums of the weights; `None` if all are equal.
    cumulative: Option<Box<[u64]>>,
    /// Slots in the order of the names, and of the ids.
    by_name: Box<[u32]>,
    by_id: Box<[u32]>,
}

// === impl Members ===

impl<S> Members<S> {
    pub(super) fn new(list: Vec<Arc<Backend<S>>>) -> Self {
        let uniform = list.windows(2).all(|pair| pair[0].weight == pair[1].weight);
        let cumulative = (!uniform).then(|| {
            let mut sum = 0;
            list.iter()
                .map(|backend| {
                    sum += u64::from(backend.weight);
                    sum
                })
                .collect()
        });
        let flags: Vec<_> = list.iter().map(|backend| backend.flags()).collect();
        let slots = || (0_u32..).take(list.len());
        let mut order: Vec<u32> = slots().collect();
        if list.len() > SMALL {
            // By what an id alone decides, so that a change of the set moves few.
            order.sort_unstable_by_key(|&slot| scattered(list[slot as usize].id));
        }
        let (mut by_name, mut by_id): (Box<[_]>, Box<[_]>) = (slots().collect(), slots().collect());
        by_name.sort_unstable_by_key(|&slot| &list[slot as usize].name);
        by_id.sort_unstable_by_key(|&slot| list[slot as usize].id);
        Self {
            roster: Roster::new(&flags, &order),
            cumulative,
            by_name,
            by_id,
            list: list.into(),
        }
    }

    /// The backend of that name or id.
    pub(super) fn find(&self, key: Key<'_>) -> Option<&Arc<Backend<S>>> {
        let at = |slot: u32| &self.list[slot as usize];
        let (index, found) = match key {
            Key::Id(id) => (
                &self.by_id,
                self.by_id.binary_search_by_key(&id, |&slot| at(slot).id),
            ),
            Key::Name(name) => (
                &self.by_name,
                self.by_name
                    .binary_search_by(|&slot| (*at(slot).name).cmp(name)),
            ),
        };
        Some(at(index[found.ok()?]))
    }

    /// Whether all weights are equal.
    pub(super) const fn is_uniform(&self) -> bool {
        self.cumulative.is_none()
    }

    /// The backends at these places of the roster.
    pub(super) fn at(&self, range: Range<usize>) -> impl Iterator<Item = &Arc<Backend<S>>> {
        range.map(|place| &self.list[self.roster.slot(place)])
    }

    /// A random backend, at one of these places of the roster if all weights are equal; of all
    /// backends by weight otherwise. `None` if there is none.
    pub(super) fn draw(
        &self,
        window: &Window,
        rng: &mut fastrand::Rng,
    ) -> Option<&Arc<Backend<S>>> {
        let slot = if let Some(cumulative) = &self.cumulative {
            let at = rng.u64(0..*cumulative.last()?);
            cumulative.partition_point(|&sum| sum <= at)
        } else {
            self.roster.slot(window.draw(rng)?)
        };
        Some(&self.list[slot])
    }

    /// Two random backends as [`Self::draw`] draws one: different ones if all weights are equal and
    /// there are two; independent ones otherwise, so that equal costs make shares proportional to
    /// weights.
    pub(super) fn draw_two(
        &self,
        range: &Range<usize>,
        rng: &mut fastrand::Rng,
    ) -> Option<[&Arc<Backend<S>>; 2]> {
        if !self.is_uniform() || range.len() < 2 {
            let all = Window::all(range.clone());
            return Some([self.draw(&all, rng)?, self.draw(&all, rng)?]);
        }
        let first = rng.usize(range.clone());
        let second = rng.usize(range.start..range.end - 1);
        let second = second + usize::from(second >= first);
        Some([first, second].map(|place| &self.list[self.roster.slot(place)]))
    }
}

/// A number of which neighbours' are far apart (the finalizer of MurmurHash3).
const fn scattered(id: u32) -> u32 {
    let id = (id ^ (id >> 16)).wrapping_mul(0x85eb_ca6b);
    let id = (id ^ (id >> 13)).wrapping_mul(0xc2b2_ae35);
    id ^ (id >> 16)
}
