//! Incidents: `GET /api/v1/incidents` and `GET /api/v1/incidents/{id}`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Actions, Change, Evidence, Grade, RuledOut, Scope, Timestamp, Verified};

/// The incidents that are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Incidents {
    /// The latest first.
    pub incidents: Vec<IncidentSummary>,
}

/// An incident in short: failures with one cause in one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IncidentSummary {
    /// Its identifier; they sort by time.
    pub id: String,
    /// Whether it goes on.
    pub state: IncidentState,
    /// What is broken, in words: `pool cart, 3/3 backends`.
    pub place: String,
    /// The cause that most of its failures have.
    pub cause: String,
    /// The cause in a few words, the same each time.
    pub title: String,
    /// How sure that is: the best that was seen.
    pub grade: Grade,
    /// How far it reaches.
    pub scope: Scope,
    /// Its first failure.
    pub first_seen: Timestamp,
    /// When the failures were too many for chance.
    pub opened_at: Timestamp,
    /// Its last failure.
    pub last_seen: Timestamp,
    /// When it was closed; `null` while it goes on.
    pub closed_at: Option<Timestamp>,
    /// How often it has come back after it was closed.
    pub reopened: u64,
    /// What it cost.
    pub requests: IncidentRequests,
    /// The change that it comes from; `null` if none is likely enough.
    pub change: Option<LinkedChange>,
    /// The last time that one of its requests was asked again, if it has not come back since; `null` otherwise.
    #[serde(default)]
    pub verified: Option<Verified>,
    /// What is wrong though requests are answered, in a sentence; `null` for an incident of failures alone.
    #[serde(default)]
    pub condition: Option<String>,
}

/// Everything about an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Incident {
    /// What a list says of it.
    #[serde(flatten)]
    pub summary: IncidentSummary,
    /// The proxy that tells it: `server.name` of its configuration.
    pub server: String,
    /// What it means to clients, in a sentence.
    pub detail: String,
    /// The `X-Error-Code` of an answer that fails of its cause, as long as nothing more is known.
    #[serde(default)]
    pub code: String,
    /// The category of the cause.
    #[serde(default)]
    pub category: String,
    /// Waiting can help; if not, somebody has to do something first.
    #[serde(default)]
    pub retryable: bool,
    /// Somebody has to do something, if only to restart what fell over.
    #[serde(default)]
    pub owner_action_required: bool,
    /// All of its causes, the one with most of the failures first.
    pub causes: Vec<CauseShare>,
    /// What the answers said: the same failures by what clients saw.
    pub symptoms: Vec<Symptom>,
    /// Backends at which requests failed; some of them, if they are many.
    pub backends: Vec<String>,
    /// What was observed: at one of the failures, and of the state of the pool.
    pub evidence: Vec<Evidence>,
    /// What it is not, and why not.
    pub ruled_out: Vec<RuledOut>,
    /// What to do.
    pub actions: Actions,
    /// Other changes near its beginning, the nearest first.
    pub changes_nearby: Vec<NearbyChange>,
    /// Other incidents in the same place at the same time.
    pub also: Vec<String>,
    /// Some of the requests that failed: the first and the latest.
    pub exemplars: Vec<String>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// How many entries were dropped from the middle.
    pub timeline_left_out: u64,
}

/// Whether an incident goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IncidentState {
    /// It goes on.
    Open,
    /// It is over.
    Closed,
    /// A state this reader does not know.
    #[serde(other)]
    Unknown,
}

/// What an incident cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IncidentRequests {
    /// All requests of its place meanwhile.
    pub total: u64,
    /// Those that failed because of it.
    pub failed: u64,
    /// Those that would have failed.
    pub prevented: u64,
    /// Those by what saved them: `retry`, `hedge`, `ride_out`, `fallback`, `stale`, `failover`.
    pub by: BTreeMap<String, u64>,
}

/// A cause and its share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CauseShare {
    /// The cause.
    pub cause: String,
    /// How sure that is.
    pub grade: Grade,
    /// Failed requests.
    pub failed: u64,
    /// Their part of all that failed, from 0 to 1.
    pub share: f64,
    /// When it was seen first.
    pub first_seen: Timestamp,
    /// When it was seen last.
    pub last_seen: Timestamp,
}

/// What clients saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Symptom {
    /// The cause that the answers told.
    pub cause: String,
    /// Failed requests.
    pub failed: u64,
}

/// A change that an incident comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinkedChange {
    /// Which.
    pub change: Change,
    /// How long before the first failure, in milliseconds. Negative: after it, as far as two clocks may differ.
    pub before_ms: i64,
    /// How many times as likely it is the cause as there by chance.
    pub likelihood_ratio: f64,
    /// `inferred`; `proven` if it was taken back and that ended the failures.
    pub grade: Grade,
}

/// A change near the beginning of an incident that is not taken for its cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NearbyChange {
    /// Which.
    pub change: Change,
    /// How long before the first failure, in milliseconds; negative: after it.
    pub before_ms: i64,
    /// What speaks against it.
    pub because: String,
}

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// What it is about: `onset`, `opened`, `cause`, `scope`, `backend`, `circuit`, `overload`, `maintenance`,
    /// `dns`, `change`, `load`, `recovered`, `closed`, `reopened`, `verified` or `restarted`.
    pub kind: String,
    /// What happened.
    pub what: String,
    /// Requests that had failed by then.
    pub failed: u64,
    /// Requests that had been saved by then.
    pub prevented: u64,
}
