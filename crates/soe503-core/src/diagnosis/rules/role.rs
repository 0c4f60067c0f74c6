//! What a finding may do to a mechanical cause.

use crate::cause::{Category, Cause};

/// What a finding is to a request whose attempts show a cause of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It is the cause, in place of the mechanical one.
    Replaces,
    /// It lies behind the cause.
    Behind,
    /// It is the same cause, with more known about it.
    Confirms,
    /// The request failed of something else, and it is there all the same (rule R20).
    Beside,
}

/// The role of a finding of `found` for a request that shows `shown`; `None`: they have nothing to do
/// with each other.
///
/// | found | takes the place of | lies behind |
/// | --- | --- | --- |
/// | `cpu_throttled` | timeouts | own queues, circuits |
/// | `tls_plaintext_mismatch` | resets | circuits |
/// | `draining` | refused, reset | circuits |
/// | `bad_release` | 5xx, resets, bad bytes, timeouts | circuits |
/// | `shared_dependency` | 5xx with the same words | timeouts, own limits, circuits |
/// | `retry_storm`, `pool_saturated` | timeouts of answers; `pool_saturated`: limits that were learned from it | own limits, circuits |
/// | `limit_too_low` | own limits and queues | the same, while it is in use to the full |
/// | `accept_backlog` | connect timeouts | own limits, if all queues are full; circuits |
/// | `timeout_too_short` | timeouts of answers | |
/// | `traffic_spike` | | limits of callers |
///
/// `cpu_throttled` and checks that are wrong (`health_check_path` and the like) stand beside whatever they do not explain.
pub const fn role(found: Cause, shown: Cause) -> Option<Role> {
    use Cause as C;
    if found as usize == shown as usize {
        return Some(Role::Confirms);
    }
    let circuit = matches!(shown.category(), Category::CircuitOpen);
    let own_limit = matches!(
        shown,
        C::OverloadQueueFull | C::OverloadQueueTimeout | C::OverloadConcurrencyLimit
    );
    let late = matches!(shown, C::DependencyResponseTimeout);
    let status = matches!(shown, C::DependencyUpstream503 | C::DependencyUpstreamError);
    let broken = matches!(
        shown,
        C::DependencyResetBeforeResponse | C::DependencyResponseTruncated
    );
    let (replaces, behind) = match found {
        C::ResourceCpuThrottled => (
            late || matches!(shown, C::DependencyConnectTimeout),
            own_limit || circuit,
        ),
        C::ConfigTlsPlaintextMismatch => (
            broken || matches!(shown, C::ConfigKeepaliveMismatch),
            circuit,
        ),
        C::MaintenanceDraining => (
            broken || matches!(shown, C::DependencyConnectRefused),
            circuit,
        ),
        C::ConfigBadRelease => (
            status || broken || late || matches!(shown, C::DependencyInvalidResponse),
            circuit,
        ),
        C::DependencyShared => (status, late || own_limit || circuit),
        C::OverloadRetryStorm | C::OverloadPoolSaturated => (late, own_limit || circuit),
        C::ConfigLimitTooLow => (own_limit, false),
        C::OverloadAcceptBacklog => (
            matches!(shown, C::DependencyConnectTimeout),
            own_limit || circuit,
        ),
        C::ConfigTimeoutTooShort => (late, false),
        C::OverloadTrafficSpike => (false, matches!(shown, C::OverloadRateLimited)),
        _ => (false, false),
    };
    if replaces {
        Some(Role::Replaces)
    } else if behind {
        Some(Role::Behind)
    } else if matches!(
        found,
        C::ResourceCpuThrottled
            | C::ConfigHealthCheckPath
            | C::ConfigHealthCheckRejected
            | C::ConfigHealthCheckTooStrict
    ) {
        Some(Role::Beside)
    } else {
        None
    }
}
