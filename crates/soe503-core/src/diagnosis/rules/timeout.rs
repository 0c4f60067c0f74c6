//! R4: a timeout of ours that is too short.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Fact, Finding, Findings, Missing};
use crate::cause::Cause;
use crate::diagnosis::Grade;
use crate::ledger::{Attempt, Fault, TimeoutKind};

/// What became of attempts whose time was over and that were waited for all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// How many were answered well.
    pub came: u64,
    /// How many there were.
    pub of: u64,
}

/// The part of the late ones that were answered well all the same.
const SHARE: f64 = 0.3;
/// So many prove it.
const PROOF: u64 = 20;
/// Fewer say nothing.
const FEWEST: u64 = 3;

/// The time that `attempt` had is less than half of the answers usually take, or of those who had no more
/// time, many were answered well a little later; while the pool is not slower, and not asked more, than
/// usual.
pub(in crate::diagnosis) fn timeout(attempt: &Attempt, findings: &Findings) -> Option<Finding> {
    let Some(Fault::Timeout(TimeoutKind::Attempt | TimeoutKind::Total)) = attempt.fault else {
        return None;
    };
    // Slower than usual, or busier: then that is the cause.
    if findings.slower || findings.busier {
        return None;
    }
    let allowed = attempt.elapsed;
    let mut finding = Finding::new(Cause::ConfigTimeoutTooShort, Grade::Inferred);
    let late = findings.late.filter(|late| late.of >= FEWEST);
    let came = late.filter(|late| late.came as f64 >= late.of as f64 * SHARE);
    if let Some(late) = came {
        finding.facts.push(Fact::LateAnswers {
            came: late.came,
            of: late.of,
        });
        if late.of >= PROOF && findings.usual_p50.is_some() {
            finding.grade = Grade::Proven;
        }
    }
    if late.is_none() {
        finding.missing.push(Missing::LateAnswers);
    }
    match findings.usual_p50 {
        Some(p50) if allowed < p50 => finding.facts.push(Fact::Allowed { allowed, p50 }),
        None => finding.missing.push(Missing::Usual),
        Some(_) => {}
    }
    let found = !finding.facts.is_empty() && allowed > Duration::ZERO;
    found.then_some(finding)
}
