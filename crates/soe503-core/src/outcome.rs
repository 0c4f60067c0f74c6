//! What a finished attempt means to those who count.

use crate::cause::Cause;

/// The weight of one result, for breakers and ejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The service did its job. Answers the client's own mistakes too: 4xx is a success.
    Success,
    /// The service failed: connection, timeout, 500/502/503/504, a body cut short.
    Failure,
    /// A failure that says little about the component that counts: 429, or one backend failing
    /// while its siblings are fine. It enters rates and fails a probe, and leaves a run of
    /// consecutive failures as it is (row S1 of the semantics).
    Degraded,
    /// Nobody's fault that matters here: the client left, the client's body broke, we shed.
    Ignore,
}

/// A verdict and, unless it is a success, the cause behind it.
///
/// The cause travels with the count so that whoever trips can say *why* later without looking
/// anything up (rule R17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it means.
    pub verdict: Verdict,
    /// Why, where there is a why.
    pub cause: Option<Cause>,
}

impl Outcome {
    /// A plain success.
    pub const SUCCESS: Self = Self {
        verdict: Verdict::Success,
        cause: None,
    };
    /// Nothing to count.
    pub const IGNORE: Self = Self {
        verdict: Verdict::Ignore,
        cause: None,
    };

    /// A failure with its cause.
    pub const fn failure(cause: Cause) -> Self {
        Self {
            verdict: Verdict::Failure,
            cause: Some(cause),
        }
    }

    /// A degraded result with its cause.
    pub const fn degraded(cause: Cause) -> Self {
        Self {
            verdict: Verdict::Degraded,
            cause: Some(cause),
        }
    }
}
