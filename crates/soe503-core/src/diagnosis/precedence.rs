//! Which of several proven causes is the one.

use core::time::Duration;

use super::mechanical;
use crate::cause::{Category, Cause};
use crate::ledger::{Attempt, Fault, Ledger, Phase, Refusal, TimeoutKind};

/// What decided a request: an attempt and its cause.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decisive<'a> {
    pub(super) attempt: &'a Attempt,
    pub(super) cause: Cause,
}

/// The attempt whose cause is primary: the lowest rank, and the oldest among equals. `None` if no
/// attempt failed for a reason of ours or a backend's. What other pools were asked for decides nothing:
/// they would not have been, but for the failure of the first.
pub(super) fn decisive(ledger: &Ledger) -> Option<Decisive<'_>> {
    let own = || ledger.attempts.iter().filter(|one| one.pool.is_none());
    // How long the backends took for the failures that they did answer with.
    let answered = own().filter(|one| is_answer(one)).map(|one| one.elapsed);
    let answered = answered.max();
    own()
        .filter_map(|attempt| {
            let cause = mechanical(attempt)?;
            Some(Decisive { attempt, cause })
        })
        .min_by_key(|decisive| match answered {
            Some(took) if was_cut(decisive.attempt, took) => CUT,
            _ => rank(decisive.attempt, decisive.cause),
        })
}

/// After what was answered, before a circuit or an empty rotation.
const CUT: u8 = 75;

/// Ample time for one more answer: so many times what the others took, and no less than this.
const AMPLE: u32 = 4;
const LEAST: Duration = Duration::from_millis(100);

/// A backend answered, with a failure.
fn is_answer(attempt: &Attempt) -> bool {
    let answer = matches!(
        attempt.fault,
        Some(Fault::Status(_) | Fault::Grpc(_)) | None
    );
    answer && mechanical(attempt).is_some()
}

/// The request's own deadline ended this attempt before it had ample time to be answered like those before,
/// which took `took`, or before it had a backend at all: that says nothing about a backend. The
/// request failed of what was answered.
fn was_cut(attempt: &Attempt, took: Duration) -> bool {
    attempt.fault == Some(Fault::Timeout(TimeoutKind::Total))
        && (attempt.phase < Phase::Write || attempt.elapsed < took.saturating_mul(AMPLE).max(LEAST))
}

/// Own policy > own resource > name resolution > connect > TLS > HTTP bytes > timeout > upstream
/// status. A circuit or an empty rotation is the *consequence* of failures: where this request
/// met such a failure itself, that comes first and the refusal contributes.
fn rank(attempt: &Attempt, cause: Cause) -> u8 {
    match (&attempt.fault, cause) {
        (_, Cause::Unclassified) => 200,
        (Some(Fault::Refused(refusal)), _) => match refusal {
            // One backend's limit: the others were tried, and they decide.
            Refusal::Limit { .. } if attempt.backend.is_some() => 80,
            // What another attempt failed with comes before there being no place for one more.
            Refusal::BackendsFull(_) => 80,
            Refusal::RateLimited(_)
            | Refusal::Throttled(_)
            | Refusal::Maintenance(_)
            | Refusal::Policy(_)
            | Refusal::Limit { .. }
            | Refusal::Queue { .. } => 0,
            Refusal::NoBackend { cause, .. } if own_policy(*cause) => 0,
            Refusal::CircuitOpen { .. } | Refusal::NoBackend { .. } => 100,
        },
        (Some(Fault::Timeout(_)), _) if attempt.phase == Phase::Queue => 0,
        (Some(Fault::Errno(_)), cause) if cause.category() == Category::ResourceExhaustion => 10,
        (Some(Fault::Dns { .. }), _) => 20,
        (_, Cause::DependencyDnsFailure) => 20,
        // One backend that used to accept is enough to make "wrong port" wrong.
        (_, Cause::ConfigWrongPort) => 31,
        (_, Cause::DependencyResponseTimeout) => 60,
        (Some(Fault::Status(_) | Fault::Grpc(_)) | None, _) => 70,
        _ => match attempt.phase {
            Phase::Queue | Phase::Dns | Phase::Connect => 30,
            Phase::Tls => 40,
            // A fresh connection that breaks off as well makes "idle too long" wrong.
            _ if cause == Cause::ConfigKeepaliveMismatch => 51,
            _ => 50,
        },
    }
}

/// The cause is a decision of an operator, or of the configuration.
fn own_policy(cause: Cause) -> bool {
    matches!(
        cause.category(),
        Category::Maintenance | Category::Misconfiguration
    ) && !matches!(
        cause,
        Cause::ConfigWrongPort | Cause::ConfigFirewallReject | Cause::ConfigKeepaliveMismatch
    )
}
