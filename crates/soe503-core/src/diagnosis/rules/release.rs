//! R15: only one release fails.

use super::group::{Group, outlier};
use super::{Fact, Finding, Missing};
use crate::cause::Cause;
use crate::diagnosis::Grade;
use crate::diagnosis::history::History;

/// Backends that run one release fail far more often than those that run others.
///
/// A release is what backends say that they run; what they are called is none.
pub(super) fn release(history: &History) -> Option<Finding> {
    let Group {
        what,
        backends,
        failed,
        of,
        others_failed,
        others_of,
        chance,
    } = outlier(history, |label| label.release.as_ref())?;
    let mut finding = Finding::new(Cause::ConfigBadRelease, Grade::Inferred);
    finding.backends = backends;
    finding.facts.push(Fact::Group {
        release: what,
        failed,
        of,
        others_failed,
        others_of,
        chance,
    });
    finding.missing.push(Missing::RouteMix);
    Some(finding)
}
