//! The words for values of the core, as they appear in logs and in the API.

use soe503_core::ledger::RetryVerdict;

/// The word for `verdict` in an access log, the same as in the admin API.
pub fn retry_verdict(verdict: RetryVerdict) -> &'static str {
    match verdict {
        RetryVerdict::Retried => "retried",
        RetryVerdict::UnsafeToReplay => "unsafe_to_replay",
        RetryVerdict::ResponseStarted => "response_started",
        RetryVerdict::BodyTooLarge => "body_too_large",
        RetryVerdict::AttemptsSpent => "attempts_spent",
        RetryVerdict::BudgetEmpty => "budget_empty",
        RetryVerdict::NoTimeLeft => "no_time_left",
        RetryVerdict::NoOtherBackend => "no_other_backend",
        RetryVerdict::Pointless => "pointless",
        RetryVerdict::ClientGone => "client_gone",
        RetryVerdict::Disabled => "disabled",
        _ => "other",
    }
}
