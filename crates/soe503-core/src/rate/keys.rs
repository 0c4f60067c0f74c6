//! The debts of a bounded number of keys.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use super::limited::Key;
use super::{gcra, quota::Quota};
use crate::Tick;

/// Places of a set: two cache lines, one with keys and one with debts.
const WAYS: usize = 8;
/// How often a place is looked for again that others take in the same moment.
const TRIES: usize = 4;

/// When the debt of each key is paid: a table of fixed size, without locks.
///
/// **Why a full table may be attacked.** A caller that is identified by something it chooses (an address
/// of its IPv6 network, a header) can invent keys. A table that forgets a key to make room would let
/// it wash off its debt; one that refuses new keys would let it lock everybody else out for good.
///
/// **What is done about it.** A key lives in one of eight places of its set. A new key takes the place
/// with the least debt **and the debt with it**, as Space-Saving counters do (Metwally et al., 2005).
/// A debt that is paid is no debt, so among idle keys nothing is lost. Among busy ones the least debt of a
/// set never falls but by time: a key that was pushed out comes back to at least the debt that it
/// left. And all requests that a set lets through are those of eight keys, however many names they use.
/// Sets are chosen by a hash with a secret, so nobody can aim at one.
///
/// A place is taken over by one compare-and-swap of its key; its debt stays what it is. Two callers in
/// a race can at worst charge each other.
pub struct Keys {
    sets: Box<[Set]>,
}

/// What a request has met.
pub(super) struct Met {
    /// The debt is paid then, or the request is refused for so long.
    pub(super) result: Result<u64, u64>,
    /// Somebody else's debt was taken over.
    pub(super) displaced: bool,
}

/// Aligned so that a look at it loads two cache lines.
#[repr(align(64))]
#[derive(Default)]
struct Set {
    /// 0: nobody's.
    keys: [AtomicU64; WAYS],
    /// When the debt is paid, as nanoseconds of a tick.
    paid_at: [AtomicU64; WAYS],
}

impl Keys {
    /// Room for at least `keys` keys; 16 bytes each.
    pub(super) fn new(keys: usize) -> Self {
        let sets = keys.div_ceil(WAYS).max(1);
        Self {
            sets: core::iter::repeat_with(Set::default).take(sets).collect(),
        }
    }

    /// How many keys there is room for.
    pub fn capacity(&self) -> usize {
        self.sets.len() * WAYS
    }

    /// How many keys have a debt `now`: a walk through all of them.
    pub fn busy(&self, now: Tick) -> usize {
        let debts = self.sets.iter().flat_map(|set| &set.paid_at);
        debts
            .filter(|paid_at| paid_at.load(Ordering::Relaxed) > now.as_nanos())
            .count()
    }

    /// Lets a request of `key` through and charges it, or not.
    pub(super) fn take(&self, key: Key, now: Tick, interval: u64, tolerance: u64) -> Met {
        let now = now.as_nanos();
        let (paid_at, displaced) = self.place(key, now);
        let charge = |debt| gcra::take(debt, now, interval, tolerance).ok();
        let result = match paid_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, charge) {
            Ok(before) => Ok(before.max(now).saturating_add(interval)),
            Err(before) => Err(before.saturating_sub(now).saturating_sub(tolerance)),
        };
        Met { result, displaced }
    }

    /// Takes a charge back that `take` has made.
    pub(super) fn give_back(&self, key: Key, quota: &Quota) {
        let set = self.set(key);
        let mine = set
            .keys
            .iter()
            .position(|held| held.load(Ordering::Relaxed) == key.0);
        if let Some(way) = mine {
            let interval = quota.interval();
            // Never fails: the closure always has a value.
            let _ = set.paid_at[way].fetch_update(Ordering::Relaxed, Ordering::Relaxed, |debt| {
                Some(debt.saturating_sub(interval))
            });
        }
    }

    /// The debt of `key`, and whether it was somebody else's until now.
    fn place(&self, key: Key, now: u64) -> (&AtomicU64, bool) {
        let set = self.set(key);
        let mut least = 0;
        for _ in 0..TRIES {
            let (mut debt, mut holder) = (u64::MAX, 0);
            for (way, held) in set.keys.iter().enumerate() {
                let held = held.load(Ordering::Relaxed);
                if held == key.0 {
                    return (&set.paid_at[way], false);
                }
                let paid_at = set.paid_at[way].load(Ordering::Relaxed);
                if paid_at < debt {
                    (least, debt, holder) = (way, paid_at, held);
                }
            }
            let (relaxed, place) = (Ordering::Relaxed, &set.keys[least]);
            if place
                .compare_exchange(holder, key.0, relaxed, relaxed)
                .is_ok()
            {
                return (&set.paid_at[least], debt > now);
            }
        }
        // Others fight for the place: this once the request is on its holder's account.
        (&set.paid_at[least], true)
    }

    fn set(&self, key: Key) -> &Set {
        // The high bits choose: a multiplication instead of a division.
        let index = (u128::from(key.0) * self.sets.len() as u128) >> 64;
        &self.sets[index as usize]
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sets of eight, as many as are needed, and one at least.
    #[test]
    fn there_is_room_for_as_many_as_were_asked_for() {
        for (keys, capacity) in [(0, 8), (1, 8), (8, 8), (9, 16), (64, 64), (65_536, 65_536)] {
            assert_eq!(Keys::new(keys).capacity(), capacity, "{keys}");
        }
        assert_eq!(format!("{:?}", Keys::new(9)), "Keys { capacity: 16, .. }");
    }
}
