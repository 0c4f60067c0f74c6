//! R12: how many have to say the same, of how many failures, and how close together.

use soe503_core::diagnosis::rules::{Words, signature};
use soe503_core::{Cause, Tick};

use super::world::{Tell, World, well};

const A: &str = "cannot reach orders-db";
const B: &str = "template not found";

/// Each backend has said this since so many seconds ago, while so many of `offered` requests fail for ten seconds.
fn is_found(said: &[(&str, u64)], offered: u32, failed: u32) -> bool {
    let mut world = World::usual(said.len());
    world.run(10, |_| Tell {
        offered,
        good: offered - failed,
        failures: vec![(Cause::DependencyUpstreamError, failed)],
        ..well(said.len())
    });
    let each = said.iter().enumerate().map(|(i, (text, ago))| Words {
        backend: format!("b{i}").into(),
        signature: signature(text.as_bytes()).unwrap(),
        since: Tick::from_secs(world.at - ago),
        at: world.now(),
    });
    world.words = each.collect();
    world.causes().contains(&Cause::DependencyShared)
}

#[test]
fn four_of_five_say_the_same() {
    for (what, said, found) in [
        ("both", &[A, A][..], true),
        ("one of one", &[A], false),
        ("four of five", &[A, A, B, A, A], true),
        ("four of five, the other way round", &[B, B, A, B, B], true),
        ("three of five", &[A, A, B, B, A], false),
    ] {
        let said: Vec<_> = said.iter().map(|text| (*text, 2)).collect();
        assert_eq!(is_found(&said, 90, 60), found, "{what}");
    }
}

#[test]
fn within_ten_seconds() {
    for (first, found) in [(12, true), (13, false)] {
        assert_eq!(is_found(&[(A, first), (A, 2)], 90, 60), found, "{first}");
    }
}

#[test]
fn while_a_tenth_fails_and_no_more_is_asked_than_usual() {
    for (offered, failed, found) in [
        (90, 9, true),
        (90, 8, false),
        (90, 0, false),
        (116, 20, true),
        (117, 20, false),
    ] {
        let said = [(A, 2), (A, 2)];
        assert_eq!(
            is_found(&said, offered, failed),
            found,
            "{failed} of {offered}"
        );
    }
}

/// A name with a hyphen or an underscore is one word, in any script.
#[test]
fn names_are_words() {
    let sign = |text: &str| signature(text.as_bytes());
    for (one, other) in [
        ("orders-db lost", "orders db lost"),
        ("orders_db lost", "orders db lost"),
        ("größe fehlt", "gr e fehlt"),
    ] {
        assert_ne!(sign(one), sign(other), "{one}");
    }
    assert_eq!(sign("orders-db: lost!"), sign("Orders-DB lost"));
}
