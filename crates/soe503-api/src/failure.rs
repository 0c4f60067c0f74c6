//! `GET /api/v1/failures/{request id}`: what happened to one request that was not saved.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Everything that is known about one failed request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureRecord {
    /// The request's id, as in `X-Request-Id`.
    pub request_id: String,
    /// The incident it belongs to; `null` where incidents are not kept.
    pub incident: Option<String>,
    /// When the answer was made.
    pub at: Timestamp,
    /// What was asked.
    pub request: RequestSummary,
    /// The pool it was for; `null` if no route matched.
    pub pool: Option<String>,
    /// The proxy that answered: `server.name` of its configuration.
    pub server: String,
    /// The status the client got.
    pub status: u16,
    /// `SOE-503`, `SOE-502` or `SOE-504`; `null` if the answer was the backend's own.
    pub code: Option<String>,
    /// From the request's head to the answer, in milliseconds.
    pub elapsed_ms: f64,
    /// The `Retry-After` that was sent, in seconds; `null` if waiting does not help.
    pub retry_after: Option<u64>,
    /// What it means.
    pub diagnosis: Diagnosis,
    /// Each try, oldest first.
    pub attempts: Vec<Attempt>,
}

/// A request, without what could be secret: no query, no headers, no body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestSummary {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The host that was asked for; `null` if the request had none.
    pub host: Option<String>,
}

/// The cause of a failure, and how sure that is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The cause's identifier, such as `circuit_open/consecutive_failures`.
    pub cause: String,
    /// The cause in a few words, the same each time.
    pub title: String,
    /// What happened, in one sentence.
    pub detail: String,
    /// The cause behind the cause; `null` where the cause is the root itself.
    pub root: Option<String>,
    /// How sure.
    pub grade: Grade,
    /// How far it reaches.
    pub scope: Scope,
    /// What was observed.
    pub evidence: Vec<Evidence>,
    /// What it is not, and why not.
    pub ruled_out: Vec<RuledOut>,
    /// Causes that played a part and would not have sufficed.
    pub contributing: Vec<String>,
    /// What to do.
    pub actions: Actions,
}

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Grade {
    /// Shown by an errno, an alert, parsed bytes or a decision of ours.
    Proven,
    /// A rule holds and its counter-checks passed.
    Inferred,
    /// A rule holds; a counter-check could not be made.
    Suspected,
    /// A grade this reader does not know.
    #[serde(other)]
    Unknown,
}

/// How far a failure reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The level.
    pub level: ScopeLevel,
    /// The pool, where there is one.
    pub pool: Option<String>,
    /// Backends of the pool; `null` if unknown.
    pub backends_total: Option<u64>,
    /// Those that share the failure; `null` if unknown.
    pub backends_affected: Option<u64>,
}

/// The level that a failure reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScopeLevel {
    /// Only requests like this one.
    Request,
    /// One backend.
    Backend,
    /// Some backends with something in common.
    Subset,
    /// The whole pool.
    Pool,
    /// All pools: suspect the proxy or its network first.
    AllPools,
    /// A level this reader does not know.
    #[serde(other)]
    Unknown,
}

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where it comes from: `attempt`, `probe`, `circuit`, `backend`, …
    pub kind: String,
    /// The observation itself, with its numbers.
    pub what: String,
    /// How often; `null` if once.
    pub count: Option<u64>,
    /// When; `null` if it is a state rather than an event.
    pub at: Option<Timestamp>,
    /// Since when; `null` if it is an event rather than a state.
    pub since: Option<Timestamp>,
}

/// A cause that was considered and dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuledOut {
    /// Its identifier.
    pub cause: String,
    /// What speaks against it.
    pub because: String,
}

/// What to do about it, most useful first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actions {
    /// What ends the failure now.
    pub quick: Vec<String>,
    /// What keeps it from returning.
    pub long_term: Vec<String>,
    /// Commands that show whether it is cured.
    pub verify: Vec<String>,
}

/// One try of the request on one backend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// The backend's name; `null` if none was chosen.
    pub backend: Option<String>,
    /// The backend's address; `null` if none was chosen.
    pub address: Option<String>,
    /// How far it got.
    pub phase: Phase,
    /// What ended it, in words: `connection refused`; `null` for a success.
    pub fault: Option<String>,
    /// The cause that this attempt proves by itself; `null` for a success.
    pub cause: Option<String>,
    /// How long it took until the verdict, in milliseconds.
    pub elapsed_ms: f64,
    /// Whether the connection had served a request before.
    pub reused: bool,
    /// Bytes of the request handed to the socket; `null` if not known.
    pub bytes_sent: Option<u64>,
    /// Bytes of the response received; `null` if not known.
    pub bytes_received: Option<u64>,
    /// The response's status; `null` if it did not get that far.
    pub status: Option<u16>,
    /// Why it was, or was not, tried again; `null` where the question did not arise.
    pub retry: Option<RetryVerdict>,
}

/// How far an attempt got before it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phase {
    /// Before a backend was chosen.
    Queue,
    /// Resolving a name.
    Dns,
    /// TCP connect.
    Connect,
    /// TLS handshake.
    Tls,
    /// Sending the request.
    Write,
    /// Waiting for the response's head.
    WaitHeaders,
    /// Receiving the response's body.
    Body,
    /// Finished.
    Done,
    /// A phase this reader does not know.
    #[serde(other)]
    Unknown,
}

/// Why a failed attempt was, or was not, followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RetryVerdict {
    /// Another attempt followed.
    Retried,
    /// Bytes of an unsafe request had gone out: replaying could run it twice.
    UnsafeToReplay,
    /// The response had started.
    ResponseStarted,
    /// The request's body is larger than the replay buffer.
    BodyTooLarge,
    /// The configured number of attempts is spent.
    AttemptsSpent,
    /// The retry budget is empty.
    BudgetEmpty,
    /// The deadline leaves no room for another try.
    NoTimeLeft,
    /// Every backend that could be tried was tried, or none is left in rotation.
    NoOtherBackend,
    /// The failure would be the same elsewhere.
    Pointless,
    /// The client left.
    ClientGone,
    /// Retries are turned off here.
    Disabled,
    /// A verdict this reader does not know.
    #[serde(other)]
    Unknown,
}
