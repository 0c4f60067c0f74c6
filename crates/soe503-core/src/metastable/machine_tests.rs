//! Each threshold from both sides. How stages follow each other is in `tests/metastable.rs`.

use core::time::Duration;

use super::*;

/// In a second: requests, retries, good ones, late ones, shed ones.
fn second(requests: u64, retries: u64, good: u64, late: u64, shed: u64) -> Sum {
    Sum {
        seconds: 1.0,
        counts: Counts {
            requests,
            retries,
            good,
            late,
            shed,
        },
    }
}

fn usually(usual: f64) -> Metastable {
    Metastable {
        usual,
        ..Metastable::new()
    }
}

fn shedding(room: f64) -> Metastable {
    Metastable {
        stage: Stage::Shedding,
        room,
        ..Metastable::new()
    }
}

#[test]
fn what_is_low() {
    for (what, usual, sum, low) in [
        // Ten attempts per second, and a fifth less than is usual.
        ("enough", 10.0, second(10, 0, 0, 10, 0), true),
        ("too few", 10.0, second(9, 0, 0, 9, 0), false),
        ("retries count", 10.0, second(9, 1, 0, 9, 0), true),
        ("as much work", 100.0, second(80, 0, 20, 60, 0), true),
        ("less work", 100.0, second(79, 0, 20, 59, 0), false),
        // Half of the attempts, three fifths of what is usual.
        ("less than half", 100.0, second(100, 0, 49, 51, 0), true),
        ("half", 100.0, second(100, 0, 50, 50, 0), false),
        ("less than usual", 100.0, second(200, 0, 59, 141, 0), true),
        ("nearly as usual", 100.0, second(200, 0, 60, 140, 0), false),
        // Most of what is not good is late.
        ("late", 100.0, second(100, 0, 20, 41, 0), true),
        ("half of it late", 100.0, second(100, 0, 20, 40, 0), false),
    ] {
        assert_eq!(usually(usual).is_low(&sum), low, "{what}");
    }
}

#[test]
fn what_is_good() {
    for (what, stage, sum, good) in [
        ("most", Stage::RetriesCut, second(100, 0, 80, 0, 0), true),
        ("fewer", Stage::RetriesCut, second(100, 0, 79, 0, 0), false),
        ("idle", Stage::RetriesCut, second(9, 0, 0, 9, 0), true),
        ("not idle", Stage::RetriesCut, second(10, 0, 0, 9, 0), false),
        (
            "nothing let in",
            Stage::RetriesCut,
            second(9, 0, 0, 9, 1),
            false,
        ),
        (
            "a tenth is shed",
            Stage::Shedding,
            second(100, 0, 99, 0, 10),
            true,
        ),
        (
            "more is shed",
            Stage::Shedding,
            second(100, 0, 99, 0, 11),
            false,
        ),
        (
            "shed for another reason",
            Stage::QueueCut,
            second(100, 0, 99, 0, 11),
            true,
        ),
    ] {
        let watch = Metastable {
            stage,
            ..Metastable::new()
        };
        assert_eq!(watch.is_good(&sum), good, "{what}");
    }
}

#[test]
fn room_grows_by_half_and_shrinks_to_what_was_of_use() {
    for (room, good, then) in [
        (100.0, 80, 150.0),
        (100.0, 79, 100.0),
        (100.0, 50, 100.0),
        (100.0, 40, 40.0),
        // By three quarters at most, and never below eight.
        (100.0, 10, 25.0),
        (20.0, 10, 8.0),
        (900_000.0, 99, 1_000_000.0),
    ] {
        let mut watch = shedding(room);
        watch.make_room(&second(100, 0, good, 0, 0));
        assert!((watch.room - then).abs() < 1e-6, "{room}, {good} %");
    }
}

#[test]
fn shedding_begins_with_what_was_of_use_of_those_who_wait() {
    for (pending, good, room) in [(200, 40, 80), (200, 10, 50), (10, 40, 8)] {
        let mut watch = Metastable {
            stage: Stage::QueueCut,
            ..usually(100.0)
        };
        let (now, sum) = (Tick::from_secs(50), second(90, 10, good, 0, 0));
        let change = watch.go(now, Stage::Shedding, &sum, pending);
        assert_eq!((change.from, change.to), (Stage::QueueCut, Stage::Shedding));
        assert_eq!(watch.orders().room, Some(room), "{pending}, {good} %");
        assert_eq!((watch.since(), watch.eased), (now, None));
        let why = change.why;
        assert_eq!((why.goodput, why.usual), (good as f64, 100.0));
        assert_eq!((why.useful, why.retry_share), (good as f64 / 100.0, 0.1));
    }
}

