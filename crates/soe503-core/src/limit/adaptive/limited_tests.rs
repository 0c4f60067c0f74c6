//! Rounds and what follows from them, with figures worked out by hand.

use super::*;

pub(super) const MS: f64 = 1e6;

fn answers(count: u32, nanos: f64) -> Answers {
    Answers {
        count,
        total: f64::from(count) * nanos,
        logs: f64::from(count) * nanos.log2(),
    }
}

pub(super) fn seen(pending: u32, waiting: u32, answers: Answers) -> Seen {
    Seen {
        admitted: 0,
        pending,
        waiting,
        answers,
        floor: 8,
    }
}

/// So many in flight, so many answered per second.
pub(super) fn round(load: f64, per_second: f64) -> Round {
    Round {
        load,
        rate: per_second / 1e9,
    }
}

/// A limit of 100 with these rounds behind it.
pub(super) fn limited(rounds: &[Round]) -> Limited {
    Limited {
        limit: 100.0,
        seed: None,
        rounds: rounds.iter().copied().collect(),
        answers: Answers::NONE,
        spread: 1.0,
        done: 0,
        stage: Stage::Settling(0.0),
        proven: false,
        idle: 0.0,
        silent: 0.0,
        trickle: None,
        crowd: 250.0,
    }
}

fn is_measuring(limited: &Limited) -> bool {
    matches!(limited.stage, Stage::Measuring(_))
}

#[test]
fn what_more_in_flight_bring() {
    for (rounds, load, per_second, gain) in [
        // Twice as many in flight, and half as much again: half of what they could bring.
        (&[round(10.0, 100.0)][..], 20.0, 150.0, Some(0.5)),
        (&[round(10.0, 100.0)], 20.0, 200.0, Some(1.0)),
        (&[round(10.0, 100.0)], 20.0, 100.0, Some(0.0)),
        (&[round(10.0, 100.0)], 20.0, 90.0, Some(-0.1)),
        // The same from the other side.
        (&[round(20.0, 150.0)], 10.0, 100.0, Some(0.5)),
        // Loads that differ by a quarter tell, and less does not.
        (&[round(8.0, 100.0)], 10.0, 100.0, Some(0.0)),
        (&[round(8.1, 100.0)], 10.0, 100.0, None),
        (&[round(10.0, 100.0)], 10.0, 200.0, None),
        // 1 of 1 and 0 of 3: a quarter of what could be.
        (
            &[round(20.0, 100.0), round(10.0, 200.0)],
            40.0,
            200.0,
            Some(0.25),
        ),
        (&[], 40.0, 200.0, None),
    ] {
        let got = limited(rounds).gain(&round(load, per_second));
        let near = match (got, gain) {
            (Some(got), Some(gain)) => (got - gain).abs() < 1e-9,
            (got, gain) => got == gain,
        };
        assert!(near, "{rounds:?}, {load}, {per_second}: {got:?}");
    }
}

/// Less than three fifths of the least, and half as much again as the slowest.
#[test]
fn another_time_has_begun_when_it_is_slower_and_less() {
    // 100 ms and 200 ms.
    let known = [round(10.0, 100.0), round(16.0, 80.0)];
    for (load, per_second, contradicted) in [
        (14.5, 47.9, true),
        (14.5, 48.0, false),
        (13.5, 45.0, false),
        (30.0, 100.0, false),
    ] {
        let limited = limited(&known);
        let round = round(load, per_second);
        assert_eq!(limited.contradicted(&round), contradicted, "{round:?}");
    }
    assert!(!limited(&[]).contradicted(&round(10.0, 1.0)));
}

#[test]
fn a_limit_has_its_bounds() {
    for (wanted, limit) in [(7.0, 8), (8.4, 8), (99.9, 99), (1e12, u32::MAX - 1)] {
        let mut limited = limited(&[]);
        limited.set(wanted, &seen(30, 0, Answers::NONE));
        assert_eq!(limited.limit(), limit, "{wanted}");
        assert!(matches!(limited.stage, Stage::Settling(30.0)));
    }
}

