//! An overload that keeps itself going.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How far a pool's overload is cut because it keeps itself going, and by which numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Overload {
    /// How far.
    pub stage: OverloadStage,
    /// Since when.
    pub since: Timestamp,
    /// Good answers per second when it came to this.
    pub goodput: f64,
    /// Good answers per second that are usual.
    pub usual: f64,
    /// The share of the attempts that led to a good answer, from 0 to 1.
    pub useful: f64,
    /// The share of the attempts that were retries, from 0 to 1.
    pub retry_share: f64,
}

/// How far an overload is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OverloadStage {
    /// Nothing is tried again.
    RetriesCut,
    /// And nobody waits long for their turn.
    QueueCut,
    /// And no more are let in than are answered.
    Shedding,
    /// A stage this reader does not know.
    #[serde(other)]
    Unknown,
}
