//! A condition as the admin API tells it.

use soe503_api as api;
use soe503_core::incident::Incident;
use soe503_core::incident::condition::{Condition, Observation};

use crate::control::clock::Anchor;

/// Adds what is known of the `condition` of `incident` to what was `told` of its failures. What to do comes from the
/// condition: it knows more than the table of causes.
pub(super) fn add(
    told: &mut api::Diagnosis,
    condition: &Condition,
    incident: &Incident,
    anchor: Anchor,
) {
    let seen = condition.evidence.iter().map(|one| observed(one, anchor));
    told.evidence.extend(seen);
    for (cause, because) in &condition.ruled_out {
        if told.ruled_out.iter().all(|known| known.cause != cause.id()) {
            told.ruled_out.push(api::RuledOut {
                cause: cause.id().to_owned(),
                because: because.clone(),
            });
        }
    }
    told.actions = api::Actions {
        quick: condition.quick.clone(),
        long_term: condition.long_term.clone(),
        verify: condition.verify.clone(),
    };
    told.actions
        .verify
        .push(format!("lbctl verify {}", incident.id));
}

fn observed(one: &Observation, anchor: Anchor) -> api::Evidence {
    api::Evidence {
        kind: one.kind.to_owned(),
        what: one.what.clone(),
        count: one.count,
        at: one.at.map(|at| anchor.date(at)),
        since: one.since.map(|since| anchor.date(since)),
    }
}
