//! What is written down of a set of backends for its policy.

use super::balance::Balance;
use super::maglev::Maglev;
use super::ring::Ring;
use super::turns::Turns;

/// A backend as far as a table of backends needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) slot: u32,
    /// Its weight, divided by what all weights have in common.
    pub(super) weight: u32,
    /// What its name alone decides.
    pub(super) identity: u64,
}

/// What a policy looks at. Made when the set of backends changes, never while a request waits.
#[derive(Debug)]
pub(super) enum Table {
    /// Nothing: backends are drawn.
    None,
    Turns(Turns),
    Ring(Ring),
    Maglev(Maglev),
}

// === impl Table ===

impl Table {
    /// The table of `places` for `balance`; rotations begin at turn number `start`.
    pub(super) fn new(balance: Balance, mut places: Vec<Place>, start: u64) -> Self {
        let common = places.iter().fold(0, |common, p| gcd(common, p.weight));
        for place in &mut places {
            place.weight /= common.max(1);
        }
        match balance {
            Balance::P2c | Balance::LeastRequest | Balance::Random => Self::None,
            Balance::RoundRobin => Self::Turns(Turns::new(&places, start)),
            Balance::RingHash(_) => Self::Ring(Ring::new(&places)),
            Balance::Maglev(_) => Self::Maglev(Maglev::new(&places)),
        }
    }
}

const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
