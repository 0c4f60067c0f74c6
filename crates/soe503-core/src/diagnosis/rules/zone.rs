//! R15: only one zone fails.

use super::group::{Group, outlier};
use super::{Fact, Finding};
use crate::cause::Cause;
use crate::diagnosis::Grade;
use crate::diagnosis::history::History;

/// How far back it is asked what attempts fail of.
const WINDOW: u64 = 60;
/// More than this part of the failures is of one cause: it is the zone's.
const MOST: f64 = 0.5;

/// Backends of one zone fail far more often than those of the others, most of them of one cause: what a request of
/// theirs fails of is the zone's, and not the pool's.
///
/// It is no cause of its own. What a zone has lost shows in what its backends fail of.
pub(super) fn zone(history: &History) -> Option<Finding> {
    let Group {
        what,
        backends,
        failed,
        of,
        others_failed,
        others_of,
        chance,
    } = outlier(history, |label| label.zone.as_ref())?;
    let cause = leading(&history.spoiled(WINDOW))?;
    let mut finding = Finding::new(cause, Grade::Inferred);
    finding.backends = backends;
    finding.facts.push(Fact::Zone {
        zone: what,
        failed,
        of,
        others_failed,
        others_of,
        chance,
    });
    Some(finding)
}

/// The cause of more than half of them. They are ordered by how many there are.
fn leading(causes: &[(Cause, u32)]) -> Option<Cause> {
    let of: u32 = causes.iter().map(|(_, count)| count).sum();
    let (cause, count) = causes.first()?;
    (f64::from(*count) > f64::from(of) * MOST).then_some(*cause)
}
