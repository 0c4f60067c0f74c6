//! Failed requests that were asked again: `POST /api/v1/incidents/{id}/verifications`.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What the same request says now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VerifyVerdict {
    /// It is answered.
    Cured,
    /// It fails as it did.
    NotCured,
    /// It fails, of something else.
    DifferentCause,
    /// A verdict this reader does not know.
    #[serde(other)]
    Unknown,
}

/// A request of an incident that was asked again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VerificationRequest {
    /// The request that had failed.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 500)))]
    pub request_id: String,
    /// What came of it.
    pub verdict: VerifyVerdict,
    /// What was asked and answered, in words: `GET /cart answers 200`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 500)))]
    pub what: String,
    /// Who asked.
    #[serde(default)]
    pub by: Option<String>,
}

/// The last time that a request of an incident was asked again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verified {
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub verdict: VerifyVerdict,
    /// Who asked; `null` if nobody said.
    pub by: Option<String>,
}

impl VerifyVerdict {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Cured => "cured",
            Self::NotCured => "not cured",
            Self::DifferentCause => "another cause now",
            Self::Unknown => "a verdict that this version does not know",
        }
    }
}

impl fmt::Display for VerifyVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}
