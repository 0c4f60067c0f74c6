//! R18, first part: a limit of ours that is too low.

use super::latency::{SLOW, Slow};
use super::stats::quantile;
use super::{Fact, Finding, Missing};
use crate::cause::Cause;
use crate::diagnosis::history::{History, Usual};
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

/// Requests are turned away by a fixed limit, while the backends are as fast as usual and, as far as they
/// say, have little to do.
pub(super) fn limit(
    history: &History,
    usual: Option<&Usual>,
    state: LimitState,
) -> Option<Finding> {
    let shed: u64 = history.last(History::NOW).map(|s| u64::from(s.shed)).sum();
    let busy = |u: f64| u >= IDLE;
    let mut said = history
        .backends()
        .iter()
        .filter_map(|b| b.label.utilization);
    if !state.fixed || state.saturated || shed == 0 || said.clone().any(busy) {
        return None;
    }
    let mut finding = Finding::new(Cause::ConfigLimitTooLow, Grade::Inferred);
    let p50 = match usual.map(|usual| Slow::of(history, usual)) {
        Some(slow) => {
            let slow = slow?;
            if slow.slow > 0 {
                return None;
            }
            finding.ruled_out.push(RuledOut {
                cause: Cause::OverloadPoolSaturated,
                because: Because::AsFastAsUsual(slow.p50, slow.usual),
            });
            slow.p50
        }
        // Never a second without refusals: as fast under the limit as they ever were.
        None => {
            let all = history.backends().iter().flat_map(|b| b.before(u64::MAX));
            let p50s: Vec<f64> = all.filter_map(|s| Some(s.p50?.as_secs_f64())).collect();
            let low = quantile(p50s.iter().copied(), 0.1)?;
            let high = quantile(p50s.iter().copied(), 0.9)?;
            if high > low * SLOW {
                return None;
            }
            finding.grade = Grade::Suspected;
            finding.missing.push(Missing::Usual);
            core::time::Duration::from_secs_f64(high)
        }
    };
    if said.next().is_none() {
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
