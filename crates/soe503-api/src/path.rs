//! Every path of the admin API, once.
//!
//! The constants are route templates in the form axum takes (`{name}` stands for one segment); the
//! functions fill them. Names are percent-encoded, because a backend is often named after its
//! address and may hold `:`, `/` or a space.

use core::fmt::Write;

use crate::action::{BackendAction, BreakerAction};
use crate::maintenance::MaintenanceAction;

/// `GET`: 200 while the process lives.
pub const HEALTHZ: &str = "/healthz";
/// `GET`: 200 while it accepts and at least one pool is usable; 503 otherwise and while draining.
pub const READYZ: &str = "/readyz";
/// `GET`: Prometheus exposition.
pub const METRICS: &str = "/metrics";
/// `GET`: this API as OpenAPI 3.1 describes it.
pub const OPENAPI: &str = "/api/v1/openapi.json";
/// `GET`: the same, where tools look for it first.
pub const OPENAPI_ALIAS: &str = "/openapi.json";
/// `GET`: [`Pools`](crate::Pools).
pub const POOLS: &str = "/api/v1/pools";
/// `GET`: one [`Pool`](crate::Pool).
pub const POOL: &str = "/api/v1/pools/{pool}";
/// `POST` an [`ActionRequest`](crate::ActionRequest) (the body may be empty); `{action}` is a
/// [`BackendAction`]. Answers the [`Pool`](crate::Pool) as it is afterwards.
pub const BACKEND_ACTION: &str = "/api/v1/pools/{pool}/backends/{backend}/{action}";
/// `POST` an [`ActionRequest`](crate::ActionRequest) (the body may be empty); `{action}` is a
/// [`BreakerAction`]. Answers the [`Pool`](crate::Pool) as it is afterwards.
pub const BREAKER_ACTION: &str = "/api/v1/pools/{pool}/breaker/{action}";
/// `POST` (the body may be empty): forgets the answers that are kept. Answers the [`Pool`](crate::Pool) as it
/// is afterwards.
pub const CACHE_FLUSH: &str = "/api/v1/pools/{pool}/cache/flush";
/// `GET`: one [`FailureRecord`](crate::FailureRecord).
pub const FAILURE: &str = "/api/v1/failures/{request_id}";
/// `GET`: [`Incidents`](crate::Incidents); with `?open=true` those that go on.
pub const INCIDENTS: &str = "/api/v1/incidents";
/// `GET`: one [`Incident`](crate::Incident).
pub const INCIDENT: &str = "/api/v1/incidents/{id}";
/// `POST` a [`VerificationRequest`](crate::VerificationRequest): answers the [`Incident`](crate::Incident).
pub const VERIFICATIONS: &str = "/api/v1/incidents/{id}/verifications";
/// `GET`: the effective configuration, as it is written. Its form follows the keys of the configuration.
pub const CONFIG: &str = "/api/v1/config";
/// `GET`: the [`ConfigDiff`](crate::ConfigDiff) of the file that a reload would read. `POST` a
/// [`ConfigText`](crate::ConfigText): that of this text. Nothing is changed by either.
pub const CONFIG_DIFF: &str = "/api/v1/config/diff";
/// `POST` (the body may be empty): reads the file again and puts it in force.
pub const CONFIG_RELOAD: &str = "/api/v1/config/reload";
/// `GET`: [`Doctor`](crate::Doctor).
pub const DOCTOR: &str = "/api/v1/doctor";
/// `GET`: [`Changes`](crate::Changes). `POST` a [`ChangeRequest`](crate::ChangeRequest): answers the
/// [`Change`](crate::Change).
pub const CHANGES: &str = "/api/v1/changes";
/// `POST` what another system sends about changes; `{source}` is `alertmanager`, `argocd` or `github`. Answers
/// [`ChangesTaken`](crate::ChangesTaken).
pub const CHANGES_FROM: &str = "/api/v1/changes/{source}";
/// `GET`: [`Alerts`](crate::Alerts).
pub const ALERTS: &str = "/api/v1/alerts";
/// `POST` (the body may be empty): sends a message that says that it is a test. Answers an
/// [`AlertTest`](crate::AlertTest), whatever came of it.
pub const ALERT_TEST: &str = "/api/v1/alerts/{target}/test";
/// `GET`: the [`History`](crate::History).
pub const HISTORY: &str = "/api/v1/history";
/// `GET`: the [`Journal`](crate::Journal).
pub const JOURNAL: &str = "/api/v1/journal";
/// `GET`: the [`Log`](crate::Log). `POST` a [`LogRequest`](crate::LogRequest): answers it as it is afterwards.
pub const LOG: &str = "/api/v1/log";

