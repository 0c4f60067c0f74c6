//! The problem document (RFC 9457), which every other form is made from.

use core::time::Duration;

use serde::Serialize;

use crate::cause::{Category, Cause, RetrySafety};
use crate::diagnosis::Grade;

/// `application/problem+json`. Members that the reader may not see, or that there is nothing to
/// say in, are left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// Where the cause is documented; a program tells causes apart by it, or by `cause`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The cause in words, always the same.
    pub title: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// What the caller should know and do.
    pub detail: String,
    /// Where this occurrence is recorded, on the admin listener.
    pub instance: String,
    /// `SOE-` and the status.
    pub code: String,
    /// The category of the cause.
    pub category: Category,
    /// The cause.
    pub cause: Cause,
    /// The cause behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<Cause>,
    /// How sure that is.
    pub grade: Grade,
    /// `generated`: the answer is this proxy's own, not a backend's.
    pub origin: &'static str,
    /// Waiting can help.
    pub retryable: bool,
    /// Seconds to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// What sending the request again risks.
    pub retry_safety: RetrySafety,
    /// Somebody has to do something.
    pub owner_action_required: bool,
    /// The names of the limits that the request would have exceeded (`quota-exceeded` of
    /// draft-ietf-httpapi-ratelimit-headers).
    #[serde(rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    pub violated_policies: Vec<String>,
    /// The planned interruption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<ToldMaintenance>,
    /// The request's identifier.
    pub request_id: String,
    /// The trace's identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// When the answer was made (RFC 3339).
    pub at: String,
    /// Since when requests fail like this one (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// Our name. From here on: internal and full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hop: Option<String>,
    /// How far the failure reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<ToldScope>,
    /// How many requests have failed since [`first_seen`](Self::first_seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<ToldRequests>,
    /// For how long that is, for the forms that are read by people.
    #[serde(skip)]
    pub lasted: Option<Duration>,
    /// The change that is taken for the cause (rule R7).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ToldChange>,
    /// What is known of changes before it began, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<String>,
    /// What was tried.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<ToldAttempt>,
    /// Why it was not tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_retried: Option<&'static str>,
    /// What was observed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<ToldEvidence>,
    /// What it is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ruled_out: Vec<ToldRuledOut>,
    /// Other causes that were at work.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contributing: Vec<Cause>,
    /// What the pool's requests failed of lately, in shares.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<ToldShare>,
    /// What would have made it surer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<&'static str>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<ToldActions>,
}

/// A planned interruption, as told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ToldMaintenance {
    /// Why.
    pub reason: String,
    /// Since when (RFC 3339).
    pub since: String,
    /// Until when (RFC 3339); absent: until somebody ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Where its progress is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Who wants it so; internal and full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// How far a failure reaches, as told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ToldScope {
    /// `request`, `backend`, `subset`, `pool` or `all_pools`.
    pub level: &'static str,
    /// The pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Backends in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backends_total: Option<usize>,
    /// Backends that failed this request or are out of rotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backends_affected: Option<usize>,
}

/// How many requests are concerned, as told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ToldRequests {
    /// Those that failed.
    pub failed: u64,
    /// Of so many; absent: they have just begun to fail, and are not counted yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Those that would have failed and were saved.
    pub prevented: u64,
}

/// The change that is taken for the cause, as told.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ToldChange {
    /// What was changed.
    pub title: String,
    /// When (RFC 3339).
    pub at: String,
    /// How long before the first failure, in milliseconds; negative: after it, within the margin of two clocks.
    pub before_ms: i64,
    /// How many times as likely it is that it is the cause as that it is there by chance.
    pub likelihood_ratio: f64,
    /// `inferred`; `proven` once taking it back has ended the failures.
    pub grade: Grade,
}

/// One attempt, as told.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ToldAttempt {
    /// 1 for the first.
    pub number: u8,
    /// It was sent while the attempt before it was still waited for; absent if not.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub hedge: bool,
    /// The pool, if it is not the one that the request was meant for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// What the backend is called in front of this reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// Its address; full only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// How far it got.
    pub phase: &'static str,
    /// What ended it; absent for a success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// What it proves by itself; absent for a success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: f64,
    /// The connection had served a request before.
    pub reused: bool,
    /// Bytes of the request handed to the socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_sent: Option<u64>,
    /// Bytes of the response received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_received: Option<u64>,
    /// The response's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// One observation, as told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ToldEvidence {
    /// `attempt`, `circuit`, `backends`, `backend`, `component`, `limit`, `quota`, `throttle`,
    /// `maintenance` or `decision`.
    pub kind: &'static str,
    /// The observation with its numbers.
    pub what: String,
}

/// One cause that it is not, as told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ToldRuledOut {
    /// Which.
    pub cause: Cause,
    /// The observation that speaks against it.
    pub because: String,
}

/// The share of failed requests that a cause has, as told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ToldShare {
    /// The cause.
    pub cause: Cause,
    /// Its share, from 0 to 1, in hundredths.
    pub share: f64,
}

/// What to do, as told. Lists, because rules may add to what the table says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ToldActions {
    /// What ends the failure now.
    pub quick: Vec<String>,
    /// What keeps it from returning.
    pub long_term: Vec<String>,
    /// Commands that show whether it is cured.
    pub verify: Vec<String>,
}
