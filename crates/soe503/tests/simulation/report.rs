//! What is printed for whoever has to find out why a seed fails.

use std::fmt::Write;

use crate::clock::Virtual;
use crate::run::{Outcome, play};
use crate::schedule::Schedule;

/// A variable: the one seed to play, all of it told.
pub(crate) const SEED: &str = "SOE503_SIM_SEED";
/// A variable: how many seeds to play, from 0 on.
pub(crate) const SEEDS: &str = "SOE503_SIM_SEEDS";

/// So many events are shown of a failing run.
const SHOWN: usize = 40;

/// The failure of `seed`, with what led to it. Plays it once more, since events are only kept where
/// they are read.
pub(crate) fn failure(clock: &Virtual, seed: u64) -> String {
    let outcome = play(clock, seed, true);
    let mut text = plan(seed);
    let Some(violation) = &outcome.violation else {
        return text
            + "\nIt failed, and does not when it is played again: the simulation is not deterministic.\n";
    };
    let _ = writeln!(text, "\n--- the last {SHOWN} events\n");
    for line in outcome.trace.lines(violation.at, SHOWN) {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(
        text,
        "\n--- seed {seed} violates: {}\n\nat {} ms: {}\n\nAll of its events:\n    {SEED}={seed} cargo test -p soe503 --test simulation -- --nocapture\n",
        violation.invariant, violation.at, violation.what
    );
    text
}

/// All that happens in the run of `seed`.
pub(crate) fn whole(seed: u64, outcome: &Outcome) -> String {
    let mut text = plan(seed);
    text.push('\n');
    for line in outcome.trace.lines(u32::MAX, usize::MAX) {
        text += &line;
        text.push('\n');
    }
    let _ = writeln!(text, "\n{}", outcome.tally);
    let _ = match &outcome.violation {
        Some(violation) => writeln!(
            text,
            "seed {seed} violates: {}, at {} ms: {}",
            violation.invariant, violation.at, violation.what
        ),
        None => writeln!(text, "seed {seed} keeps every promise"),
    };
    text
}

fn plan(seed: u64) -> String {
    format!(
        "\n--- the schedule of seed {seed}\n\n{}\n",
        Schedule::new(seed)
    )
}
