//! One line for each request that failed: which, why, what was tried.

use soe503_core::Cause;

use super::modules::FAILURE;
use crate::control::recorder::Record;

/// Tells of a failure that was recorded. A flood of them is thinned out like all others, by cause.
pub(in crate::control) fn tell(record: &Record) {
    let Record {
        request_id,
        trace_id,
        method,
        target,
        host,
        pool,
        status,
        elapsed,
        incident,
        passed_on,
        diagnosis,
        attempts,
        ..
    } = record;
    let last = attempts.attempts.last();
    tracing::info!(
        target: FAILURE,
        request_id = &**request_id,
        trace_id = trace_id.map(|id| format!("{id:032x}")),
        cause = diagnosis.primary.id(),
        root = diagnosis.root.map(Cause::id),
        status,
        pool = pool.as_deref(),
        backend = last.and_then(|last| last.backend.as_deref()),
        attempts = attempts.spent(),
        incident = incident.as_deref(),
        elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        method = method.as_str(),
        host = host.as_ref().and_then(|host| host.to_str().ok()),
        path = target.as_ref().map(http::uri::PathAndQuery::path),
        passed_on,
        "request failed"
    );
}
