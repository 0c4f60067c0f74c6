//! Which lines of a log are written, when the same one comes again and again.
//!
//! What breaks is told in a line, and what breaks a thousand times a second in a thousand. Lines of one kind (one place in
//! the program, and one cause) have a quota; those beyond it are counted, and told as a number: *1,234 more like this*.
//! So a log says within a second what is wrong, and an outage that lasts a night does not fill its disk.
//!
//! Failure mode: more kinds than there is room for share one quota. That happens to whoever makes kinds of what clients
//! send; then it is told less, and memory stays as it is.

use core::hash::Hash;
use std::collections::HashMap;

use super::Quota;
use super::gcra;
use crate::Tick;

/// Kinds of lines that are told apart.
const MOST: usize = 1024;

/// How long a full table is left alone, in nanoseconds: looking for room in it takes a while.
const AGAIN: u64 = 1_000_000_000;

/// Decides for each line of a kind `K` whether it is written.
#[derive(Clone, Debug)]
pub struct Repeats<K> {
    interval: u64,
    tolerance: u64,
    /// Nothing is withheld.
    unlimited: bool,
    kinds: HashMap<K, Kind>,
    /// All that there is no room for.
    others: Kind,
    /// When it makes sense to look for room again.
    look_at: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Kind {
    paid_at: u64,
    withheld: u64,
}

impl<K: Eq + Hash + Clone> Repeats<K> {
    /// `quota` for each kind; `None`: everything is written.
    pub fn new(quota: Option<Quota>) -> Self {
        let mut repeats = Self {
            interval: 0,
            tolerance: 0,
            unlimited: true,
            kinds: HashMap::new(),
            others: Kind::default(),
            look_at: 0,
        };
        repeats.set(quota);
        repeats
    }

    /// Another quota from now on. What was withheld is not forgotten.
    pub fn set(&mut self, quota: Option<Quota>) {
        self.unlimited = quota.is_none();
        if let Some(quota) = quota {
            self.interval = quota.interval();
            self.tolerance = quota.tolerance();
        }
    }

    /// Whether a line of this kind is written `now`.
    pub fn admit(&mut self, kind: &K, now: Tick) -> bool {
        if self.unlimited {
            return true;
        }
        let (now, interval, tolerance) = (now.as_nanos(), self.interval, self.tolerance);
        let known = match self.kinds.contains_key(kind) || self.make_room(now) {
            true => self.kinds.entry(kind.clone()).or_default(),
            false => &mut self.others,
        };
        match gcra::take(known.paid_at, now, interval, tolerance) {
            Ok(paid_at) => {
                known.paid_at = paid_at;
                true
            }
            Err(_) => {
                known.withheld += 1;
                false
            }
        }
    }

    /// Of which kinds lines were withheld since this was last asked, and how many; `None` for all kinds that there was no room
    /// for.
    pub fn withheld(&mut self) -> Vec<(Option<K>, u64)> {
        let mut all: Vec<_> = self
            .kinds
            .iter_mut()
            .filter(|(_, known)| known.withheld > 0)
            .map(|(kind, known)| (Some(kind.clone()), std::mem::take(&mut known.withheld)))
            .collect();
        match std::mem::take(&mut self.others.withheld) {
            0 => {}
            count => all.push((None, count)),
        }
        all
    }

    /// Forgets kinds that owe nothing. Whether there is room for another.
    fn make_room(&mut self, now: u64) -> bool {
        if self.kinds.len() < MOST {
            return true;
        }
        if now < self.look_at {
            return false;
        }
        self.look_at = now.saturating_add(AGAIN);
        self.kinds
            .retain(|_, known| known.withheld > 0 || known.paid_at > now);
        self.kinds.len() < MOST
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;
    use core::time::Duration;

    use super::*;

    fn five_a_second() -> Repeats<u32> {
        let five = NonZeroU32::new(5).unwrap();
        let quota = Quota::new(five, Duration::from_secs(1)).with_burst(five.saturating_mul(five));
        Repeats::new(Some(quota))
    }

    #[test]
    fn a_flood_is_a_burst_then_a_trickle_and_a_number() {
        let mut repeats = five_a_second();
        // A thousand a second for ten seconds.
        let written = (0..10_000)
            .filter(|n| repeats.admit(&1, Tick::from_millis(*n)))
            .count();
        assert_eq!(written, 25 + 5 * 10 - 1);
        assert_eq!(
            repeats.withheld(),
            [(Some(1), 10_000 - u64::try_from(written).unwrap())]
        );
        assert_eq!(repeats.withheld(), [], "told once");
    }

    #[test]
    fn kinds_do_not_silence_each_other() {
        let mut repeats = five_a_second();
        for _ in 0..1000 {
            repeats.admit(&1, Tick::ZERO);
        }
        assert!(!repeats.admit(&1, Tick::ZERO));
        assert!(repeats.admit(&2, Tick::ZERO));
    }

    #[test]
    fn more_kinds_than_there_is_room_for_share_a_quota() {
        let mut repeats = five_a_second();
        let written = (0..100_000)
            .filter(|kind| repeats.admit(kind, Tick::ZERO))
            .count();
        assert_eq!(written, MOST + 25);
        assert!(repeats.kinds.len() <= MOST);
        assert_eq!(repeats.withheld(), [(None, 100_000 - 1024 - 25)]);
        // Once their debts are paid, others have their places.
        assert!(repeats.admit(&200_000, Tick::from_secs(60)));
        assert!(repeats.kinds.contains_key(&200_000));
    }

    /// In a full table room is looked for once a second.
    #[test]
    fn a_full_table_has_room_again_when_debts_are_paid() {
        let mut repeats = five_a_second();
        for kind in 0..1024 {
            // Each costs 200 ms.
            let lines = if kind % 2 == 0 { 2 } else { 5 };
            (0..lines).for_each(|_| assert!(repeats.admit(&kind, Tick::ZERO)));
        }
        repeats.admit(&2000, Tick::ZERO);
        for (millis, has_room) in [(999, false), (1_000, true)] {
            repeats.admit(&2000, Tick::from_millis(millis));
            let known = repeats.kinds.contains_key(&2000);
            assert_eq!(known, has_room, "after {millis} ms");
        }
        assert_eq!(repeats.kinds.len(), 1, "all others owe nothing");
    }

    #[test]
    fn what_was_withheld_is_not_forgotten_for_others() {
        let mut repeats = five_a_second();
        (0..30).for_each(|_| _ = repeats.admit(&7, Tick::ZERO));
        (8..2000).for_each(|kind| _ = repeats.admit(&kind, Tick::from_secs(60)));
        (8..2000).for_each(|kind| _ = repeats.admit(&kind, Tick::from_secs(120)));
        assert!(repeats.withheld().contains(&(Some(7), 5)));
    }

    #[test]
    fn without_a_quota_everything_is_written() {
        let mut repeats = Repeats::new(None);
        assert!((0..10_000).all(|_| repeats.admit(&(), Tick::ZERO)));
        let quota = Quota::new(NonZeroU32::MIN, Duration::from_secs(1));
        repeats.set(Some(quota));
        assert!(repeats.admit(&(), Tick::ZERO) && !repeats.admit(&(), Tick::ZERO));
    }
}