#[test]
fn what_is_proven_is_told_as_answers_per_second() {
    let mut limited = limited(&[round(10.0, 100.0), round(20.0, 120.0)]);
    assert_eq!(limited.proven(), None);
    limited.proven = true;
    assert!((limited.proven().unwrap() - 120.0).abs() < 1e-9);
    // 100 ms, and 167 ms.
    assert!((limited.least().unwrap() - 100.0 * MS).abs() < 1.0);
    limited.seed = Some(40.0 * MS);
    assert_eq!(limited.least(), Some(40.0 * MS));
}

#[test]
fn it_begins_with_two_fifths_or_with_what_can_be_worked_on() {
    let usual = Usual {
        mean: 100.0 * MS,
        log: (100.0 * MS).log2(),
    };
    let rate = |per_second: f64| Some(per_second / 1e9);
    for (usual, rate, limit) in [
        (None, None, 40),
        (Some(usual), None, 40),
        // 16 at work: 1.15 × 16 + 4 are less.
        (Some(usual), rate(160.0), 40),
        // 64 at work: 73.6 + 8.
        (Some(usual), rate(640.0), 81),
    ] {
        let alarm = Alarm { usual, rate };
        let new = Limited::begin(&alarm, &seen(100, 5, Answers::NONE));
        // Beside what trickles in while what is in flight comes to an end.
        assert_eq!(new.limit as u32, limit, "{alarm:?}");
        let trickles = if usual.is_some() { 101 } else { limit };
        assert_eq!((new.limit(), new.crowd), (trickles, 100.0));
        assert_eq!(new.rounds.len(), usize::from(rate.is_some()));
    }
}

/// Unproven: unless somebody waits or nine tenths are in use. Proven: unless somebody has waited in the last
/// second, or in ten usual latencies.
#[test]
fn a_limit_that_nobody_needs_goes() {
    for (what, proven, least, past, pending, waiting, opens) in [
        ("in use", false, 50.0, 0.1, 90, 0, false),
        ("not in use", false, 50.0, 0.1, 89, 0, true),
        ("somebody waits", false, 50.0, 9.0, 10, 1, false),
        ("proven", true, 50.0, 1.0, 10, 0, false),
        ("idle for a second", true, 50.0, 1.1, 10, 0, true),
        ("slow answers", true, 200.0, 2.0, 10, 0, false),
        ("idle for ten of them", true, 200.0, 2.1, 10, 0, true),
    ] {
        let mut limited = Limited {
            proven,
            seed: Some(least * MS),
            ..limited(&[])
        };
        let next = limited.look(past * 1e9, &seen(pending, waiting, answers(1, MS)));
        assert_eq!(matches!(next, Next::Open { .. }), opens, "{what}");
    }
    // Somebody who waits in between begins it anew.
    let mut limited = Limited {
        proven: true,
        seed: Some(MS),
        ..limited(&[])
    };
    for waiting in [0, 1, 0] {
        let next = limited.look(0.9e9, &seen(10, waiting, answers(1, MS)));
        assert!(matches!(next, Next::Stay), "{waiting}");
    }
    let next = limited.look(0.2e9, &seen(10, 0, answers(1, MS)));
    assert!(matches!(next, Next::Open { .. }), "1.1 s");
}

#[test]
fn what_has_shown_that_there_is_no_need_becomes_usual() {
    for (proven, count, usual, excused) in [
        (false, 15, true, 250.0),
        (false, 14, false, 250.0),
        (true, 15, false, 0.0),
    ] {
        let limited = Limited {
            proven,
            answers: answers(count, 30.0 * MS),
            ..limited(&[])
        };
        let Next::Open {
            usual: found,
            excused: crowd,
        } = limited.open()
        else {
            panic!("it opens");
        };
        assert_eq!((found.is_some(), crowd), (usual, excused), "{count}");
        assert!(found.is_none_or(|usual| usual.mean == 30.0 * MS));
    }
}

