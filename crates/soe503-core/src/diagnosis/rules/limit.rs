//! R18, first part: a limit of ours that is too low.

use core::time::Duration;

use super::latency::{ALL, SLOW, Slow};
use super::stats::quantile;
use super::{Fact, Finding, Missing};
use crate::cause::Cause;
use crate::diagnosis::diagnose::is_own_limit;
use crate::diagnosis::history::{History, Second, Usual};
use crate::diagnosis::{Because, Grade, RuledOut};

/// A limit, as it is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitState {
    /// How many requests may be under way.
    pub limit: u32,
    /// It is a number that somebody has set, and not one that was learned.
    pub fixed: bool,
    /// It was proven that the backends do not answer more.
    pub saturated: bool,
}

/// Backends that say that they are busier than this do not idle.
const IDLE: f64 = 0.5;
/// Of the places under the limit, so many are in use on average at most where it is only hit by bursts.
const HALF: f64 = 0.5;
/// Backends whose median rises by no more than this while the limit is full have room beyond it.
const FLAT: f64 = 1.25;

/// Requests are turned away by a fixed limit, while the backends have room.
///
/// That they are as fast as usual proves little: a limit that protects them well keeps them so. What proves it
/// is that they say so themselves, or that most of the limit is free on average, so that it is only hit by bursts.
/// Where the limit is in use to the full and they are as fast as they were with less to do, it is a
/// suspicion that does not take the place of what is certain ([`Finding::role`]): there is more to do than was allowed.
pub(super) fn limit(
    history: &History,
    usual: Option<&Usual>,
    state: LimitState,
) -> Option<Finding> {
    let shed: u64 = history.last(History::NOW).map(turned_away).sum();
    let busy = |u: f64| u >= IDLE;
    let all = history.backends();
    let mut said = all.iter().filter_map(|b| b.label.utilization);
    if !state.fixed || state.saturated || shed == 0 || said.clone().any(busy) {
        return None;
    }
    let mut finding = Finding::new(Cause::ConfigLimitTooLow, Grade::Inferred);
    let slow = match usual {
        Some(usual) => {
            let slow = Slow::of(history, usual)?;
            if slow.slow > 0 {
                return None;
            }
            finding.ruled_out.push(RuledOut {
                cause: Cause::OverloadPoolSaturated,
                because: Because::AsFastAsUsual(slow.p50, slow.usual),
            });
            Some(slow)
        }
        None => {
            finding.grade = Grade::Suspected;
            finding.missing.push(Missing::Usual);
            None
        }
    };
    let p50 = match &slow {
        Some(slow) => slow.p50,
        // Never a second without refusals: as fast under the limit as they ever were.
        None => steady(history)?,
    };
    let in_use = in_use(history, p50);
    let idle = in_use <= f64::from(state.limit) * HALF;
    let saying = said.clone().count();
    if idle {
        finding.facts.push(Fact::Bursts {
            in_use,
            limit: state.limit,
        });
    } else if saying as f64 >= all.len() as f64 * ALL {
        finding.facts.push(Fact::SayIdle {
            utilization: said.by_ref().fold(0.0, f64::max),
            backends: saying as u32,
            of: all.len() as u32,
        });
    } else {
        slow.filter(|slow| slow.p50.as_secs_f64() <= slow.usual.as_secs_f64() * FLAT)?;
        finding.grade = Grade::Suspected;
    }
    if saying == 0 {
        finding.missing.push(Missing::LoadReports);
    }
    let peak = history.last(History::NOW).map(|s| s.offered).max();
    // Little's law, and as much again for bursts.
    let needed = f64::from(peak.unwrap_or_default()) * p50.as_secs_f64() * 2.0;
    let to = (needed.ceil() as u32).max(state.limit.saturating_mul(2));
    finding.facts.push(Fact::Raise {
        limit: state.limit,
        to,
        p50,
    });
    Some(finding)
}

/// Requests that found no place under a limit in this second, by any of the names that they are told under. What an open
/// circuit refused is no limit's doing.
fn turned_away(second: &Second) -> u64 {
    let told_as = |cause: Cause| {
        let instead = [Cause::ConfigLimitTooLow, Cause::OverloadPoolSaturated];
        is_own_limit(cause) || instead.contains(&cause)
    };
    let failed = second.failures.iter().filter(|(cause, _)| told_as(*cause));
    let failed: u64 = failed.map(|(_, count)| u64::from(*count)).sum();
    failed.min(second.shed.into())
}

/// The median latency of backends that were as fast in all seconds; `None`: in some they were not.
fn steady(history: &History) -> Option<Duration> {
    let all = history.backends().iter().flat_map(|b| b.before(u64::MAX));
    let p50s: Vec<f64> = all.filter_map(|s| Some(s.p50?.as_secs_f64())).collect();
    let low = quantile(p50s.iter().copied(), 0.1)?;
    let high = quantile(p50s.iter().copied(), 0.9)?;
    (high <= low * SLOW).then(|| Duration::from_secs_f64(high))
}

/// Requests under way at the backends, on average of the last seconds in which some were turned away: by what they
/// answered and how long that takes (Little's law), or by what was under way at the end of each, whichever is more.
fn in_use(history: &History, p50: Duration) -> f64 {
    let full = history.last(History::NOW).filter(|s| turned_away(s) > 0);
    let full: Vec<u64> = full.map(|s| s.at).collect();
    let from = history.newest().saturating_sub(History::NOW);
    let seconds = history.backends().iter().flat_map(|b| b.after(from));
    let (mut attempts, mut under_way) = (0_u64, 0_u64);
    for second in seconds.filter(|s| full.contains(&s.at)) {
        attempts += u64::from(second.attempts);
        under_way += u64::from(second.in_flight);
    }
    let by_law = attempts as f64 * p50.as_secs_f64();
    by_law.max(under_way as f64) / full.len().max(1) as f64
}
