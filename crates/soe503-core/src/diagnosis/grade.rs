//! How sure a primary cause is.

use core::time::Duration;

use super::{Context, Grade, errno};
use crate::cause::Cause;
use crate::ledger::{Attempt, Fault};

/// How sure one attempt alone makes of `cause`, when nothing else is known.
pub(crate) const fn alone(cause: Cause) -> Grade {
    match cause {
        // Another port of the host, and other requests' idle ages, would be the counter-checks.
        Cause::ConfigWrongPort | Cause::ConfigKeepaliveMismatch | Cause::Unclassified => {
            Grade::Suspected
        }
        // The usual latency, and the fate of established connections, would be the counter-checks
        // here; another hop's word is believed, not seen.
        Cause::DependencyResponseTimeout
        | Cause::DependencyConnectTimeout
        | Cause::DependencyNested => Grade::Inferred,
        _ => Grade::Proven,
    }
}

/// How sure `cause` is, given the attempt that showed it and what is known around it.
pub(super) fn of(cause: Cause, attempt: &Attempt, context: &Context) -> Grade {
    match cause {
        Cause::DependencyResponseTimeout => match context.usual_p99 {
            Some(usual) if ample(attempt.elapsed, usual) => Grade::Proven,
            Some(_) => Grade::Suspected,
            None => Grade::Inferred,
        },
        Cause::DependencyConnectTimeout => match context.pooled_alive {
            Some(false) => Grade::Proven,
            // Then a full accept queue would look the same.
            Some(true) => Grade::Suspected,
            None => Grade::Inferred,
        },
        // Other connections ended there too.
        Cause::ConfigKeepaliveMismatch if attempt.used_up => Grade::Inferred,
        // A router may answer for a host whose address it failed to resolve before.
        Cause::ConfigFirewallReject if attempt.fault == Some(Fault::Errno(errno::EHOSTUNREACH)) => {
            Grade::Inferred
        }
        _ => alone(cause),
    }
}

/// The time that was allowed leaves room: at least twice what 99 % of answers need.
pub(super) fn ample(allowed: Duration, usual: Duration) -> bool {
    allowed >= usual.saturating_mul(2)
}
