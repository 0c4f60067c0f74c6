//! The core's values as the admin API and the access log spell them.

use soe503_api as api;
use soe503_core::ledger::{Phase, RetryVerdict};

/// The word for `verdict` in an access log, the same as in the admin API.
pub(crate) fn retry_verdict(verdict: RetryVerdict) -> &'static str {
    match verdict {
        RetryVerdict::Retried => "retried",
        RetryVerdict::UnsafeToReplay => "unsafe_to_replay",
        RetryVerdict::ResponseStarted => "response_started",
        RetryVerdict::BodyTooLarge => "body_too_large",
        RetryVerdict::AttemptsSpent => "attempts_spent",
        RetryVerdict::BudgetEmpty => "budget_empty",
        RetryVerdict::RetriesCut => "retries_cut",
        RetryVerdict::NoTimeLeft => "no_time_left",
        RetryVerdict::NoOtherBackend => "no_other_backend",
        RetryVerdict::Pointless => "pointless",
        RetryVerdict::Hedged => "hedged",
        RetryVerdict::Outrun => "outrun",
        RetryVerdict::ClientGone => "client_gone",
        RetryVerdict::Disabled => "disabled",
        _ => "unknown",
    }
}

/// `verdict` in the admin API.
pub(crate) fn api_retry_verdict(verdict: RetryVerdict) -> api::RetryVerdict {
    match verdict {
        RetryVerdict::Retried => api::RetryVerdict::Retried,
        RetryVerdict::UnsafeToReplay => api::RetryVerdict::UnsafeToReplay,
        RetryVerdict::ResponseStarted => api::RetryVerdict::ResponseStarted,
        RetryVerdict::BodyTooLarge => api::RetryVerdict::BodyTooLarge,
        RetryVerdict::AttemptsSpent => api::RetryVerdict::AttemptsSpent,
        RetryVerdict::BudgetEmpty => api::RetryVerdict::BudgetEmpty,
        RetryVerdict::RetriesCut => api::RetryVerdict::RetriesCut,
        RetryVerdict::NoTimeLeft => api::RetryVerdict::NoTimeLeft,
        RetryVerdict::NoOtherBackend => api::RetryVerdict::NoOtherBackend,
        RetryVerdict::Pointless => api::RetryVerdict::Pointless,
        RetryVerdict::Hedged => api::RetryVerdict::Hedged,
        RetryVerdict::Outrun => api::RetryVerdict::Outrun,
        RetryVerdict::ClientGone => api::RetryVerdict::ClientGone,
        RetryVerdict::Disabled => api::RetryVerdict::Disabled,
        _ => api::RetryVerdict::Unknown,
    }
}

/// `phase` in the admin API.
pub(crate) fn phase(phase: Phase) -> api::Phase {
    match phase {
        Phase::Queue => api::Phase::Queue,
        Phase::Dns => api::Phase::Dns,
        Phase::Connect => api::Phase::Connect,
        Phase::Tls => api::Phase::Tls,
        Phase::Write => api::Phase::Write,
        Phase::WaitHeaders => api::Phase::WaitHeaders,
        Phase::Body => api::Phase::Body,
        Phase::Done => api::Phase::Done,
        _ => api::Phase::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_and_the_api_spell_verdicts_alike() {
        for verdict in [
            RetryVerdict::Retried,
            RetryVerdict::UnsafeToReplay,
            RetryVerdict::ResponseStarted,
            RetryVerdict::BodyTooLarge,
            RetryVerdict::AttemptsSpent,
            RetryVerdict::BudgetEmpty,
            RetryVerdict::RetriesCut,
            RetryVerdict::NoTimeLeft,
            RetryVerdict::NoOtherBackend,
            RetryVerdict::Pointless,
            RetryVerdict::Hedged,
            RetryVerdict::Outrun,
            RetryVerdict::ClientGone,
            RetryVerdict::Disabled,
        ] {
            let api = serde_json::to_value(api_retry_verdict(verdict)).unwrap();
            assert_eq!(api, retry_verdict(verdict));
            assert_ne!(api, "unknown", "{verdict:?}");
        }
    }
}
