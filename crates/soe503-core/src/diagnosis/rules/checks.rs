//! R1 to R3, as seen by whoever fails: a check that is known to be wrong.

use std::sync::Arc;

use super::{Fact, Finding};
use crate::cause::Cause;
use crate::diagnosis::Grade;
use crate::diagnosis::history::History;
use crate::diagnosis::sick::is_half;

/// A backend whose check fails, or failed a moment ago, while requests show that the check is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenCheck {
    /// Its name.
    pub backend: Arc<str>,
    /// What is wrong with the check.
    pub cause: Cause,
}

/// The check of at least half of the backends is wrong. It takes nobody out, so no request fails of it; but what else
/// happens meanwhile happens without a check, and afterwards it is as wrong as before.
pub(super) fn checks(history: &History, broken: &[BrokenCheck]) -> Option<Finding> {
    let cause = broken.first()?.cause;
    let here = |check: &&BrokenCheck| {
        check.cause == cause && history.names().any(|name| *name == check.backend)
    };
    let of = history.backends().len();
    let backends: Vec<_> = broken.iter().filter(here).collect();
    if !is_half(backends.len(), of) {
        return None;
    }
    let mut finding = Finding::new(cause, Grade::Inferred);
    finding.facts.push(Fact::CheckOverruled {
        backends: backends.len() as u32,
        of: of as u32,
    });
    Some(finding)
}
