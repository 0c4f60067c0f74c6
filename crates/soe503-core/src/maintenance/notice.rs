//! What is told about a planned interruption.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A planned interruption that is in force. Times are seconds since 1970 (UTC).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The pool or route that it was announced for.
    pub target: Arc<str>,
    /// Why.
    pub reason: Arc<str>,
    /// Who wants it so: the configuration, or an operator.
    pub by: Arc<str>,
    /// Where its progress is told.
    pub link: Option<Arc<str>>,
    /// Since when.
    pub start: i64,
    /// Until when; `None`: until somebody ends it.
    pub end: Option<i64>,
}
