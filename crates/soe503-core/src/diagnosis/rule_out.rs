//! What a cause is not: its neighbours, each with the observation that excludes it.

use super::{Because, Condition, Context, Grade, RuledOut, grade};
use crate::cause::{Category, Cause};
use crate::ledger::{Attempt, Wire};

/// The neighbours of `cause` that the decisive attempt, or the pool's states, exclude.
pub(super) fn rule_out(
    cause: Cause,
    graded: Grade,
    attempt: &Attempt,
    context: &Context,
) -> Vec<RuledOut> {
    let mut out = Vec::new();
    let mut not = |cause, because| out.push(RuledOut { cause, because });
    match cause {
        Cause::DependencyConnectRefused => {
            if attempt.accepted_before {
                not(Cause::ConfigWrongPort, Because::AcceptedBefore);
            }
            not(
                Cause::DependencyHostUnreachable,
                Because::HostAnswered(attempt.elapsed),
            );
        }
        Cause::ConfigWrongPort => {
            not(Cause::DependencyConnectRefused, Because::NeverAccepted);
            not(
                Cause::DependencyHostUnreachable,
                Because::HostAnswered(attempt.elapsed),
            );
        }
        Cause::DependencyConnectTimeout if context.pooled_alive == Some(false) => {
            not(Cause::OverloadAcceptBacklog, Because::PooledStalled);
        }
        Cause::DependencyResetBeforeResponse | Cause::DependencyResponseTimeout => {
            not(
                Cause::DependencyConnectRefused,
                Because::Connected(attempt.connect),
            );
            if attempt.wire.as_deref().is_some_and(Wire::has_arrived) {
                not(Cause::DependencyHostUnreachable, Because::Acknowledged);
            }
        }
        Cause::DependencyUpstream503 => {
            not(
                Cause::OverloadUpstreamShedding,
                Because::NoSheddingMark(attempt.elapsed),
            );
        }
        _ => {}
    }
    if cause == Cause::DependencyResetBeforeResponse {
        match (attempt.reused, attempt.idle_age) {
            (false, _) => not(Cause::ConfigKeepaliveMismatch, Because::Fresh),
            (true, Some(age)) => not(Cause::ConfigKeepaliveMismatch, Because::IdleOnly(age)),
            (true, None) => {}
        }
    }
    if let (Cause::DependencyResponseTimeout, Grade::Proven, Some(usual)) =
        (cause, graded, context.usual_p99)
        && grade::ample(attempt.elapsed, usual)
    {
        not(
            Cause::ConfigTimeoutTooShort,
            Because::Ample {
                allowed: attempt.elapsed,
                usual,
            },
        );
    }
    let draining = |c| matches!(c, Condition::Draining | Condition::Disabled);
    if cause.category() != Category::Maintenance
        && !context.backends.is_empty()
        && !context.backends.iter().any(|b| draining(b.condition))
    {
        not(
            Cause::MaintenanceDraining,
            Because::NoneDraining(context.backends.len()),
        );
    }
    out
}
