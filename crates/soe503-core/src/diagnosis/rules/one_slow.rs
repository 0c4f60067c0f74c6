//! R5, third part: one backend is slow, and the others are not.

use core::time::Duration;
use std::sync::Arc;

use super::latency::{SLOW, p50};
use super::stats::{deviations, quantile};
use super::{Fact, Finding};
use crate::cause::Cause;
use crate::diagnosis::history::{History, Usual};
use crate::diagnosis::{Because, Grade, RuledOut};

const DEVIATIONS: f64 = 5.0;

/// Where the others are slow as well, it has to take so many times as long as they do.
const APART: f64 = 3.0;

/// One backend alone takes far longer than the others, which are as fast as usual: a noisy neighbour, its
/// garbage collector, its disk. Of two, what is usual must tell which.
///
/// Others that are slow as well have a trouble of their own, such as too much to do; that one stands out from them by far is
/// a suspicion.
pub(super) fn one_slow(history: &History, usual: Option<&Usual>) -> Option<Finding> {
    let all: Vec<(&Arc<str>, f64)> = history
        .backends()
        .iter()
        .filter_map(|b| Some((&b.label.name, p50(history, b)?.as_secs_f64())))
        .collect();
    let usual = usual.and_then(|usual| usual.p50);
    if all.len() < 2 || all.len() == 2 && usual.is_none() {
        return None;
    }
    let (at, (name, slowest)) = all
        .iter()
        .enumerate()
        .max_by(|(_, a), (_, b)| a.1.total_cmp(&b.1))?;
    let mut others: Vec<f64> = all.iter().map(|(_, p50)| *p50).collect();
    others.swap_remove(at);
    let median = quantile(others.iter().copied(), 0.5)?;
    let deviations = deviations(*slowest, &others)?;
    let others_fine = usual.is_none_or(|usual| median < usual.as_secs_f64() * SLOW);
    // Faster than this is nobody's trouble.
    let matters = *slowest >= 0.01;
    let least = if others_fine { SLOW } else { APART };
    // Of two slow ones, the slower may be the busier.
    let apart = others_fine || all.len() > 2;
    if deviations <= DEVIATIONS || *slowest < median * least || !apart || !matters {
        return None;
    }
    let fine = RuledOut {
        cause: Cause::OverloadPoolSaturated,
        because: Because::OthersFine(others.len()),
    };
    let shared = RuledOut {
        cause: Cause::DependencyShared,
        ..fine.clone()
    };
    let grade = match others_fine {
        true => Grade::Inferred,
        false => Grade::Suspected,
    };
    let mut finding = Finding::new(Cause::DependencyResponseTimeout, grade);
    finding.backends.push(Arc::clone(name));
    finding.facts.push(Fact::Outlier {
        backend: Arc::clone(name),
        p50: Duration::from_secs_f64(*slowest),
        others: Duration::from_secs_f64(median),
        deviations,
    });
    if others_fine {
        finding.ruled_out = vec![fine, shared];
    }
    Some(finding)
}
