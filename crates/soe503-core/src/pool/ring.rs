//! The ring of [`Balance::RingHash`](super::Balance::RingHash).
//!
//! Each backend stands on a circle at many points that its name decides, and a key belongs to the first
//! point from its own place on: Karger et al., "Consistent Hashing and Random Trees" (STOC 1997), with
//! the 160 points per unit of weight of libketama and nginx. A backend that comes or goes moves the keys
//! of its own points and no others.
//!
//! Not `pingora-ketama`: its buckets are socket addresses, and a backend here is known by its name,
//! which outlives its address (DNS, restarts) and which the tower layers need not have one for.

use super::places::Place;

/// Points in the order of the circle: where, and which slot.
#[derive(Debug)]
pub(super) struct Ring {
    points: Box<[(u32, u32)]>,
}

/// Points of a backend per unit of weight.
const POINTS: u64 = 160;
/// More points than these, and each unit of weight gets half as many, and so on (8 bytes each).
const MOST: u64 = 1 << 20;

// === impl Ring ===

impl Ring {
    pub(super) fn new(places: &[Place]) -> Self {
        let total: u64 = places.iter().map(|place| u64::from(place.weight)).sum();
        // Halved, so that those left are a part of those that were: most keys stay where they are.
        let per_unit = (0..8)
            .map(|halved| POINTS >> halved)
            .find(|points| points * total <= MOST)
            .unwrap_or(1);
        let points_of = |place: &Place| {
            let (slot, identity) = (place.slot, place.identity);
            (0..u64::from(place.weight) * per_unit)
                .map(move |point| ((super::affinity::mixed(identity, point) >> 32) as u32, slot))
        };
        let mut points: Vec<_> = places.iter().flat_map(points_of).collect();
        points.sort_unstable();
        Self {
            points: points.into(),
        }
    }

    /// The slots to which `hash` belongs, in order of preference; some come more than once. Ends after
    /// one turn.
    pub(super) fn walk(&self, hash: u64) -> impl Iterator<Item = usize> {
        let at = (hash >> 32) as u32;
        let start = self.points.partition_point(|&(point, _)| point < at);
        let (before, after) = self.points.split_at(start);
        after.iter().chain(before).map(|&(_, slot)| slot as usize)
    }
}
