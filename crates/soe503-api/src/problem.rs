//! The body of every answer of the admin API that is not a success (RFC 9457).

use serde::{Deserialize, Serialize};

/// A problem document, `application/problem+json`.
///
/// `detail` names the thing, the place and what was expected; `valid` lists what would have been
/// accepted, so that a client can propose the nearest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// Which kind of problem, as a URI reference. Default `about:blank`: the status says it all.
    #[serde(rename = "type", default = "about_blank")]
    pub kind: String,
    /// The kind in words, the same each time.
    #[serde(default)]
    pub title: String,
    /// The HTTP status it came with.
    #[serde(default)]
    pub status: u16,
    /// What happened this time, for the person who asked.
    #[serde(default)]
    pub detail: String,
    /// What would have been accepted in the place of what was sent. Left out when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub valid: Vec<String>,
}

impl Problem {
    /// The content type of this document.
    pub const CONTENT_TYPE: &'static str = "application/problem+json";

    /// A problem that its status and `detail` explain.
    pub fn new(status: u16, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            kind: about_blank(),
            title: title.into(),
            status,
            detail: detail.into(),
            valid: Vec::new(),
        }
    }

    /// Adds what would have been accepted.
    #[must_use]
    pub fn with_valid<I>(mut self, valid: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.valid = valid.into_iter().map(Into::into).collect();
        self
    }
}

fn about_blank() -> String {
    "about:blank".to_owned()
}
