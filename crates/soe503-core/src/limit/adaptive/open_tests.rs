//! What is usual, and what is alarming, with figures worked out by hand.

use super::*;

const USUAL: f64 = 100e6;

/// So many answers that all took `nanos`.
fn answers(count: u32, nanos: f64) -> Answers {
    Answers {
        count,
        total: f64::from(count) * nanos,
        logs: f64::from(count) * nanos.log2(),
    }
}

fn seen(admitted: u64, pending: u32, answers: Answers) -> Seen {
    Seen {
        admitted,
        pending,
        waiting: 0,
        answers,
        floor: 8,
    }
}

fn usually() -> Open {
    Open {
        usual: Some(Usual::of(&answers(1, USUAL))),
        ..Open::new()
    }
}

#[test]
fn arrivals_explain_as_many_and_what_chance_adds() {
    for (admitted, pending, explained) in [
        (100.0, 122, true),
        (100.0, 123, false),
        (0.0, 8, true),
        (0.0, 9, false),
        (9.0, 17, true),
        (9.0, 18, false),
    ] {
        let recent = Recent {
            admitted,
            ..Recent::default()
        };
        let seen = seen(0, pending, Answers::NONE);
        assert_eq!(recent.explains(&seen), explained, "{pending}, {admitted}");
    }
}

#[test]
fn what_is_usual_is_learnt_from_twenty_answers() {
    let mut open = Open::new();
    open.learn(1e9, &seen(0, 0, answers(19, USUAL)));
    assert_eq!(open.base(), None);
    open.learn(1e9, &seen(0, 0, answers(1, 3.0 * USUAL)));
    // (19 + 3) / 20.
    let base = open.base().unwrap();
    assert!((base / USUAL - 1.1).abs() < 1e-9, "{base}");
    let log = open.usual.unwrap().log;
    let mean_log = USUAL.log2() + 3_f64.log2() / 20.0;
    assert!((log - mean_log).abs() < 1e-9, "{log}");
    assert_eq!((open.fresh.count, open.fresh_for), (0, 0.0));
}

/// Within a second in the beginning, within ten once it has held for twenty.
#[test]
fn what_is_usual_follows_slower_the_longer_it_holds() {
    for (known_for, share) in [
        (0.0, 1.0 - (-1.0_f64).exp()),
        (2e9, 1.0 - (-1.0_f64).exp()),
        (4e9, 1.0 - (-0.5_f64).exp()),
        (20e9, 1.0 - (-0.1_f64).exp()),
        (90e9, 1.0 - (-0.1_f64).exp()),
    ] {
        let mut open = Open {
            known_for,
            ..usually()
        };
        open.learn(1e9, &seen(0, 0, answers(20, 2.0 * USUAL)));
        assert_eq!(open.known_for, known_for + 1e9);
        let base = open.base().unwrap();
        let expected = USUAL * (1.0 + share);
        assert!((base - expected).abs() < 1.0, "{known_for}: {base}");
        let log = open.usual.unwrap().log - USUAL.log2();
        assert!((log - share).abs() < 1e-9, "{known_for}: {log}");
    }
}

#[test]
fn latencies_differ_by_their_mean_above_the_usual_one() {
    let usual = Usual {
        mean: 3.0 * 1024.0,
        log: 10.0,
    };
    assert_eq!(usual.spread(), 3.0);
    let even = Usual::of(&answers(7, 1024.0));
    assert_eq!((even.mean, even.log), (1024.0, 10.0));
}

/// Nothing is usual yet: in silence for more than a second, if half as many as wait were given up.
#[test]
fn silence_is_alarming_once_those_who_waited_were_given_up() {
    for (given_up, last, alarm) in [
        (10, 250e6, true),
        (9, 250e6, false),
        (10, 1.0, true),
        (10, 0.0, false),
        (30, 0.0, false),
    ] {
        let mut open = Open::new();
        for _ in 0..4 {
            assert!(open.look(250e6, &seen(20, 20, Answers::NONE)).is_none());
        }
        // Twenty wait, and for each that is given up another comes.
        let alarmed = open.look(last, &seen(20 + given_up, 20, Answers::NONE));
        assert_eq!(alarmed.is_some(), alarm, "{given_up}, {last} ns later");
    }
    for (what, pending, count) in [("an answer", 20, 1), ("few wait", 8, 0)] {
        let mut open = Open::new();
        for _ in 0..4 {
            assert!(open.look(250e6, &seen(20, 20, Answers::NONE)).is_none());
        }
        let quiet = seen(90, pending, answers(count, USUAL));
        assert!(open.look(250e6, &quiet).is_none(), "{what}");
        assert!(
            open.look(250e6, &seen(190, 20, Answers::NONE)).is_none(),
            "{what}: from the beginning"
        );
    }
}