/// Two seconds without an answer halve it, each time.
#[test]
fn silence_halves_it() {
    let mut limited = limited(&[]);
    let silent = |limited: &mut Limited, past: f64| {
        limited.look(past, &seen(200, 9, Answers::NONE));
        limited.limit
    };
    assert_eq!(silent(&mut limited, 2e9), 100.0);
    assert_eq!(silent(&mut limited, 1e6), 50.0);
    assert_eq!(silent(&mut limited, 2e9), 50.0);
    assert_eq!(silent(&mut limited, 1e6), 25.0);
    limited.look(1e9, &seen(200, 9, answers(1, MS)));
    assert_eq!(silent(&mut limited, 2e9), 25.0, "something was answered");
}

/// As many answers as were in flight, and no more in flight than the limit allows, and one.
#[test]
fn what_is_measured_begins_once_it_has_settled() {
    for (answered, pending, measures) in [
        (30, 101, true),
        (29, 101, false),
        (30, 102, false),
        (31, 90, true),
    ] {
        let mut limited = Limited {
            stage: Stage::Settling(30.0),
            ..limited(&[])
        };
        limited.look(1e6, &seen(pending, 1, answers(answered, MS)));
        assert_eq!(is_measuring(&limited), measures, "{answered}, {pending}");
    }
}

#[test]
fn what_trickles_in_is_over_once_it_has_settled() {
    for (pending, trickles) in [(101, false), (102, true)] {
        let mut limited = Limited {
            trickle: Some(Trickle::new(MS, MS.log2(), &seen(200, 9, Answers::NONE))),
            stage: Stage::Settling(1e3),
            ..limited(&[])
        };
        limited.look(1e3, &seen(pending, 9, Answers::NONE));
        assert_eq!(limited.trickle.is_some(), trickles, "{pending}");
    }
    // Twelve answers as ever: what hangs is no crowd, be it more than there was.
    for (pending, excused) in [(240, 250.0), (260, 260.0)] {
        let mut limited = Limited {
            trickle: Some(Trickle::new(MS, MS.log2(), &seen(200, 9, Answers::NONE))),
            stage: Stage::Settling(1e3),
            ..limited(&[])
        };
        let next = limited.look(2.0 * MS, &seen(pending, 9, answers(12, MS)));
        let Next::Open {
            usual: None,
            excused: crowd,
        } = next
        else {
            panic!("{next:?}");
        };
        assert_eq!(crowd, excused);
    }
}

#[test]
fn a_round_is_measured_while_the_limit_is_in_use() {
    let mut limited = Limited {
        stage: Stage::Measuring(Sums::default()),
        limit: 20.0,
        ..limited(&[])
    };
    // 20 answers are enough for a limit of 20.
    let look = |limited: &mut Limited, count| {
        limited.look(0.1e9, &seen(20, 1, answers(count, 100.0 * MS)));
        limited.done
    };
    assert_eq!(look(&mut limited, 12), 0);
    let Stage::Measuring(sums) = &limited.stage else {
        panic!("still");
    };
    assert_eq!((sums.time, sums.loads), (0.1e9, 2e9));
    assert_eq!((sums.answers.count, limited.answers.count), (12, 12));
    assert_eq!(look(&mut limited, 7), 0);
    assert_eq!(look(&mut limited, 1), 1, "19 were not");
    let round = limited.rounds[0];
    // 20 in flight, 100 ms each: 200 per second, but 20 in 0.3 s are at most 100.
    assert_eq!(round.load, 20.0);
    assert!((round.rate * 1e9 - 100.0).abs() < 1e-6, "{round:?}");
}

#[test]
fn a_round_is_given_up_while_the_limit_is_not_in_use() {
    let mut limited = Limited {
        stage: Stage::Measuring(Sums::default()),
        proven: true,
        ..limited(&[round(50.0, 500.0)])
    };
    limited.look(0.1e9, &seen(100, 1, answers(12, 100.0 * MS)));
    limited.look(0.1e9, &seen(10, 0, answers(12, 100.0 * MS)));
    let Stage::Measuring(sums) = &limited.stage else {
        panic!("still");
    };
    assert_eq!(sums.answers.count, 0);
}