#[test]
fn a_reason_is_a_sentence() {
    let mut watch = usually(100.0);
    let why = watch.go(Tick::ZERO, Stage::RetriesCut, &second(150, 50, 30, 0, 0), 0);
    assert_eq!(
        why.why.to_string(),
        "15 % of the attempts are answered well, 25 % are retries; 30 good answers per second, 100 are usual"
    );
}

/// Upwards within ten seconds, downwards within two minutes, to a part of 1 - 1/e.
#[test]
fn what_is_usual_follows_what_is_seen() {
    for (what, usual, sum, then) in [
        ("up", 0.0, second(100, 0, 100, 0, 0), 9.516_258),
        ("down", 200.0, second(100, 0, 100, 0, 0), 199.170_138),
        ("good enough", 0.0, second(100, 0, 80, 0, 0), 7.613_006),
        ("not well", 0.0, second(100, 0, 79, 0, 0), 0.0),
    ] {
        let mut watch = usually(usual);
        watch.learn(&sum, 1.0);
        assert!((watch.usual - then).abs() < 1e-5, "{what}: {}", watch.usual);
    }
    let short = Sum {
        seconds: 0.9,
        ..second(100, 0, 100, 0, 0)
    };
    let mut watch = usually(0.0);
    watch.learn(&short, 0.9);
    assert_eq!(watch.usual, 0.0, "too short to tell");
    let mut watch = shedding(100.0);
    watch.learn(&second(100, 0, 100, 0, 0), 1.0);
    assert_eq!(watch.usual, 0.0, "nothing is usual while it is cut");
}

/// After `bad` bad turns of so many, of which so many attempts per thousand were of use.
fn next(stage: Stage, bad: u32, turns: u32, useful: u64) -> Stage {
    let mut watch = Metastable {
        stage,
        bad,
        turns,
        began_with: 1e9,
        ..usually(100.0)
    };
    let sum = second(1000, 0, useful, 0, 0);
    watch.next(Tick::from_secs(50), &sum, &sum)
}

#[test]
fn three_bad_turns_lead_on_and_six_where_nearly_nothing_is_answered() {
    for (stage, bad, turns, useful, to) in [
        (Stage::Normal, 3, 3, 10, Stage::RetriesCut),
        (Stage::Normal, 2, 9, 10, Stage::Normal),
        (Stage::Normal, 3, 2, 10, Stage::Normal),
        // It may be dead: the circuit is given the time to open.
        (Stage::Normal, 5, 9, 9, Stage::Normal),
        (Stage::Normal, 6, 6, 9, Stage::RetriesCut),
        (Stage::Normal, 6, 5, 9, Stage::Normal),
        (Stage::RetriesCut, 3, 3, 0, Stage::QueueCut),
        (Stage::RetriesCut, 2, 3, 0, Stage::RetriesCut),
        (Stage::QueueCut, 3, 3, 0, Stage::Shedding),
        (Stage::Shedding, 3, 3, 0, Stage::Shedding),
    ] {
        let what = format!("{stage}: {bad} bad of {turns}, {useful} of 1000");
        assert_eq!(next(stage, bad, turns, useful), to, "{what}");
    }
}

#[test]
fn a_stage_that_helps_is_given_time() {
    for (good, to, bad) in [
        (54, Stage::QueueCut, 3),
        (56, Stage::RetriesCut, 0),
        (40, Stage::QueueCut, 3),
    ] {
        let mut watch = Metastable {
            stage: Stage::RetriesCut,
            bad: 3,
            turns: 3,
            began_with: 50.0,
            ..usually(1000.0)
        };
        let sum = second(1000, 0, good, 0, 0);
        assert_eq!(watch.next(Tick::from_secs(9), &sum, &sum), to, "{good}");
        assert_eq!(watch.bad, bad, "{good}");
        let began_with = if bad == 0 { 56.0 } else { 50.0 };
        assert_eq!(watch.began_with, began_with, "{good}");
    }
}

