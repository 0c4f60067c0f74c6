//! When to come back.

use core::time::Duration;

use crate::cause::{Cause, RetryAfterRule};
use crate::diagnosis::Diagnosis;

/// Longest wait that is ever asked for, but for announced windows (`Retry-After` beyond it would
/// keep clients away long after the cure).
const LONGEST: Duration = Duration::from_secs(300);
/// Longest announced window.
const LONGEST_WINDOW: Duration = Duration::from_secs(24 * 3600);
/// Longest wait for a queue.
const LONGEST_QUEUE: Duration = Duration::from_secs(60);
/// A maintenance window whose end is open.
const OPEN_WINDOW: Duration = Duration::from_secs(300);
/// How long a start takes when nobody measured it.
const START: Duration = Duration::from_secs(15);
/// When nothing better is known.
const SOON: Duration = Duration::from_secs(1);
/// At most this share is added at random.
const JITTER: f64 = 0.2;
/// At most so many seconds are added to the end of an announced window.
const WINDOW_SPREAD: f64 = 60.0;

/// What the rules need; leave at `None` what is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RetryInputs {
    /// Until the circuit, or the first ejection, lets a probe through.
    pub reopen_in: Option<Duration>,
    /// Until health checks can have brought back the nearest backend:
    /// (rise − passes so far) × interval.
    pub probe_in: Option<Duration>,
    /// How many requests wait, and how many are served per second.
    pub queue: Option<(u64, f64)>,
    /// Until the maintenance window ends.
    pub window_left: Option<Duration>,
    /// Until the limit's bucket has room.
    pub limit_reset: Option<Duration>,
    /// The backend's own `Retry-After`.
    pub upstream: Option<Duration>,
    /// How long 95 % of starts took at most.
    pub startup: Option<Duration>,
}

/// `Retry-After` in whole seconds (RFC 9110 §10.2.3 knows no fractions, so it rounds up); `None`
/// when waiting cannot help.
///
/// `random` is uniform in `0..1` and adds up to 20 %, to announced windows at most a minute: clients that all failed together shall not
/// all return together.
pub fn retry_after(diagnosis: &Diagnosis, inputs: &RetryInputs, random: f64) -> Option<u32> {
    if !diagnosis.retryable() {
        return None;
    }
    let wait = wait(diagnosis.primary, inputs);
    // Written so that a NaN counts as no jitter.
    let random = if random > 0.0 { random.min(1.0) } else { 0.0 };
    let spread = wait.as_secs_f64() * JITTER;
    // The end of a window is announced: a fifth of a night would keep clients away for hours.
    let spread = match diagnosis.primary.info().retry_after {
        RetryAfterRule::Window => spread.min(WINDOW_SPREAD),
        _ => spread,
    };
    // Little more than a day, so that the cast is exact.
    Some((wait.as_secs_f64() + spread * random).ceil().max(1.0) as u32)
}

fn wait(cause: Cause, inputs: &RetryInputs) -> Duration {
    let ours = || inputs.reopen_in.or(inputs.probe_in).unwrap_or(SOON);
    match cause.info().retry_after {
        RetryAfterRule::Open => inputs.reopen_in.unwrap_or(SOON).min(LONGEST),
        RetryAfterRule::Probe => inputs
            .probe_in
            .or(inputs.reopen_in)
            .unwrap_or(SOON)
            .min(LONGEST),
        RetryAfterRule::Queue => inputs
            .queue
            .map_or(SOON, served_in)
            .clamp(SOON, LONGEST_QUEUE),
        RetryAfterRule::Window => inputs
            .window_left
            .unwrap_or(OPEN_WINDOW)
            .min(LONGEST_WINDOW),
        // The quota of a day is announced with its window; earlier is in vain.
        RetryAfterRule::Limit => inputs.limit_reset.unwrap_or(SOON).min(LONGEST_WINDOW),
        RetryAfterRule::Upstream => inputs.upstream.unwrap_or(SOON).max(ours()).min(LONGEST),
        RetryAfterRule::Rollout => inputs.startup.unwrap_or(START).min(LONGEST),
        // `Never` gets here only where it is a mere suspicion.
        RetryAfterRule::Short => SOON,
        RetryAfterRule::Never => ours().min(LONGEST),
    }
}

/// How long it takes to serve what is queued.
fn served_in((queued, per_second): (u64, f64)) -> Duration {
    if per_second > 0.0 {
        Duration::try_from_secs_f64(queued as f64 / per_second).unwrap_or(LONGEST_QUEUE)
    } else {
        LONGEST_QUEUE
    }
}
