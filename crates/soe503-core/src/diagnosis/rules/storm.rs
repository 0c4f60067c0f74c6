//! R13: the load is made of retries.

use super::latency::{FEWEST, RISE};
use super::{Fact, Finding, Missing};
use crate::cause::Cause;
use crate::diagnosis::history::{History, Usual};
use crate::diagnosis::{Because, Grade, RuledOut};

/// More retries by first attempts are a storm.
const RATIO: f64 = 0.5;
/// Less of the usual load is another story: the clients are gone.
const LEAST: f64 = 0.5;
/// The part of the requests that fail, or are left, without which nobody suffers.
const SUFFERING: f64 = 0.1;

/// Retries, ours and those that clients mark, are more than half of the first attempts, of which there are not
/// more than usual, and requests go on failing.
pub(super) fn storm(history: &History, usual: Option<&Usual>) -> Option<Finding> {
    let (mut ours, mut clients, mut all, mut bad, mut left) = (0_u64, 0_u64, 0_u64, 0_u64, 0_u64);
    for second in history.last(History::NOW) {
        ours += u64::from(second.retries);
        clients += u64::from(second.again);
        all += u64::from(second.offered);
        bad += u64::from(second.failed() + second.left);
        left += u64::from(second.left);
    }
    let first = all.saturating_sub(clients);
    let ratio = (ours + clients) as f64 / first.max(1) as f64;
    if first < FEWEST || ratio <= RATIO || (bad as f64) < all as f64 * SUFFERING {
        return None;
    }
    let rate = first as f64 / History::NOW as f64;
    let mut finding = Finding::new(Cause::OverloadRetryStorm, Grade::Inferred);
    finding.facts.push(Fact::Repeated {
        ours,
        clients,
        first,
    });
    match usual {
        Some(usual) if rate >= usual.offered * RISE || rate < usual.offered * LEAST => return None,
        Some(usual) => {
            finding.facts.push(Fact::Load {
                offered: rate,
                usual: usual.offered,
            });
            finding.ruled_out.push(RuledOut {
                cause: Cause::OverloadTrafficSpike,
                because: Because::LoadFlat(rate, usual.offered),
            });
        }
        None => {
            finding.grade = Grade::Suspected;
            finding.missing.push(Missing::Usual);
        }
    }
    if clients == 0 {
        finding.missing.push(Missing::RetryMarks);
    }
    if left * 10 >= all {
        finding.facts.push(Fact::Left { left, of: all });
    }
    Some(finding)
}