#[test]
fn as_many_good_turns_as_it_takes_lead_back() {
    for (stage, good, calm, to) in [
        (Stage::Shedding, 3, 3, Stage::QueueCut),
        (Stage::Shedding, 2, 3, Stage::Shedding),
        (Stage::QueueCut, 3, 3, Stage::RetriesCut),
        (Stage::RetriesCut, 3, 3, Stage::Normal),
        (Stage::RetriesCut, 5, 6, Stage::RetriesCut),
        (Stage::RetriesCut, 6, 6, Stage::Normal),
    ] {
        let mut watch = Metastable {
            stage,
            good,
            calm,
            ..usually(100.0)
        };
        let sum = second(100, 0, 100, 0, 0);
        let next = watch.next(Tick::from_secs(50), &sum, &sum);
        assert_eq!(next, to, "{stage} after {good}, {calm} are needed");
    }
}

/// Within fifteen seconds for each three turns of calm: twice as many the next time, 24 at most.
#[test]
fn a_relapse_makes_the_way_back_longer() {
    for (calm, ago, then) in [
        (3, 14, 6),
        (3, 15, 3),
        (6, 29, 12),
        (6, 30, 3),
        (24, 100, 24),
        (24, 120, 3),
    ] {
        let mut watch = Metastable {
            bad: 3,
            turns: 3,
            calm,
            eased: Some(Tick::from_secs(1000)),
            ..usually(100.0)
        };
        let (now, sum) = (Tick::from_secs(1000 + ago), second(100, 0, 20, 80, 0));
        assert_eq!(watch.next(now, &sum, &sum), Stage::RetriesCut);
        assert_eq!(watch.calm, then, "{calm}, eased {ago} s ago");
    }
}

/// A turn of ten seconds is one still; after a longer one the machine was stopped.
#[test]
fn a_turn_has_its_length() {
    let turn = |millis| {
        let mut watch = usually(100.0);
        let at = |millis| Tick::from_secs(100).after(Duration::from_millis(millis));
        let mut counts = Counts::default();
        assert_eq!(watch.turn(at(0), counts, 0, true), None);
        assert_eq!(watch.since(), at(0));
        (counts.requests, counts.good) = (1000, 900);
        watch.turn(at(millis), counts, 0, true);
        (watch.turns, watch.window.sum().counts.good, watch.good)
    };
    assert_eq!(turn(10_000), (1, 900, 1));
    assert_eq!(turn(10_001), (0, 0, 0));
    assert_eq!(turn(0), (0, 0, 0));
}

/// A window of less than three seconds says nothing yet, and an open circuit has other reasons.
#[test]
fn what_is_bad_needs_a_window_and_a_closed_circuit() {
    for (millis, closed, bad) in [(1_000, true, 2), (999, true, 1), (1_000, false, 0)] {
        let mut watch = usually(100.0);
        let mut counts = Counts::default();
        let mut now = Tick::from_secs(100);
        watch.turn(now, counts, 0, closed);
        for _ in 0..4 {
            now = now.after(Duration::from_millis(millis));
            counts.requests += 100;
            counts.late += 100;
            watch.turn(now, counts, 0, closed);
        }
        assert_eq!(watch.bad, bad, "turns of {millis} ms, {closed}");
    }
}

#[test]
fn a_window_forgets_all_but_five_turns() {
    let mut window = Window::default();
    for good in 1..=7 {
        window.push(2.0, second(10 * good, good, good, 0, 3).counts);
    }
    let sum = window.sum();
    assert_eq!(sum.seconds, 10.0);
    // 3 + 4 + 5 + 6 + 7.
    assert_eq!(sum.counts, second(250, 25, 25, 0, 15).counts);
    let last = window.last();
    assert_eq!((last.seconds, last.counts.good), (2.0, 7));
    assert_eq!((last.goodput(), last.attempts()), (3.5, 38.5));
    assert_eq!((sum.goodput(), sum.attempts()), (2.5, 27.5));
    let nothing = Sum::default();
    assert_eq!((nothing.goodput(), nothing.useful()), (0.0, 0.0));
}
