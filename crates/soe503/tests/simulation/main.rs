//! Thousands of random outages, played with the real layers in virtual time.

mod backend;
mod body;
mod client;
mod clock;
mod control;
mod fault;
mod invariant;
mod report;
mod run;
mod scene;
mod schedule;
mod stack;
mod tally;
mod trace;
mod visit;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use clock::Virtual;
use report::{SEED, SEEDS};
use run::play;
use tally::Tally;

/// Played where nobody says how many: what fits into an ordinary `cargo test`.
const FEW: u64 = 120;
/// After so many seeds, a thread takes a new clock: from one run to the next lie days, and ticks of
/// years would be another test.
const PER_CLOCK: u64 = 50;

#[test]
fn every_promise_is_kept() {
    if let Some(seed) = number(SEED) {
        let outcome = play(&Virtual::new(), seed, true);
        print!("{}", report::whole(seed, &outcome));
        assert!(outcome.violation.is_none(), "seed {seed} fails");
        return;
    }
    let seeds = number(SEEDS).unwrap_or(FEW);
    let tally = play_all(seeds).unwrap_or_else(|failure| panic!("{failure}"));
    println!("{tally}");
    assert_eq!(tally.runs, seeds);
    assert!(
        seeds < FEW || tally.is_of_everything(),
        "not tried: {tally}"
    );
}

/// Two threads, two clocks, one of which has run before; and their seeds in another order.
#[test]
fn a_seed_is_the_same_run_each_time() {
    const SOME: std::ops::Range<u64> = 0..12;
    let play_one = |clock: &Virtual, seed| {
        let outcome = play(clock, seed, false);
        (outcome.trace.hash(), outcome.trace.events())
    };
    let forwards = || {
        let clock = Virtual::new();
        SOME.map(|seed| play_one(&clock, seed)).collect::<Vec<_>>()
    };
    let backwards = || {
        let clock = Virtual::new();
        play(&clock, SOME.end, false);
        let mut runs: Vec<_> = SOME.rev().map(|seed| play_one(&clock, seed)).collect();
        runs.reverse();
        runs
    };
    let (first, second) = std::thread::scope(|scope| {
        let other = scope.spawn(backwards);
        (forwards(), other.join().expect("it plays"))
    });
    assert_eq!(first, second);
    let mut different: Vec<u64> = first.iter().map(|(hash, _)| *hash).collect();
    different.sort_unstable();
    different.dedup();
    assert_eq!(
        different.len(),
        first.len(),
        "each seed is a run of its own"
    );
}

/// Plays the seeds below `seeds` on all processors, and tells of the first that fails.
fn play_all(seeds: u64) -> Result<Tally, String> {
    let next = AtomicU64::new(0);
    let sum = Mutex::new(Tally::default());
    let failed = Mutex::new(None);
    let work = || {
        let mut tally = Tally::default();
        let mut clock = Virtual::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                break;
            }
            if tally.runs % PER_CLOCK == PER_CLOCK - 1 {
                clock = Virtual::new();
            }
            let outcome = play(&clock, seed, false);
            tally += outcome.tally;
            if outcome.violation.is_some() {
                // The seeds before this one are being played, and are told of if they fail too.
                next.store(seeds, Ordering::Relaxed);
                let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                failed.get_or_insert_with(|| report::failure(&clock, seed));
                break;
            }
        }
        *sum.lock().unwrap_or_else(PoisonError::into_inner) += tally;
    };
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    std::thread::scope(|scope| {
        (0..threads).for_each(|_| {
            scope.spawn(work);
        });
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(failure) => Err(failure),
        None => Ok(sum.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable}={value} is no number")),
    )
}
