//! The schedule of [`Balance::RoundRobin`](super::Balance::RoundRobin).
//!
//! A backend's turns are spread evenly over a round by earliest deadline first: the `k`-th turn of weight
//! `w` in a round of length `W` is due at `(k + ½)·W/w`. Equal weights give a plain rotation. The round
//! is written down once when the backends change, so whose turn it is costs one atomic addition, whatever
//! the number of threads and backends.

use core::cmp::Reverse;
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::BinaryHeap;

use super::aperture::SMALL;
use super::places::Place;

/// One round, and how far it is.
#[derive(Debug)]
pub(super) struct Turns {
    round: Box<[u32]>,
    next: AtomicU64,
}

/// A round is no longer: weights are scaled down, to no less than one turn each.
const LONGEST: u64 = 1 << 20;
/// The precision of a deadline.
const SCALE: u64 = 1 << 32;

// === impl Turns ===

impl Turns {
    /// A round of these, which begins at its turn number `start`.
    pub(super) fn new(places: &[Place], start: u64) -> Self {
        let total: u64 = places.iter().map(|place| u64::from(place.weight)).sum();
        let turns = |place: &Place| {
            let weight = u64::from(place.weight);
            if total <= LONGEST {
                weight
            } else {
                (weight * LONGEST / total).max(1)
            }
        };
        let many = places.len() > SMALL;
        // When, in what order at the same time, which of how many turns, and whose.
        let mut due: BinaryHeap<_> = places
            .iter()
            .zip(0_u64..)
            .map(|(place, order)| {
                let turns = turns(place);
                // Of many, neighbours in the config are apart: a rack that is out is a turn lost here
                // and there, and not a long search.
                let order = if many { place.identity } else { order };
                Reverse((SCALE / (2 * turns), order, 0_u64, turns, place.slot))
            })
            .collect();
        let mut round = Vec::new();
        while let Some(Reverse((_, order, turn, turns, slot))) = due.pop() {
            round.push(slot);
            let turn = turn + 1;
            if turn < turns {
                let at = (2 * turn + 1) * SCALE / (2 * turns);
                due.push(Reverse((at, order, turn, turns, slot)));
            }
        }
        Self {
            round: round.into(),
            next: AtomicU64::new(start),
        }
    }

    /// Whose turn it is: the slot. Counts as its turn. `None` if there is nobody.
    pub(super) fn next(&self) -> Option<usize> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let place = turn.checked_rem(self.round.len() as u64)?;
        Some(self.round[place as usize] as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(weights: &[u32]) -> Vec<usize> {
        let place = |(slot, &weight): (usize, &u32)| Place {
            slot: slot as u32,
            weight,
            identity: slot as u64,
        };
        let places: Vec<_> = weights.iter().enumerate().map(place).collect();
        let turns = Turns::new(&places, 0);
        let total: u32 = weights.iter().sum();
        (0..total).map_while(|_| turns.next()).collect()
    }

    #[test]
    fn rounds() {
        let rows: [(&[u32], &[usize]); 5] = [
            (&[], &[]),
            (&[1], &[0]),
            (&[1, 1, 1], &[0, 1, 2]),
            (&[2, 1], &[0, 1, 0]),
            (&[5, 1, 1], &[0, 0, 0, 1, 2, 0, 0]),
        ];
        for (weights, expected) in rows {
            assert_eq!(round(weights), expected, "{weights:?}");
        }
    }

    #[test]
    fn no_stretch_of_a_round_is_far_from_its_share() {
        let weights = [7, 3, 1, 13, 2];
        let (round, total) = (round(&weights), 26.0);
        for (slot, weight) in weights.into_iter().enumerate() {
            let mut seen = 0.0;
            for (turn, &at) in (1..).zip(&round) {
                seen += f64::from(u8::from(at == slot));
                let fair = f64::from(turn) * f64::from(weight) / total;
                assert!(
                    (seen - fair).abs() < 2.0,
                    "{slot} at {turn}: {seen}, {fair}"
                );
            }
        }
    }

    #[test]
    fn a_round_of_many_heavy_backends_is_bounded() {
        let places: Vec<_> = (0..10_000)
            .map(|slot| Place {
                slot,
                weight: if slot == 0 { 1 } else { 1_000 },
                identity: slot.into(),
            })
            .collect();
        let turns = Turns::new(&places, 0);
        assert!(turns.round.len() as u64 <= LONGEST + 10_000);
        assert_eq!(turns.round.iter().filter(|&&slot| slot == 0).count(), 1);
    }
}
