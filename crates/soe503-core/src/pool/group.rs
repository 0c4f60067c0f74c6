//! Backends that are chosen among: all of a pool, or those of one tier.

use core::ops::Range;
use std::sync::Arc;

use super::affinity::Affinity;
use super::aperture::{SMALL, Window};
use super::backend::Backend;
use super::balance::Balance;
use super::census::Admit;
use super::places::{Place, Table};
use super::roster::Roster;
use super::word::Flags;

/// Some of the backends of a list, by their slots in it, and what drawing among them needs.
pub(super) struct Group {
    pub(super) roster: Roster,
    pub(super) table: Table,
    /// Running sums of the weights; `None` if all are equal.
    cumulative: Option<Box<[u64]>>,
    /// The slots, where they are not simply all of them.
    slots: Option<Box<[u32]>>,
    /// The weight that all have, or 1 if they differ.
    unit: u64,
}

// === impl Group ===

impl Group {
    /// Those of `list` that are at `slots`; all of them if there are none.
    pub(super) fn new<S>(
        list: &[Arc<Backend<S>>],
        slots: Option<Vec<u32>>,
        balance: Balance,
        start: u64,
    ) -> Self {
        let all = || (0_u32..).take(list.len()).collect();
        let mut order = slots.clone().unwrap_or_else(all);
        let at = |slot: u32| &list[slot as usize];
        let weights: Vec<u32> = order.iter().map(|&slot| at(slot).weight).collect();
        let uniform = weights.windows(2).all(|pair| pair[0] == pair[1]);
        let cumulative = (!uniform).then(|| {
            let mut sum = 0;
            let running = weights.iter().map(|&weight| {
                sum += u64::from(weight);
                sum
            });
            running.collect()
        });
        let place = |&slot: &u32| Place {
            slot,
            weight: at(slot).weight,
            identity: Affinity::hash(at(slot).name.as_bytes()),
        };
        let needed = !matches!(
            balance,
            Balance::P2c | Balance::LeastRequest | Balance::Random
        );
        let places = order.iter().filter(|_| needed).map(place).collect();
        if order.len() > SMALL {
            // By what an id alone decides, so that a change of the set moves few.
            order.sort_unstable_by_key(|&slot| scattered(at(slot).id));
        }
        let flags: Vec<Flags> = list.iter().map(|backend| backend.flags()).collect();
        let by_slot = (!uniform).then(|| list.iter().map(|backend| backend.weight).collect());
        Self {
            roster: Roster::new(&flags, &order, by_slot),
            table: Table::new(balance, places, start),
            cumulative,
            slots: slots.map(Vec::into_boxed_slice),
            unit: u64::from(if uniform {
                weights.first().copied().unwrap_or(1)
            } else {
                1
            }),
        }
    }

    /// Whether all weights are equal.
    pub(super) const fn is_uniform(&self) -> bool {
        self.cumulative.is_none()
    }

    /// The weights of those whom `admit` allows, in sum.
    pub(super) fn weight(&self, admit: Admit) -> u64 {
        self.roster.weight(admit) * self.unit
    }

    /// The weights of all, in sum.
    pub(super) fn whole_weight(&self) -> u64 {
        match &self.cumulative {
            Some(cumulative) => cumulative.last().copied().unwrap_or(0),
            None => self.roster.len() as u64 * self.unit,
        }
    }

    /// The slot of a random backend, at one of these places of the roster if all weights are equal; of
    /// all by weight otherwise. `None` if there is none.
    #[inline]
    pub(super) fn draw(&self, window: &Window, rng: &mut fastrand::Rng) -> Option<usize> {
        let Some(cumulative) = &self.cumulative else {
            return Some(self.roster.slot(window.draw(rng)?));
        };
        let at = rng.u64(0..*cumulative.last()?);
        let index = cumulative.partition_point(|&sum| sum <= at);
        Some(match &self.slots {
            Some(slots) => slots[index] as usize,
            None => index,
        })
    }

    /// The slots of two random backends as [`Self::draw`] draws one: different ones if all weights are
    /// equal and there are two; independent ones otherwise, so that equal costs make shares
    /// proportional to weights.
    #[inline]
    pub(super) fn draw_two(
        &self,
        range: &Range<usize>,
        rng: &mut fastrand::Rng,
    ) -> Option<[usize; 2]> {
        if !self.is_uniform() || range.len() < 2 {
            let all = Window::all(range.clone());
            return Some([self.draw(&all, rng)?, self.draw(&all, rng)?]);
        }
        let first = rng.usize(range.clone());
        let second = rng.usize(range.start..range.end - 1);
        let second = second + usize::from(second >= first);
        Some([first, second].map(|place| self.roster.slot(place)))
    }
}

/// A number of which neighbours' are far apart (the finalizer of MurmurHash3).
const fn scattered(id: u32) -> u32 {
    let id = (id ^ (id >> 16)).wrapping_mul(0x85eb_ca6b);
    let id = (id ^ (id >> 13)).wrapping_mul(0xc2b2_ae35);
    id ^ (id >> 16)
}

#[cfg(test)]
mod tests {
    use super::scattered;

    /// MurmurHash3's finalizer: windows are of the same backends in every process.
    #[test]
    fn ids_are_scattered_as_anywhere() {
        let known = [
            (0, 0),
            (1, 0x514e_28b7),
            (2, 0x30f4_c306),
            (3, 0x85f0_b427),
            (0xdead_beef, 0x0de5_c6a9),
            (u32::MAX, 0x81f1_6f39),
        ];
        for (id, number) in known {
            assert_eq!(scattered(id), number, "{id}");
        }
    }
}
