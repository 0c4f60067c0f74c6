//! Thousands of random outages, played with the real layers in virtual time.
//!
//! A seed is a [`schedule`]: a pool, its configuration, its clients, and what goes wrong when. [`run`]
//! plays it in three acts: while faults come and go; after the last, until all backends are back; and
//! then until each has served. What must hold is in [`invariant`], judged from what the simulated
//! backends and clients count by themselves ([`world`]).
//!
//! # Why the layers, and not the core alone
//!
//! The core's decisions have tests of their own, one by one. What those cannot see is the glue: when a
//! lease ends, what a retry knows of the attempt before it, who wakes whom at a deadline, what is dropped
//! when a client leaves. A simulator of the core would have to state all that once more, and would then
//! test its own version. The layers ask nobody but tokio's clock for the time and this thread's
//! `fastrand` for chance, so both can be given to them: a paused clock that begins at the same place in
//! each run ([`clock`]) and a seed. What is below the layers is simulated ([`backend`], [`visit`],
//! [`body`]), and so is what is beside them: health checks ([`checks`]) and knocks ([`knocks`]) as the
//! control plane makes them, and operators ([`control`]). Two workers share the handles; they take turns on one
//! thread, because what threads do to each other is what `loom` and the stress tests of the core are for.
//!
//! # What is not simulated
//!
//! - A client that uploads slowly uses up the attempt's time, and the backend is blamed for the timeout. While
//!   the pool recovers, clients upload swiftly.
//! - HTTP/2 and gRPC, pools of hundreds of backends, changes of configuration.
//!
//! # Seen to fail
//!
//! Each invariant was seen to catch the code broken on purpose (of hedges, safety and their number; not yet the
//! state in which they begin, nor their half of the budget):
//!
//! | broken | caught as |
//! | --- | --- |
//! | `retry::classify`: unsafe counts as idempotent; bytes sent as none; a 503 as "not processed" | no unsafe replay |
//! | `retry::decide`: one attempt more | no more attempts than allowed |
//! | `retry::budget`: pays always; pays a reserve that is used up; forgets the retries of its window | the budget is never exceeded |
//! | `hedge`: any method is safe; one that is tried will do | only safe requests are hedged |
//! | `retry::decide`: a pause may end after the deadline | an answer by the deadline |
//! | `explain`: the tag under another name; a panic where an ejection is forgiven | one tagged answer |
//! | `pool::ejection`: the last one can be spared; no sound sibling needed; any share | the pool is not emptied |
//! | `pool::lease`, `pool::ejection`: a probe stays in flight; is not given back | no permit is lost |
//! | `breaker`: an abandoned probe keeps its place; results free none | no permit is lost |
//! | `limit`: a slot is not given back | no permit is lost |
//! | `pool::agenda`: nobody notes whose time has come; only idempotent requests probe | reachable in the end |
//! | `pool::ejection`: success does not readmit; times out double without end | reachable in the end |
//! | `pool::latency`: a bad latency is not forgotten | reachable in the end |
//! | `pool::control`: a passing check does not clear "down" | reachable in the end |
//! | `breaker`: probes that succeed do not close | reachable in the end |
//! | `pool::control`: a panic where a connect is proved | nothing panics |
//!
//! # When a seed fails
//!
//! The output says which, why, and the command that plays it again with all of its events:
//! `SOE503_SIM_SEED=1413 cargo test -p soe503 --test simulation -- --nocapture`. With
//! `SOE503_SIM_SEEDS=10000` so many are played, from 0 on; see `tests/simulation/run`.

mod backend;
mod body;
mod checks;
mod client;
mod clock;
mod control;
mod fault;
mod invariant;
mod knocks;
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
const FEW: u64 = 200;
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
