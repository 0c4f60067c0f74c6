//! Another configuration, held against the one in force: `GET` and `POST /api/v1/config/diff`.

use serde::{Deserialize, Serialize};

use crate::Lint;

/// What a reload would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConfigDiff {
    /// What was held against the configuration in force: a file on the proxy's host, or what was sent.
    pub of: String,
    /// The keys that differ, in alphabetical order of their paths.
    pub changes: Vec<KeyChange>,
    /// Something differs that is not shown: a secret, or what is in a file that it names.
    pub hidden: bool,
    /// What a reload would refuse to change, so that it would change nothing; `null` if there is nothing.
    pub needs_restart: Option<String>,
    /// What a reload would begin anew.
    pub replaces: Vec<String>,
    /// What would go on as it is, although its configuration changes.
    pub keeps: Vec<String>,
    /// The traps of the other configuration that the one in force does not have.
    pub new_lints: Vec<Lint>,
}

/// Another configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConfigText {
    /// Its text, TOML. Relative paths in it start where those of the file in force do.
    pub text: String,
    /// What it is called in messages.
    pub name: String,
}

/// A key that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeyChange {
    /// Its path: `pools.app.connect_timeout`. An item of a list is named by what tells it from the others.
    pub key: String,
    /// What became of it.
    pub kind: KeyChangeKind,
    /// What is in force; `null` if it is added.
    pub old: Option<serde_json::Value>,
    /// What would be; `null` if it is removed.
    pub new: Option<serde_json::Value>,
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyChangeKind {
    /// It is not in force.
    Added,
    /// Only the one in force has it.
    Removed,
    /// It has another value.
    Changed,
    /// A kind that this reader does not know.
    #[serde(other)]
    Unknown,
}
