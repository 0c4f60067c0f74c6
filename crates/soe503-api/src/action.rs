//! What an operator can do to a backend and to a circuit.

use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What can be done to a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BackendAction {
    /// Finish what it has, take no new requests.
    Drain,
    /// Back into rotation, from draining or disabled.
    Enable,
    /// Out of rotation at once; what runs may finish.
    Disable,
}

/// What can be done to a pool's circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BreakerAction {
    /// Closed, with empty windows; it decides for itself again.
    Reset,
    /// Held open: every request fails at once.
    Open,
    /// Held closed: every request passes, whatever happens.
    Close,
}

/// The body of an action. All of it is optional, and so is the body itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ActionRequest {
    /// Why, for whoever looks next. Shown in `reason`. Default: none.
    pub reason: Option<String>,
    /// When a disabled or draining backend returns by itself. Default: when it is enabled.
    pub until: Option<Timestamp>,
}

/// The last segment of a path names no action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAction {
    pub(crate) expected: &'static str,
}

impl BackendAction {
    /// Every action.
    pub const ALL: [Self; 3] = [Self::Drain, Self::Enable, Self::Disable];

    /// The word in the path and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drain => "drain",
            Self::Enable => "enable",
            Self::Disable => "disable",
        }
    }
}

impl BreakerAction {
    /// Every action.
    pub const ALL: [Self; 3] = [Self::Reset, Self::Open, Self::Close];

    /// The word in the path and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Open => "open",
            Self::Close => "close",
        }
    }
}

impl FromStr for BackendAction {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|a| a.as_str() == text);
        found.ok_or(UnknownAction {
            expected: "drain, enable or disable",
        })
    }
}

impl FromStr for BreakerAction {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|a| a.as_str() == text);
        found.ok_or(UnknownAction {
            expected: "reset, open or close",
        })
    }
}

impl fmt::Display for BackendAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for BreakerAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for UnknownAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an action; expected {}", self.expected)
    }
}

impl core::error::Error for UnknownAction {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for action in BackendAction::ALL {
            assert_eq!(action.as_str().parse(), Ok(action));
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
        }
        for action in BreakerAction::ALL {
            assert_eq!(action.as_str().parse(), Ok(action));
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
        }
        let error = "stop".parse::<BackendAction>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "not an action; expected drain, enable or disable"
        );
    }

    #[test]
    fn a_misspelt_key_is_refused_rather_than_ignored() {
        let parsed: ActionRequest = serde_json::from_str("{}").unwrap();
        assert_eq!(parsed, ActionRequest::default());
        let error = serde_json::from_str::<ActionRequest>(r#"{"untill":null}"#).unwrap_err();
        assert!(error.to_string().contains("untill"), "{error}");
    }
}
