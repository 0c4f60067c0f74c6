//! Failures that read the same.
//!
//! Two refusals of one open circuit differ by microseconds that nobody is shown. What is compared here is what
//! colleagues are told; strangers hear less. Where it is not certain that two observations read the same, they do not.

use super::shown::Shown;
use crate::diagnosis::{Diagnosis, Evidence};
use crate::ledger::{Attempt, Ledger};
use core::time::Duration;

/// Whether both are told in the same words.
pub(super) fn diagnoses(a: &Diagnosis, b: &Diagnosis) -> bool {
    // Taken apart by name, so that nobody adds to it without a look at this.
    let Diagnosis {
        primary,
        root,
        replaces,
        grade,
        scope,
        evidence,
        ruled_out,
        contributing,
        shares,
        missing,
        fault,
        retry,
        tries,
        unsent,
        // Not told: what is, counts from it.
        now: _,
    } = a;
    let all = |a: &[Evidence], b: &[Evidence]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| observations(a, b))
    };
    (primary, root, replaces, grade) == (&b.primary, &b.root, &b.replaces, &b.grade)
        && (retry, tries, unsent) == (&b.retry, &b.tries, &b.unsent)
        && scope == &b.scope
        && fault == &b.fault
        && all(evidence, &b.evidence)
        && ruled_out == &b.ruled_out
        && contributing == &b.contributing
        && shares == &b.shares
        && missing == &b.missing
}

/// Whether both are told in the same words, but for how long the whole took.
pub(super) fn ledgers(a: &Ledger, b: &Ledger) -> bool {
    let (a, b) = (&a.attempts, &b.attempts);
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| attempts(a, b))
}

fn attempts(a: &Attempt, b: &Attempt) -> bool {
    // In tenths of a millisecond, as documents and fields have it, each with its own rounding.
    let tenths = |time: Duration| {
        let exact = (time.as_nanos() + 50_000) / 100_000;
        (exact, (time.as_secs_f64() * 1e4).round().to_bits())
    };
    let timeless = |attempt: &Attempt| Attempt {
        started: b.started,
        elapsed: Duration::ZERO,
        ..attempt.clone()
    };
    tenths(a.elapsed) == tenths(b.elapsed) && timeless(a) == timeless(b)
}

fn observations(a: &Evidence, b: &Evidence) -> bool {
    let same = |a: Duration, b: Duration| Shown::about(a) == Shown::about(b);
    let maybe =
        |a: Option<Duration>, b: Option<Duration>| a.map(Shown::about) == b.map(Shown::about);
    match (a, b) {
        (
            Evidence::Circuit {
                rule,
                causes,
                open_for,
                probe_in,
                last_probe,
                knocked,
            },
            Evidence::Circuit {
                rule: other_rule,
                causes: other_causes,
                open_for: other_open_for,
                probe_in: other_probe_in,
                last_probe: other_probe,
                knocked: other_knocked,
            },
        ) => {
            let ago = |a: &Option<(Duration, _)>, b: &Option<(Duration, _)>| match (a, b) {
                (Some((a, why)), Some((b, other))) => same(*a, *b) && why == other,
                (a, b) => a.is_none() && b.is_none(),
            };
            (rule, causes) == (other_rule, other_causes)
                && maybe(*open_for, *other_open_for)
                && maybe(*probe_in, *other_probe_in)
                && ago(last_probe, other_probe)
                && ago(knocked, other_knocked)
        }
        (
            Evidence::Backend {
                name,
                address,
                condition,
                cause,
                since,
            },
            Evidence::Backend {
                name: other_name,
                address: other_address,
                condition: other_condition,
                cause: other_cause,
                since: other_since,
            },
        ) => {
            (name, address) == (other_name, other_address)
                && (condition, cause) == (other_condition, other_cause)
                && maybe(*since, *other_since)
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
#[path = "alike_tests.rs"]
mod tests;
