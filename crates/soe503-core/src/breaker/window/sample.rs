//! One result, as windows keep it.

use crate::cause::Cause;

/// One result that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    /// A failure or a degraded result.
    pub(crate) failed: bool,
    /// It took `slow_request` or longer.
    pub(crate) slow: bool,
    /// What was behind it; `None` only for a plain success.
    pub(crate) cause: Option<Cause>,
}
