//! The patched list against a count of everything.

use proptest::prelude::*;

use super::*;
use crate::pool::word::Word;

/// Flags in every combination that a backend can have: checks say one thing at a time.
fn flags() -> impl Strategy<Value = Flags> {
    let others = prop::sample::subsequence(
        vec![
            Flags::DRAINING,
            Flags::DISABLED,
            Flags::EJECTED,
            Flags::WARMING,
            Flags::OVERRULED,
            Flags::QUESTIONED,
        ],
        0..=6,
    );
    let health = prop::sample::select(vec![0, Flags::DOWN, Flags::STARTING]);
    (others, health).prop_map(|(others, health)| {
        Word::alone(others.into_iter().fold(health, |all, bit| all | bit)).load()
    })
}

fn naive(all: &[Flags]) -> Census {
    let mut census = Census::default();
    for flags in all.iter().filter(|flags| !flags.has(Flags::ADMIN)) {
        let down = flags.has(Flags::DOWN);
        match flags.has(Flags::EJECTED) {
            true if down => census.ejected_down += 1,
            true => census.ejected += 1,
            false if down => {
                census.down += 1;
                census.doubted += u32::from(flags.has(Flags::QUESTIONED));
            }
            false if flags.has(Flags::STARTING) => census.starting += 1,
            false => {
                census.rotation += 1;
                census.overruled += u32::from(flags.has(Flags::OVERRULED));
            }
        }
    }
    census
}

fn check(roster: &Roster, all: &[Flags], threshold: Option<Ratio>) {
    let census = naive(all);
    assert_eq!(roster.census(), census);
    roster.decide(threshold, false);
    assert_eq!(roster.admit(), census.admit(threshold));
    for (slot, place) in roster.places.iter().enumerate() {
        assert_eq!(roster.slot(place.load(Ordering::Relaxed) as usize), slot);
    }
    if let Some(admit) = roster.admit() {
        let mut inside: Vec<usize> = roster.range(admit).map(|p| roster.slot(p)).collect();
        inside.sort_unstable();
        let allowed = |slot: &usize| admit.allows(all[*slot]);
        let expected: Vec<usize> = (0..all.len()).filter(allowed).collect();
        assert_eq!(inside, expected, "{admit:?}");
    }
}

#[test]
fn a_check_that_is_known_to_be_broken_lets_the_doubted_in_and_nobody_else() {
    let all: Vec<Flags> = [
        Flags::DOWN,
        Flags::DOWN | Flags::QUESTIONED,
        Flags::OVERRULED,
        Flags::OVERRULED | Flags::QUESTIONED,
        0,
        Flags::EJECTED | Flags::DOWN | Flags::QUESTIONED,
    ]
    .into_iter()
    .map(|flags| Word::alone(flags).load())
    .collect();
    let slots: Vec<u32> = (0..all.len() as u32).collect();
    let roster = Roster::new(&all, &slots, None);
    check(&roster, &all, Some(Ratio::percent(50)));
    assert_eq!(roster.admit(), Some(Admit::Doubted));
    assert_eq!(roster.range(Admit::Doubted).len(), 4);
    check(&roster, &all, Some(Ratio::percent(60)));
    assert_eq!(roster.admit(), Some(Admit::Rotation), "three of five");
    check(&roster, &all, None);
    assert_eq!(roster.admit(), Some(Admit::Rotation), "checks decide");
}

proptest! {
    #[test]
    fn a_patched_list_is_as_a_new_one(
        mut all in prop::collection::vec(flags(), 0..12),
        changes in prop::collection::vec((any::<prop::sample::Index>(), flags()), 0..40),
        threshold in prop::option::of(0..=100_u32),
    ) {
        let threshold = threshold.map(Ratio::percent);
        let backwards: Vec<u32> = (0..all.len() as u32).rev().collect();
        let roster = Roster::new(&all, &backwards, None);
        check(&roster, &all, threshold);
        for (which, flags) in changes {
            if all.is_empty() {
                break;
            }
            let slot = which.index(all.len());
            all[slot] = flags;
            roster.put(slot as u32, flags);
            check(&roster, &all, threshold);
        }
    }
}
