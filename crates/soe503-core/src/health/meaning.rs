//! What one failed check means.

use core::time::Duration;

use super::Hints;
use crate::cause::{Category, Cause};
use crate::diagnosis;
use crate::ledger::{Attempt, Fault, Phase};

/// Why a failed check may say more about the check than about the backend.
///
/// A check that got no verdict from the backend, because its path is gone, because it is turned
/// away, because it gives up early, can be wrong. A backend that says of itself that it is not well
/// (5xx, `NOT_SERVING`), or that is not there, cannot. What follows from a doubt is the pool's to
/// decide, by what requests show: [`overrules`](super::overrules).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Doubt {
    /// What is wrong with the check if requests are answered.
    pub cause: Cause,
    /// Requests disprove the check only if they are answered faster than this: a check that gave up
    /// waiting is not too strict for a backend that keeps everybody waiting.
    pub within: Option<Duration>,
}

impl Doubt {
    /// The doubt that remains after a check that ended like `attempt` and was allowed to take
    /// `allowed`; `None` if the backend itself has spoken.
    pub fn of(attempt: &Attempt, allowed: Duration) -> Option<Self> {
        let cause = match attempt.fault.as_ref()? {
            Fault::Status(status) => of_status(*status)?,
            Fault::Grpc(code) => of_grpc(*code)?,
            Fault::Timeout(_) => Cause::ConfigHealthCheckTooStrict,
            // Nobody listens, nobody is there: whatever the check asks for.
            Fault::Errno(_) if attempt.phase <= Phase::Connect => return None,
            Fault::Http2(fault) if fault.sheds() => return None,
            Fault::Errno(_) | Fault::Closed | Fault::Tls(_) | Fault::Parse(_) | Fault::Http2(_) => {
                Cause::ConfigHealthCheckRejected
            }
            _ => return None,
        };
        let late = matches!(attempt.fault, Some(Fault::Timeout(_)));
        Some(Self {
            cause,
            within: late.then_some(allowed / 2),
        })
    }
}

/// An answer that is not the expected one. 5xx is the backend's word, except where it is about the
/// question.
const fn of_status(status: u16) -> Option<Cause> {
    match status {
        404 | 405 | 410 | 501 => Some(Cause::ConfigHealthCheckPath),
        500..=599 if status != 505 => None,
        // Good, for everybody but this check.
        200..=299 => Some(Cause::ConfigHealthCheckTooStrict),
        _ => Some(Cause::ConfigHealthCheckRejected),
    }
}

/// A `grpc-status`: `NOT_FOUND` and `UNIMPLEMENTED` are about the service that was asked for,
/// `INVALID_ARGUMENT`, `PERMISSION_DENIED` and `UNAUTHENTICATED` about who asked.
const fn of_grpc(code: u32) -> Option<Cause> {
    match code {
        5 | 12 => Some(Cause::ConfigHealthCheckPath),
        3 | 7 | 16 => Some(Cause::ConfigHealthCheckRejected),
        4 => Some(Cause::ConfigHealthCheckTooStrict),
        _ => None,
    }
}

/// What this proxy lacked to make the check.
pub(super) fn ours(attempt: &Attempt) -> Option<Cause> {
    let Some(Fault::Errno(_)) = attempt.fault else {
        return None;
    };
    let cause = diagnosis::mechanical(attempt)?;
    (cause.category() == Category::ResourceExhaustion).then_some(cause)
}

/// What one check proves: nothing at all for a 404 or a redirect, which may as well be the check's
/// own mistake. A backend that names its full disk is believed.
pub(super) fn cause(attempt: &Attempt, hints: Option<&Hints>) -> Option<Cause> {
    match attempt.fault {
        Some(Fault::Status(status)) if status < 500 => return None,
        Some(Fault::Status(_)) if hints.is_some_and(Hints::is_disk) => {
            return Some(Cause::ResourceDiskFull);
        }
        Some(Fault::Opaque) => return None,
        _ => {}
    }
    diagnosis::mechanical(attempt)
}
