//! Change markers: `GET` and `POST /api/v1/changes`.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What was changed lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Changes {
    /// The latest first.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// Its identifier.
    pub id: String,
    /// In words: `deploy cart v2.8.0`.
    pub title: String,
    /// `deploy`, `rollback`, `config`, `flag`, `dns`, `certificate`, `network`, `scale` or `other`.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Of which service; `null` if nobody said.
    pub service: Option<String>,
    /// To which version; `null` if nobody said.
    pub version: Option<String>,
    /// What it may concern.
    pub reach: ChangeReach,
    /// The pools that it may concern.
    pub pools: Vec<String>,
    /// The backends, if not the whole pool.
    pub backends: Vec<String>,
    /// Who did it; `null` if nobody said.
    pub by: Option<String>,
    /// More about it. For a reload: the keys that changed.
    pub notes: Vec<String>,
    /// How the proxy knows.
    pub origin: ChangeOrigin,
}

/// What was made of what another system sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangesTaken {
    /// The changes that are known now, each once.
    pub changes: Vec<Change>,
    /// Why there are none; `null` if there are.
    pub ignored: Option<String>,
}

/// What a change may concern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangeReach {
    /// All that goes through the proxy.
    Everything,
    /// Some pools.
    Pools,
    /// Some backends of a pool.
    Backends,
    /// Nobody said, or something that this reader does not know.
    #[serde(other)]
    Unknown,
}

/// How a change became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangeOrigin {
    /// Somebody reported it.
    Reported,
    /// The proxy read its configuration again.
    Reload,
    /// Backends say that they are of another release.
    Release,
    /// An origin that this reader does not know.
    #[serde(other)]
    Unknown,
}

/// The body of `POST /api/v1/changes`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ChangeRequest {
    /// What was changed, as in [`Change::kind`].
    pub kind: String,
    /// Of which service. A pool of that name is what it concerns, unless `pools` says otherwise.
    pub service: Option<String>,
    /// To which version.
    pub version: Option<String>,
    /// The pools that it may concern.
    pub pools: Vec<String>,
    /// It may concern all pools.
    pub everything: bool,
    /// When; default: now.
    pub at: Option<Timestamp>,
    /// Who did it.
    pub by: Option<String>,
    /// More about it.
    pub note: Option<String>,
}
