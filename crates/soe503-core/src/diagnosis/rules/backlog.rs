//! R14: a backend that takes no new connections, and answers on the old ones.

use std::sync::Arc;

use super::{Fact, Finding, Missing};
use crate::cause::Cause;
use crate::diagnosis::{Context, Grade};
use crate::ledger::Attempt;

/// A connect that timed out, at a backend that has answered on established connections meanwhile: its
/// accept queue is full.
///
/// A filter that lets established connections pass looks the same. One backend alone behind a filter is
/// rare; all of them are not, so then it is a suspicion.
pub(in crate::diagnosis) fn backlog(attempt: &Attempt, context: &Context) -> Option<Finding> {
    let name = attempt.backend.as_ref()?;
    let findings = context.findings.as_ref()?;
    // Connects have timed out before that second, or its answers say nothing: the network may be lost since.
    let before = |&(cause, _): &(Cause, u32)| cause == Cause::DependencyConnectTimeout;
    if !findings.answering.contains(name) || !findings.causes.iter().any(before) {
        return None;
    }
    let silent = |view: &&crate::diagnosis::BackendView| {
        view.cause == Some(Cause::DependencyConnectTimeout) && view.name != *name
    };
    let grade = match context.backends.iter().any(|view| silent(&view)) {
        true => Grade::Suspected,
        false => Grade::Inferred,
    };
    let mut finding = Finding::new(Cause::OverloadAcceptBacklog, grade);
    finding.backends.push(Arc::clone(name));
    finding.facts.push(Fact::StillAnswers {
        backend: Arc::clone(name),
    });
    finding.missing.push(Missing::OtherPort);
    Some(finding)
}