/// How often such a look is alarming in a row of four, each of `admitted` more and these answers; 1000 wait.
fn alarms(admitted: u64, each: Answers) -> Vec<bool> {
    let mut open = usually();
    // The look before, which tells what was admitted by then.
    open.looks.push_back(Look {
        past: 200e6,
        admitted: 0,
        answers: Answers::NONE,
    });
    let looks = (1..=4).map(|n| {
        let alarm = open.look(75e6, &seen(n * admitted, 1000, each));
        alarm.is_some()
    });
    looks.collect()
}

#[test]
fn slow_answers_are_alarming_twice_in_a_row() {
    let slow = |count, times| alarms(20, answers(count, times * USUAL));
    assert_eq!(slow(10, 1.6), [false, true, true, true]);
    assert_eq!(slow(10, 1.5), [false; 4], "up to half as much again");
    // In 150 ms, that is in two looks.
    let few = |count, times| alarms(4 * u64::from(count), answers(count, times * USUAL));
    assert_eq!(few(4, 1.6), [false, false, true, true], "eight tell");
    assert_eq!(few(3, 1.6), [false; 4], "six do not");
}

#[test]
fn answers_that_do_not_come_are_alarming() {
    let few = |admitted, count| alarms(admitted, answers(count, USUAL));
    // A quarter of those that are admitted.
    assert_eq!(few(40, 9), [false, true, true, true]);
    assert_eq!(few(40, 10), [false; 4]);
    // Fewer than eight in 150 ms say nothing.
    assert_eq!(few(4, 0), [false, false, true, true]);
    assert_eq!(few(3, 0), [false; 4]);
}

#[test]
fn an_alarm_knows_the_rate_if_enough_was_answered() {
    for (count, rate) in [(10, Some(20.0 / 150e6)), (9, None)] {
        let mut open = usually();
        let look = |open: &mut Open, n: u64| {
            let each = answers(count, 2.0 * USUAL);
            open.look(75e6, &seen(n * 20, 1000, each))
        };
        assert!(look(&mut open, 1).is_none() && look(&mut open, 2).is_some());
        let alarm = look(&mut open, 3).unwrap();
        assert_eq!(alarm.rate, rate, "{count}");
        assert_eq!(alarm.usual.unwrap().mean, USUAL);
    }
}

/// Up to half as many again.
#[test]
fn what_was_no_crowd_is_none_again() {
    for (excused, pending, alarm) in [(800.0, 1000, false), (600.0, 1000, true)] {
        let mut open = Open::new();
        open.resume(Some(Usual::of(&answers(1, USUAL))), excused);
        let looks: Vec<bool> = (1..=3)
            .map(|n| {
                let slow = seen(n * 20, pending, answers(10, 2.0 * USUAL));
                open.look(75e6, &slow).is_some()
            })
            .collect();
        assert_eq!(looks[2], alarm, "{excused}");
    }
    let mut open = Open::new();
    open.resume(Some(Usual::of(&answers(1, USUAL))), 800.0);
    // It shrinks with what is in flight: 1.5 × 100 excuse 225.
    open.look(75e6, &seen(20, 100, answers(10, USUAL)));
    assert_eq!(open.excused, 150.0);
}

#[test]
fn looks_go_back_as_far_as_is_asked_for() {
    let mut open = usually();
    for n in 1..=5 {
        open.looks.push_back(Look {
            past: 50e6,
            admitted: 10 * n,
            answers: answers(n as u32, USUAL),
        });
    }
    let recent = open.recently(100e6);
    // The last two; what was admitted before them is told by the third.
    assert_eq!((recent.time, recent.answers.count), (100e6, 9));
    assert_eq!(recent.admitted, 20.0);
    assert_eq!(open.looks.len(), 3, "the others are of no use any more");
}

#[test]
fn who_went_on_without_an_answer_gave_up() {
    let mut open = Open::new();
    for (admitted, pending, gave_up) in [
        (20, 20, 0.0),
        (25, 20, 5.0),
        (25, 17, 8.0),
        // More wait than came: those were not admitted by then.
        (25, 30, 8.0),
        (30, 30, 13.0),
    ] {
        open.count_given_up(false, &seen(admitted, pending, Answers::NONE));
        assert_eq!(open.gave_up, gave_up, "{admitted}, {pending}");
    }
    open.count_given_up(true, &seen(40, 30, Answers::NONE));
    assert_eq!(open.gave_up, 0.0, "something is answered");
    assert_eq!(open.before, (40, 30));
}