/// `GET`: [`RateLimits`](crate::RateLimits).
pub const RATE_LIMITS: &str = "/api/v1/rate_limits";
/// `GET`: [`MaintenanceList`](crate::MaintenanceList).
pub const MAINTENANCE: &str = "/api/v1/maintenance";
/// `POST` a [`MaintenanceRequest`](crate::MaintenanceRequest) (the body may be empty); `{target}` is a
/// pool or a route, `{action}` a [`MaintenanceAction`]. Answers the list as it is afterwards.
pub const MAINTENANCE_ACTION: &str = "/api/v1/maintenance/{target}/{action}";

/// The path of one pool.
pub fn pool(pool: &str) -> String {
    fill(POOL, &[pool])
}

/// The path that does `action` to one backend.
pub fn backend_action(pool: &str, backend: &str, action: BackendAction) -> String {
    fill(BACKEND_ACTION, &[pool, backend, action.as_str()])
}

/// The path that does `action` to the circuit of one pool.
pub fn breaker_action(pool: &str, action: BreakerAction) -> String {
    fill(BREAKER_ACTION, &[pool, action.as_str()])
}

/// The path that forgets the answers that one pool keeps.
pub fn cache_flush(pool: &str) -> String {
    fill(CACHE_FLUSH, &[pool])
}

/// The path that does `action` to the maintenance of a pool or a route.
pub fn maintenance_action(target: &str, action: MaintenanceAction) -> String {
    fill(MAINTENANCE_ACTION, &[target, action.as_str()])
}

/// The path of one failure record.
pub fn failure(request_id: &str) -> String {
    fill(FAILURE, &[request_id])
}

/// The path of one incident.
pub fn incident(id: &str) -> String {
    fill(INCIDENT, &[id])
}

/// The path for what another system sends about changes.
pub fn changes_from(source: &str) -> String {
    fill(CHANGES_FROM, &[source])
}

/// The path that tries out one target of alerts.
pub fn alert_test(target: &str) -> String {
    fill(ALERT_TEST, &[target])
}

/// The path of what was asked again of one incident.
pub fn verifications(id: &str) -> String {
    fill(VERIFICATIONS, &[id])
}

/// Replaces the `{…}` of `template`, in order.
fn fill(template: &str, values: &[&str]) -> String {
    let mut values = values.iter();
    let mut path = String::with_capacity(template.len() + 16);
    for segment in template.split('/').skip(1) {
        path.push('/');
        match values.as_slice().first() {
            Some(value) if segment.starts_with('{') => {
                encode(value, &mut path);
                values.next();
            }
            _ => path.push_str(segment),
        }
    }
    path
}

/// Appends `text` with everything but RFC 3986's unreserved characters percent-encoded.
///
/// `.` and `..` are encoded too: as they are, they would mean another path (RFC 3986 §5.2.4).
fn encode(text: &str, out: &mut String) {
    let dots = matches!(text, "." | "..");
    for byte in text.bytes() {
        match byte {
            b'.' if dots => out.push_str("%2E"),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                // Writing into a String cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled() {
        assert_eq!(pool("app"), "/api/v1/pools/app");
        assert_eq!(
            backend_action("app", "b1", BackendAction::Drain),
            "/api/v1/pools/app/backends/b1/drain"
        );
        assert_eq!(
            breaker_action("app", BreakerAction::Reset),
            "/api/v1/pools/app/breaker/reset"
        );
        assert_eq!(failure("01K"), "/api/v1/failures/01K");
        assert_eq!(incident("01K"), "/api/v1/incidents/01K");
        assert_eq!(verifications("01K"), "/api/v1/incidents/01K/verifications");
    }

    #[test]
    fn names_cannot_leave_their_segment() {
        assert_eq!(
            backend_action("a/b", "http://10.0.0.1:80", BackendAction::Enable),
            "/api/v1/pools/a%2Fb/backends/http%3A%2F%2F10.0.0.1%3A80/enable"
        );
        assert_eq!(pool(".."), "/api/v1/pools/%2E%2E");
        assert_eq!(pool("ä ?#"), "/api/v1/pools/%C3%A4%20%3F%23");
        assert_eq!(pool("{x}"), "/api/v1/pools/%7Bx%7D");
    }
}
