//! What a test says.

use soe503_api as api;
use soe503_api::Timestamp;
use soe503_core::Cause;

/// An incident that is none, and says so.
pub(super) fn incident(server: &str, now: Timestamp) -> api::Incident {
    let cause = Cause::Unclassified;
    api::Incident {
        summary: api::IncidentSummary {
            id: format!("test-{}", now.unix_millis()),
            state: api::IncidentState::Open,
            place: "nothing is broken".to_owned(),
            cause: cause.id().to_owned(),
            title: "this is a test of an alert".to_owned(),
            grade: api::Grade::Proven,
            scope: api::Scope {
                level: api::ScopeLevel::Request,
                pool: None,
                backends_total: None,
                backends_affected: None,
            },
            first_seen: now,
            opened_at: now,
            last_seen: now,
            closed_at: None,
            reopened: 0,
            requests: api::IncidentRequests::default(),
            change: None,
            verified: None,
            condition: Some("Somebody asked for this message: `lbctl alerts test`.".to_owned()),
        },
        server: server.to_owned(),
        detail: String::new(),
        code: String::new(),
        category: cause.category().id().to_owned(),
        retryable: false,
        owner_action_required: false,
        causes: Vec::new(),
        symptoms: Vec::new(),
        backends: Vec::new(),
        evidence: Vec::new(),
        ruled_out: Vec::new(),
        actions: api::Actions {
            quick: vec!["nothing has to be done".to_owned()],
            long_term: Vec::new(),
            verify: vec!["lbctl alerts".to_owned()],
        },
        changes_nearby: Vec::new(),
        also: Vec::new(),
        exemplars: Vec::new(),
        timeline: Vec::new(),
        timeline_left_out: 0,
    }
}
