//! What happened in the last minutes: `GET /api/v1/history`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The last fifteen minutes of all pools, in steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// How long a step is, in milliseconds.
    pub step_ms: u64,
    /// How many steps are kept. There are fewer until the process is as old as that.
    pub most_steps: u64,
    /// The steps, the oldest first.
    pub steps: Vec<HistoryStep>,
}

/// What ended in one step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryStep {
    /// Its end.
    pub at: Timestamp,
    /// Finished requests.
    pub requests: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that would have failed: answered by another attempt, another pool, an older answer or a fallback.
    pub saved: u64,
    /// Failures by cause; causes without any are left out.
    pub causes: BTreeMap<String, u64>,
}
