//! Two that differ in one thing are not alike, but for what nobody is shown.

use super::*;
use crate::Tick;
use crate::cause::Cause;
use crate::diagnosis::rules::Missing;
use crate::diagnosis::{Because, Condition, Context, Grade, Level, RuledOut, diagnose};
use crate::ledger::{Fault, Phase, RetryVerdict};

const OTHER: Cause = Cause::OverloadPoolSaturated;
/// Nanoseconds: 2 tenths of a millisecond in whole numbers, and 1 in floating point.
const HALF: u64 = 150_000;

fn attempt() -> Attempt {
    Attempt {
        fault: Some(Fault::Errno(111)),
        phase: Phase::Connect,
        accepted_before: true,
        backend: Some("a".into()),
        elapsed: Duration::from_millis(1),
        ..Attempt::begin(1, Tick::from_secs(100))
    }
}

fn ledger() -> Ledger {
    Ledger {
        attempts: vec![attempt(), attempt()],
    }
}

fn diagnosis() -> Diagnosis {
    diagnose(&ledger(), &Context::new(Tick::from_secs(101)))
}

/// A change, and what it is called.
type Part<T> = (&'static str, fn(&mut T));

#[test]
fn every_part_of_a_diagnosis_counts_but_its_time() {
    let parts: [Part<Diagnosis>; 14] = [
        ("primary", |d| d.primary = OTHER),
        ("root", |d| d.root = Some(OTHER)),
        ("replaces", |d| d.replaces = Some(OTHER)),
        ("grade", |d| d.grade = Grade::Suspected),
        ("scope", |d| d.scope.level = Level::AllPools),
        ("evidence", |d| d.evidence.truncate(1)),
        ("ruled out", |d| {
            d.ruled_out.push(RuledOut {
                cause: OTHER,
                because: Because::Fresh,
            });
        }),
        ("contributing", |d| d.contributing.push(OTHER)),
        ("shares", |d| d.shares.push((OTHER, 0.5))),
        ("missing", |d| d.missing.push(Missing::Usual)),
        ("fault", |d| d.fault = Some(Fault::Closed)),
        ("retry", |d| d.retry = Some(RetryVerdict::BudgetEmpty)),
        ("tries", |d| d.tries += 1),
        ("unsent", |d| d.unsent ^= true),
    ];
    for (what, change) in parts {
        let mut other = diagnosis();
        change(&mut other);
        assert!(!diagnoses(&diagnosis(), &other), "{what}");
        assert!(!diagnoses(&other, &diagnosis()), "{what}");
    }
    let mut later = diagnosis();
    later.now = Tick::from_secs(107);
    assert!(diagnoses(&diagnosis(), &later));
}

#[test]
fn every_part_of_an_attempt_counts_but_when_it_began() {
    let same: [Part<Attempt>; 3] = [
        ("nothing", |_| {}),
        ("begun", |a| a.started = Tick::from_secs(7)),
        ("microseconds", |a| a.elapsed += Duration::from_micros(20)),
    ];
    let others: [Part<Attempt>; 5] = [
        ("a tenth", |a| a.elapsed += Duration::from_micros(60)),
        ("much longer", |a| a.elapsed += Duration::from_secs(9)),
        ("backend", |a| a.backend = None),
        ("phase", |a| a.phase = Phase::Tls),
        ("fault", |a| a.fault = None),
    ];
    let same = same.map(|(what, change)| (what, true, change));
    let others = others.map(|(what, change)| (what, false, change));
    for (what, alike, change) in same.into_iter().chain(others) {
        for at in 0..2 {
            let mut other = ledger();
            change(&mut other.attempts[at]);
            assert_eq!(ledgers(&ledger(), &other), alike, "{what}");
        }
    }
    let mut fewer = ledger();
    fewer.attempts.pop();
    assert!(!ledgers(&ledger(), &fewer));
    assert!(!ledgers(&fewer, &ledger()));
}

/// Half a tenth of a millisecond is rounded up in whole numbers, and this one down in floating point: the one after it
/// is told as more by somebody.
#[test]
fn each_way_of_rounding_counts() {
    let took = |nanos| Attempt {
        elapsed: Duration::from_nanos(nanos),
        ..attempt()
    };
    assert!(attempts(&took(HALF), &took(HALF)));
    assert!(!attempts(&took(HALF), &took(HALF + 1_000)));
    assert!(!attempts(&took(HALF), &took(HALF - 1_000)));
}

#[test]
fn every_part_of_a_circuit_counts() {
    let seconds = Duration::from_secs;
    let circuit = || Evidence::Circuit {
        rule: Cause::CircuitConsecutiveFailures,
        causes: vec![(OTHER, 5)],
        open_for: Some(seconds(3)),
        probe_in: Some(seconds(4)),
        last_probe: Some((seconds(5), OTHER)),
        knocked: Some((seconds(6), OTHER)),
    };
    let another = Cause::DependencyConnectRefused;
    for part in 0..14 {
        let mut other = circuit();
        let Evidence::Circuit {
            rule,
            causes,
            open_for,
            probe_in,
            last_probe,
            knocked,
        } = &mut other
        else {
            unreachable!()
        };
        match part {
            0 => *rule = Cause::CircuitFailureRate,
            1 => causes.clear(),
            2 => *open_for = Some(seconds(7)),
            3 => *open_for = None,
            4 => *probe_in = Some(seconds(7)),
            5 => *probe_in = None,
            6 => *last_probe = Some((seconds(7), OTHER)),
            7 => *last_probe = Some((seconds(5), another)),
            8 => *last_probe = None,
            9 => *knocked = Some((seconds(7), OTHER)),
            10 => *knocked = Some((seconds(6), another)),
            11 => *knocked = None,
            12 => *open_for = Some(Duration::from_millis(3_004)),
            _ => {}
        }
        assert_eq!(observations(&circuit(), &other), part >= 12, "{part}");
        assert_eq!(observations(&other, &circuit()), part >= 12, "{part}");
    }
}

#[test]
fn every_part_of_a_backend_counts() {
    let since = |millis| Some(Duration::from_millis(millis));
    let backend = || Evidence::Backend {
        name: "a".into(),
        address: Some("10.0.0.7:80".into()),
        condition: Condition::Down,
        cause: Some(OTHER),
        since: since(3_000),
    };
    for part in 0..8 {
        let mut other = backend();
        let Evidence::Backend {
            name,
            address,
            condition,
            cause,
            since: at,
        } = &mut other
        else {
            unreachable!()
        };
        match part {
            0 => *name = "b".into(),
            1 => *address = None,
            2 => *condition = Condition::Ejected,
            3 => *cause = None,
            4 => *at = since(7_000),
            5 => *at = None,
            6 => *at = since(3_004),
            _ => {}
        }
        assert_eq!(observations(&backend(), &other), part >= 6, "{part}");
    }
}
