//! Planned maintenance: `GET /api/v1/maintenance` and what begins and ends it.

use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::action::UnknownAction;

/// What is in force, and what comes next of everything that is planned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MaintenanceList {
    /// The plans: those of the configuration first.
    pub maintenance: Vec<Maintenance>,
}

/// One planned maintenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Maintenance {
    /// The pools that it is for.
    pub pools: Vec<String>,
    /// The routes that it is for.
    pub routes: Vec<String>,
    /// It holds now.
    pub in_force: bool,
    /// An operator began it; `false`: the configuration says so.
    pub manual: bool,
    /// Why.
    pub reason: String,
    /// Who wants it so.
    pub by: String,
    /// Where its progress is told.
    pub status_page: Option<String>,
    /// From when.
    pub start: Timestamp,
    /// Until when; `null`: until it is ended.
    pub end: Option<Timestamp>,
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MaintenanceAction {
    /// Begins at once.
    Start,
    /// Ends what is in force: what was begun by hand, and this time of what is planned.
    End,
}

/// The body of an action. All of it is optional, and so is the body itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct MaintenanceRequest {
    /// Why, for everybody to read. Default: no reason given.
    pub reason: Option<String>,
    /// Who wants it so, for colleagues. Default: an operator.
    pub by: Option<String>,
    /// Where its progress is told. Default: nowhere.
    pub status_page: Option<String>,
    /// When it ends by itself. Default: when it is ended.
    pub until: Option<Timestamp>,
}

impl MaintenanceAction {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Start, Self::End];

    /// The word in the path and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
        }
    }
}

impl FromStr for MaintenanceAction {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|a| a.as_str() == text);
        found.ok_or(UnknownAction {
            expected: "start or end",
        })
    }
}

impl fmt::Display for MaintenanceAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
