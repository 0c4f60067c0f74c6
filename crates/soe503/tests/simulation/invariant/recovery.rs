//! When nothing is wrong any more, it shows, within a time that can be told beforehand.
//!
//! 0. At any time, no ejection lasts longer than `ejection.max` and its jitter.
//! 1. All backends are in rotation and the circuit is closed, and both stay so, not later than
//!    [`all_back`] after the last fault.
//! 2. From then on each request succeeds.
//! 3. Each backend gets a request, not later than [`all_used`] after that.
//!
//! In between, requests keep coming (one in [`PACE`] milliseconds), of the kind that the schedule says.

use std::time::Duration;

use soe503::circuit_breaker::Window;
use soe503_core::Ratio;

use super::Invariant;
use crate::schedule::{SLOWEST, Schedule};
use crate::stack::Stack;
use crate::world::World;

/// From one request to the next while the pool recovers, in milliseconds.
pub(crate) const PACE: u32 = 100;

/// How long all must have been well, so that nothing of before the cure can change it: as long as
/// requests of then can fail, and as long as the circuit remembers failures that may yet reach a rate.
pub(crate) fn settled_after(schedule: &Schedule) -> u32 {
    let remembered = match schedule.breaker.window {
        Window::Time(span) => millis(span),
        Window::Count(results) => results * PACE,
    };
    let rated = schedule.breaker.failure_rate.is_some() || schedule.breaker.slow_rate.is_some();
    schedule.timeout + if rated { remembered } else { 0 } + SLACK
}

/// The latest time after the cure, in milliseconds, by which all backends are in rotation and the
/// circuit is closed and has settled. What can take its time, one after the other:
/// - requests of before, which fail by their deadline;
/// - the circuit: its open time and jitter, then the probes;
/// - checks, until they have passed often enough;
/// - an ejection: its time and jitter; a probe lost to a client that left is sent again;
/// - a pool that sees no request that may run twice waits before it takes another as a probe;
/// - an open circuit or a rate that is reached a last time by what a window remembers.
pub(crate) fn all_back(schedule: &Schedule) -> u32 {
    let ejection = &schedule.pool.ejection;
    let breaker = &schedule.breaker;
    let checked = schedule.checks.as_ref().map_or(0, |checks| {
        let once = jittered(checks.interval, checks.jitter) + millis(checks.timeout);
        once * (checks.rise + 1)
    });
    let probes = (breaker.probes + 1) * PACE;
    let circuit = jittered(breaker.max_open_for, breaker.jitter) + probes;
    let ejected = jittered(ejection.max, ejection.jitter);
    let unsafe_only = ejection.probe_any_after.map_or(0, millis);
    schedule.timeout + 2 * circuit + checked + ejected + unsafe_only + 2 * settled_after(schedule)
}

/// An ejection that is in force ends within its longest time and jitter, whatever was before.
pub(crate) fn look(world: &World, stack: &Stack) {
    if !stack.backends.any_ejected() {
        return;
    }
    let ejection = &world.schedule.pool.ejection;
    let longest = jittered(ejection.max.max(ejection.base), ejection.jitter);
    let now = soe503::clock::now();
    for backend in stack.backends.snapshot(now).backends {
        let left = backend
            .ejection
            .map_or(0, |ejection| millis(ejection.due.since(now)));
        if left > longest {
            world.violated(Invariant::Recovers, || {
                format!(
                    "{} is ejected for another {left} ms, {longest} may be",
                    backend.name
                )
            });
        }
    }
}

/// The latest time after that by which each backend has had a request. A latency that was seen in the
/// fault outweighs the others until it has been forgotten down to a difference that is noise, 20 %.
pub(crate) fn all_used(schedule: &Schedule) -> u32 {
    let least = f64::from(schedule.latency) * 0.2;
    let decays = (f64::from(SLOWEST) / least).ln();
    let warm = millis(schedule.pool.slow_start);
    // By chance a light backend among heavy ones may be passed over for a while.
    let turns = 40 * schedule.weights.iter().sum::<u32>() * PACE;
    (schedule.pool.latency_decay.as_secs_f64() * decays * 1_000.0) as u32 + warm + turns
}

const SLACK: u32 = 500;

fn jittered(time: Duration, share: Ratio) -> u32 {
    millis(time) + (f64::from(millis(time)) * share.as_f64()) as u32
}

fn millis(duration: Duration) -> u32 {
    duration.as_millis() as u32
}
