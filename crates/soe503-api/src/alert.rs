//! Who is told of incidents: `GET /api/v1/alerts` and `POST /api/v1/alerts/{target}/test`.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The targets of alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alerts {
    /// By name.
    pub alerts: Vec<AlertTarget>,
}

/// One target, and what became of its messages since the process began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlertTarget {
    /// Its name.
    pub name: String,
    /// `slack`, `pagerduty`, `alertmanager`, `grafana` or `webhook`.
    pub kind: String,
    /// Where it is; without the path where that is a secret.
    pub url: String,
    /// How deliveries went last.
    pub state: AlertState,
    /// The mildest incidents that it is told.
    pub severity: String,
    /// What of an incident it is told: `opened`, `grew`, `closed`.
    pub on: Vec<String>,
    /// Messages that wait.
    pub queued: u64,
    /// Messages that arrived.
    pub delivered: u64,
    /// Messages that it did not want.
    pub refused: u64,
    /// Messages that did not arrive in time.
    pub gave_up: u64,
    /// Attempts that failed and were followed by another.
    pub retried: u64,
    /// Messages that had to make room for newer ones.
    pub dropped: u64,
    /// When one arrived last; `null` if none has.
    pub delivered_at: Option<Timestamp>,
    /// When one failed to last; `null` if none has.
    pub failed_at: Option<Timestamp>,
    /// Why the last attempt failed; `null` if it did not.
    pub trouble: Option<String>,
    /// When it is tried again; `null` if nothing waits for that.
    pub again_at: Option<Timestamp>,
}

/// How deliveries to a target went last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlertState {
    /// Nothing was sent yet.
    Untried,
    /// The last message arrived.
    Ok,
    /// The last attempt failed.
    Failing,
    /// A state this reader does not know.
    #[serde(other)]
    Unknown,
}

/// What came of a message that is a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlertTest {
    /// The target.
    pub target: String,
    /// It arrived.
    pub delivered: bool,
    /// The status that it was answered; `null` if it was not.
    pub status: Option<u16>,
    /// What the target said, or what went wrong.
    pub detail: String,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}
