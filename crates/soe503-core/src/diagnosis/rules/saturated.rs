//! R5, first part: the pool has more to do than it can.

use super::latency::{ALL, RECENT, RISE, Slow, offered, throughput};
use super::stats::{quantile, spearman};
use super::{Fact, Finding, Missing};
use crate::cause::Cause;
use crate::diagnosis::history::{History, Usual};
use crate::diagnosis::{Because, Grade, RuledOut};

/// How far back latency is compared with what is in flight.
const FIT: u64 = 60;
/// Fewer points are no curve.
const POINTS: usize = 8;
const RHO: f64 = 0.6;
/// A backend that says so is fully busy.
const BUSY: f64 = 0.95;
/// Fewer good answers by the requests that come are a shortfall.
const SHORT: f64 = 0.95;

/// The pool is saturated: as good as all backends are slow, more is asked than usual and less is
/// answered than asked, and latency rises with what is in flight; or the backends say that they are busy; or the
/// limit has tested it (`tested`).
///
/// It is not if the backends have all just started. `but`: a backend that is slow for a reason of its own, and says nothing
/// about the others.
pub(super) fn saturated(
    history: &History,
    usual: Option<&Usual>,
    tested: bool,
    but: Option<&str>,
) -> Option<Finding> {
    if history.backends().iter().all(|b| b.label.starting) {
        return None;
    }
    let offered = offered(history)?;
    let mut finding = Finding::new(Cause::OverloadPoolSaturated, Grade::Inferred);
    let load = usual.map(|usual| Fact::Load {
        offered,
        usual: usual.offered,
    });
    finding.facts.extend(load);
    let (good, all) = throughput(history);
    let busy = busy(history);
    let rising = usual.is_some_and(|usual| offered >= usual.offered * RISE);
    let slow = usual.and_then(|usual| Slow::of_others(history, usual, but));
    let short = good < all * SHORT;
    let curve = curve(history, but);
    let by_load = rising && short && slow.as_ref().is_some_and(Slow::all) && curve.is_some();
    if !(by_load || busy.is_some() && short || tested) {
        return None;
    }
    finding
        .facts
        .extend(slow.filter(Slow::all).map(|slow| Fact::Slower {
            p50: slow.p50,
            usual: slow.usual,
            backends: slow.slow,
            of: history.backends().len() as u32,
        }));
    finding.facts.extend(curve);
    if short {
        finding.facts.push(Fact::Shortfall { good, offered: all });
    }
    match busy {
        Some(busy) => finding.facts.push(busy),
        None => finding.missing.push(Missing::LoadReports),
    }
    if tested {
        finding.facts.push(Fact::LimitTested);
    }
    let left = left(history);
    finding.facts.extend(left);
    if let (true, Some(usual)) = (rising, usual) {
        finding.ruled_out.push(RuledOut {
            cause: Cause::DependencyShared,
            because: Because::LoadRose(offered, usual.offered),
        });
        // Clients that repeat without saying so look like new ones.
        let marked = history.last(RECENT).any(|s| s.again > 0);
        if !marked {
            finding.missing.push(Missing::RetryMarks);
        }
    }
    if usual.is_none() {
        finding.missing.push(Missing::Usual);
    }
    Some(finding)
}

/// Latency rises with what is in flight, on as good as all backends.
fn curve(history: &History, but: Option<&str>) -> Option<Fact> {
    let from = history.newest().saturating_sub(FIT);
    let rhos: Vec<f64> = history
        .backends()
        .iter()
        .filter(|backend| but != Some(&*backend.label.name))
        .filter_map(|backend| {
            let points: Vec<(f64, f64)> = backend
                .after(from)
                .filter_map(|s| Some((f64::from(s.in_flight), s.p50?.as_secs_f64())))
                .collect();
            spearman(&points).filter(|_| points.len() >= POINTS)
        })
        .collect();
    let high = rhos.iter().filter(|rho| **rho >= RHO).count();
    let all = high > 0 && high as f64 >= rhos.len() as f64 * ALL;
    all.then(|| Fact::Correlated {
        rho: quantile(rhos.iter().copied(), 0.5).unwrap_or_default(),
        backends: high as u32,
        of: history.backends().len() as u32,
    })
}

/// As good as all backends say that they are busy.
fn busy(history: &History) -> Option<Fact> {
    let all = history.backends();
    let said: Vec<f64> = all.iter().filter_map(|b| b.label.utilization).collect();
    let busy: Vec<f64> = said.iter().copied().filter(|u| *u >= BUSY).collect();
    let most = !busy.is_empty() && busy.len() as f64 >= all.len() as f64 * ALL;
    most.then(|| Fact::Busy {
        utilization: busy.iter().copied().fold(f64::INFINITY, f64::min),
        backends: busy.len() as u32,
        of: all.len() as u32,
    })
}

/// Clients that leave are a symptom (rule R16), and told as one if they are many.
fn left(history: &History) -> Option<Fact> {
    let (left, of) = history.last(History::NOW).fold((0, 0), |(left, of), s| {
        (left + u64::from(s.left), of + u64::from(s.offered))
    });
    (left * 10 >= of).then_some(Fact::Left { left, of })
}
