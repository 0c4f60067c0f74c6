//! The table of [`Balance::Maglev`](super::Balance::Maglev).
//!
//! Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer" (NSDI 2016), §3.4: each
//! backend has an order of its own in which it wants the places of a table, and they take turns until the
//! table is full. A lookup is one read; shares are equal to within one place; a backend that comes or goes
//! moves its own keys and a few others. Weights as in Envoy: in each round those take part whose share
//! is behind.

use super::affinity::mixed;
use super::places::Place;

/// A slot per place of the table.
#[derive(Debug)]
pub(super) struct Maglev {
    table: Box<[u32]>,
}

/// Up to so many backends the small table does.
const SMALL_POOL: usize = 2_000;
/// Numbers of places: primes, so that each order of preference goes through all of them.
const SIZES: [usize; 2] = [65_537, 655_373];
const EMPTY: u32 = u32::MAX;

// === impl Maglev ===

impl Maglev {
    pub(super) fn new(places: &[Place]) -> Self {
        let size = SIZES[usize::from(places.len() > SMALL_POOL)];
        let mut table = vec![EMPTY; if places.is_empty() { 0 } else { size }];
        let most = places.iter().map(|place| place.weight).max().unwrap_or(1);
        // The order in which they take turns decides ties: the same in every process.
        let mut sorted: Vec<&Place> = places.iter().collect();
        sorted.sort_unstable_by_key(|place| place.identity);
        let mut takers: Vec<_> = sorted.into_iter().map(|p| Taker::new(p, size)).collect();
        let (mut left, mut round) = (table.len(), 0_u64);
        while left > 0 {
            round += 1;
            for taker in &mut takers {
                if left == 0 || round * u64::from(taker.weight) < taker.due {
                    continue;
                }
                taker.due += u64::from(most);
                let place = taker.next_free(&table);
                table[place] = taker.slot;
                left -= 1;
            }
        }
        Self {
            table: table.into(),
        }
    }

    /// The slots to which `hash` belongs, in order of preference; some come more than once. Endless,
    /// unless there are none.
    pub(super) fn walk(&self, hash: u64) -> impl Iterator<Item = usize> {
        let size = self.table.len() as u64;
        // Not the neighbour: its keys would all go to one backend.
        let nth = move |step| mixed(hash, step).checked_rem(size);
        (0_u64..).map_while(move |step| Some(self.table[nth(step)? as usize] as usize))
    }
}

/// A backend that takes places.
struct Taker {
    slot: u32,
    weight: u32,
    at: usize,
    skip: usize,
    /// What its rounds times its weight must have come to before its next turn.
    due: u64,
}

impl Taker {
    fn new(place: &Place, size: usize) -> Self {
        Self {
            slot: place.slot,
            weight: place.weight,
            at: (mixed(place.identity, 1) % size as u64) as usize,
            skip: (mixed(place.identity, 2) % (size as u64 - 1)) as usize + 1,
            due: 0,
        }
    }

    /// The next place that it wants and nobody has. There must be one.
    fn next_free(&mut self, table: &[u32]) -> usize {
        loop {
            let place = self.at;
            self.at = (place + self.skip) % table.len();
            if table[place] == EMPTY {
                return place;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SIZES;

    #[test]
    fn sizes_are_prime() {
        for size in SIZES {
            let divisors = (2..).take_while(|d| d * d <= size);
            assert_eq!(divisors.filter(|d| size % d == 0).count(), 0, "{size}");
        }
    }
}
