//! The one table of the admin API: what can be asked, who may, and what answers. The router, the OpenAPI document, the page
//! about the API and the list in answers to unknown paths are made from it.

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use serde_json::{Map, Value};
use soe503_api::{self as api, path};

use super::operation::{
    Answer, Operation, Parameter, act, json, look, of, optional, required, text,
};
use super::ready::Readiness;
use super::reload::Reloaded;
use super::router::exposition;
use super::{
    actions, alerts, change_hooks, changes, config_diff, doctor, failures, history, incidents,
    limits, log, maintenance, openapi, pools, ready, reload,
};

/// Every operation, in the order of the document.
pub(super) const TABLE: &[Operation] = &[
    look(
        "alive",
        "process",
        path::HEALTHZ,
        "Whether the process lives",
        text(&["text/plain"]),
        || get(ready::healthz),
    )
    .open(),
    look(
        "ready",
        "process",
        path::READYZ,
        "Whether requests should be sent here",
        Answer::Verdict(of::<Readiness>),
        || get(ready::readyz),
    )
    .open(),
    look(
        "metrics",
        "process",
        path::METRICS,
        "Metrics, for Prometheus",
        text(&["text/plain", "application/openmetrics-text"]),
        || get(exposition),
    ),
    look(
        "openapi",
        "process",
        path::OPENAPI,
        "This document",
        json::<Map<String, Value>>(),
        || get(openapi::document),
    ),
    look(
        "openapi_alias",
        "process",
        path::OPENAPI_ALIAS,
        "The same, where tools look for it first",
        json::<Map<String, Value>>(),
        || get(openapi::document),
    ),
    look(
        "pools",
        "pools",
        path::POOLS,
        "All pools",
        json::<api::Pools>(),
        || get(pools::all),
    ),
    look(
        "pool",
        "pools",
        path::POOL,
        "One pool",
        json::<api::Pool>(),
        || get(pools::one),
    )
    .may(&[404]),
    act(
        "backend_action",
        "pools",
        path::BACKEND_ACTION,
        "Drain, enable or disable a backend",
        json::<api::Pool>(),
        || post(actions::backend),
    )
    .with(optional::<api::ActionRequest>())
    .may(&[404, 422]),
    act(
        "breaker_action",
        "pools",
        path::BREAKER_ACTION,
        "Reset a circuit, or hold it open or closed",
        json::<api::Pool>(),
        || post(actions::breaker),
    )
    .with(optional::<api::ActionRequest>())
    .may(&[404, 422]),
    act(
        "cache_flush",
        "pools",
        path::CACHE_FLUSH,
        "Forget the answers that a pool keeps",
        json::<api::Pool>(),
        || post(actions::cache_flush),
    )
    .may(&[404, 409]),
    look(
        "failure",
        "failures",
        path::FAILURE,
        "The record of one failed request",
        json::<api::FailureRecord>(),
        || get(failures::one),
    )
    .may(&[404]),
    look(
        "incidents",
        "failures",
        path::INCIDENTS,
        "The incidents, the latest first",
        json::<api::Incidents>(),
        || get(incidents::all),
    )
    .asked(&[Parameter {
        name: "open",
        help: "Only those that go on.",
        shape: of::<bool>,
    }])
    .may(&[400]),
    look(
        "incident",
        "failures",
        path::INCIDENT,
        "One incident",
        json::<api::Incident>(),
        || get(incidents::one),
    )
    .may(&[404]),
    act(
        "verified",
        "failures",
        path::VERIFICATIONS,
        "Tell what came of a failed request that was asked again",
        json::<api::Incident>(),
        || post(incidents::verified),
    )
    .with(required::<api::VerificationRequest>())
    .may(&[404, 422]),
    look(
        "history",
        "failures",
        path::HISTORY,
        "The last fifteen minutes: traffic, and failures by cause",
        json::<api::History>(),
        || get(history::all),
    ),
    look(
        "journal",
        "failures",
        path::JOURNAL,
        "What survives a restart, and whether it is written",
        json::<api::Journal>(),
        || get(failures::journal),
    ),
    look(
        "changes",
        "changes",
        path::CHANGES,
        "What was changed, the latest first",
        json::<api::Changes>(),
        || get(changes::all),
    ),
    act(
        "change",
        "changes",
        path::CHANGES,
        "Tell of a change",
        json::<api::Change>(),
        || post(changes::add),
    )
    .with(required::<api::ChangeRequest>())
    .may(&[404, 422]),
    act(
        "change_from",
        "changes",
        path::CHANGES_FROM,
        "Take what another system sends about changes",
        json::<api::ChangesTaken>(),
        || post(change_hooks::add).layer(DefaultBodyLimit::max(change_hooks::MAX_BODY)),
    )
    .asked(&change_hooks::QUERY)
    .with(required::<Map<String, Value>>())
    .may(&[404, 422]),
    look(
        "alerts",
        "alerts",
        path::ALERTS,
        "Who is told of incidents, and whether that arrives",
        json::<api::Alerts>(),
        || get(alerts::all),
    ),
    act(
        "alert_test",
        "alerts",
        path::ALERT_TEST,
        "Send a message that says that it is a test",
        json::<api::AlertTest>(),
        || post(alerts::test),
    )
    .may(&[404, 503]),
    look(
        "log",
        "process",
        path::LOG,
        "The event log: what is written, and how much it was",
        json::<api::Log>(),
        || get(log::now),
    ),
    act(
        "set_log",
        "process",
        path::LOG,
        "Set the levels of the event log for a while, or end that",
        json::<api::Log>(),
        || post(log::set),
    )
    .with(required::<api::LogRequest>())
    .may(&[422]),
    look(
        "rate_limits",
        "limits",
        path::RATE_LIMITS,
        "All rate limits",
        json::<api::RateLimits>(),
        || get(limits::all),
    ),
    look(
        "maintenance",
        "maintenance",
        path::MAINTENANCE,
        "What is planned or in force",
        json::<api::MaintenanceList>(),
        || get(maintenance::all),
    ),
    act(
        "maintenance_action",
        "maintenance",
        path::MAINTENANCE_ACTION,
        "Begin or end the maintenance of a pool or a route",
        json::<api::MaintenanceList>(),
        || post(maintenance::action),
    )
    .with(optional::<api::MaintenanceRequest>())
    .may(&[404, 422]),
    look(
        "config",
        "configuration",
        path::CONFIG,
        "The configuration in force, without secrets",
        json::<Map<String, Value>>(),
        || get(reload::effective),
    ),
    look(
        "config_diff",
        "configuration",
        path::CONFIG_DIFF,
        "What a reload would change",
        json::<api::ConfigDiff>(),
        || get(config_diff::of_file),
    )
    .may(&[404, 422]),
    act(
        "config_diff_of",
        "configuration",
        path::CONFIG_DIFF,
        "What another configuration would change; nothing is changed",
        json::<api::ConfigDiff>(),
        || post(config_diff::of_text).layer(DefaultBodyLimit::max(config_diff::MAX_BODY)),
    )
    .with(required::<api::ConfigText>())
    .may(&[422]),
    act(
        "config_reload",
        "configuration",
        path::CONFIG_RELOAD,
        "Read the file again and put it in force",
        json::<Reloaded>(),
        || post(reload::reload),
    )
    .may(&[422]),
    look(
        "doctor",
        "configuration",
        path::DOCTOR,
        "Traps in the configuration, and what traffic has shown",
        json::<api::Doctor>(),
        || get(doctor::all),
    ),
];

/// The paths, each once.
pub(super) fn paths() -> impl Iterator<Item = &'static str> + Clone {
    let first = |at: usize, path: &str| !TABLE.iter().take(at).any(|earlier| earlier.path == path);
    let numbered = TABLE.iter().enumerate();
    numbered.filter_map(move |(at, one)| first(at, one.path).then_some(one.path))
}

#[cfg(test)]
#[path = "operations_tests.rs"]
mod tests;
