//! The journal: `GET /api/v1/journal`.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What survives a restart, and whether it is written. Counters begin with the process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Journal {
    /// Whether it is written.
    pub state: JournalState,
    /// The file; `null` without a journal, as is everything else that is about the file.
    pub path: Option<String>,
    /// What is in its way; `null` if nothing is.
    pub trouble: Option<JournalTrouble>,
    /// The length of the file, in bytes, after the last commit.
    pub size: Option<u64>,
    /// The longest that it may become, in bytes.
    pub max_size: Option<u64>,
    /// How old an entry may become, in seconds.
    pub max_age_s: Option<u64>,
    /// How many failures a second are kept, of each pool and cause.
    pub sample: Option<u32>,
    /// What is in it.
    pub entries: JournalEntries,
    /// When the oldest entry was; `null` if there is none.
    pub oldest: Option<Timestamp>,
    /// When it was written last; `null` if it was not.
    pub last_commit: Option<Timestamp>,
    /// Entries written.
    pub written: u64,
    /// Entries lost because they could not be written in time.
    pub dropped: u64,
    /// Entries removed because they were old.
    pub removed_by_age: u64,
    /// Entries removed to make room.
    pub removed_by_size: u64,
    /// The last file that could not be used and was replaced; `null` if none was.
    pub set_aside: Option<JournalSetAside>,
}

/// Whether the journal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JournalState {
    /// There is none.
    Off,
    /// It is being opened and checked.
    Opening,
    /// It is read and written.
    Open,
    /// It cannot be written; it is tried again.
    Failing,
    /// A state this reader does not know.
    #[serde(other)]
    Unknown,
}

/// Why the journal is not written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JournalTrouble {
    /// What it is: `in_use`, `disk_full`, `denied`, `missing_directory`, `not_a_file`, `foreign_file`, `broken`,
    /// `other_format` or `io`.
    pub kind: String,
    /// The observation, in words.
    pub detail: String,
    /// Since when.
    pub since: Timestamp,
}

/// How many entries the journal has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JournalEntries {
    /// Failed requests.
    pub failures: u64,
    /// Incidents.
    pub incidents: u64,
    /// Change markers.
    pub changes: u64,
}

/// A file that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JournalSetAside {
    /// Where it is now.
    pub path: String,
    /// When it was found out.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}
