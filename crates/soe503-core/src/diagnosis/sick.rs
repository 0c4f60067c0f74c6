//! What is wrong with a pool's backends, for whoever found no place in front of them.

use std::sync::Arc;

use super::{BackendView, Context};
use crate::cause::{Category, Cause};

/// What is wrong with the pool's backends, if something is with at least half of them: what those are out of
/// rotation for, or what the pool's requests fail with at backends that fail as many as they answer.
pub(super) fn sick(context: &Context) -> Option<Cause> {
    let all = context.backends.len();
    let out = |backend: &&BackendView| !backend.condition.in_rotation() && backend.cause.is_some();
    if is_half(context.backends.iter().filter(out).count(), all) {
        return majority(context);
    }
    let findings = context.findings.as_ref()?;
    let here = |name: &&Arc<str>| context.backend(name).is_some();
    if !is_half(findings.failing.iter().filter(here).count(), all) {
        return None;
    }
    // Too much to do makes answers late as well: what is known of that goes first.
    seen(&findings.causes).filter(|cause| !is_late(*cause) || context.root.is_none())
}

/// At least half of them, and not none.
pub(super) const fn is_half(some: usize, all: usize) -> bool {
    some > 0 && some * 2 >= all
}

/// The most frequent of `causes` that was seen at backends. They are ordered by that.
pub(super) fn seen(causes: &[(Cause, u32)]) -> Option<Cause> {
    let mut causes = causes.iter().map(|(cause, _)| *cause);
    causes.find(|cause| is_backends(*cause))
}

/// It may be that the backends have too much to do.
pub(super) fn is_late(cause: Cause) -> bool {
    cause == Cause::DependencyResponseTimeout
}

/// It is seen at backends, and not decided here.
fn is_backends(cause: Cause) -> bool {
    match cause.category() {
        Category::DependencyFailure => true,
        Category::Misconfiguration => !matches!(
            cause,
            Cause::ConfigNoEndpoints
                | Cause::ConfigUnknownPool
                | Cause::ConfigLoopDetected
                | Cause::ConfigLimitTooLow
        ),
        _ => matches!(
            cause,
            Cause::OverloadUpstreamShedding | Cause::OverloadAcceptBacklog
        ),
    }
}

/// The cause that most backends are out of rotation for; the first in order among equals.
pub(super) fn majority(context: &Context) -> Option<Cause> {
    let mut votes = [0_usize; Cause::ALL.len()];
    for backend in context.backends.iter() {
        if let (false, Some(cause)) = (backend.condition.in_rotation(), backend.cause) {
            votes[cause as usize] += 1;
        }
    }
    let ranked = Cause::ALL.iter().rev().copied();
    ranked
        .filter(|cause| votes[*cause as usize] > 0)
        .max_by_key(|cause| votes[*cause as usize])
}
