//! What nothing known explains.

use crate::cause::{Blame, Cause, CauseInfo, ProxyError, RetryAfterRule, RetrySafety, StatusRule};

pub(super) const ROWS: &[CauseInfo] = &[CauseInfo {
    cause: Cause::Unclassified,
    title: "Not explained",
    detail: "Something went wrong that is not understood yet.",
    meaning: "No rule matched. It is counted in soe503_unexplained_total and never hidden behind a guess.",
    proof: "Nothing proves anything else.",
    status: StatusRule::AsMechanical(503),
    proxy_status: Some(ProxyError::ProxyInternalError),
    retry_after: RetryAfterRule::Short,
    retryable: true,
    retry_safety: RetrySafety::Depends,
    blame: Blame::Unknown,
    quick_fix: "Read the evidence and the logs of that second.",
    long_term_fix: "Report it with the output of lbctl explain ID, so that it gets a name.",
    verify: "lbctl explain ID",
    elsewhere: "",
}];
