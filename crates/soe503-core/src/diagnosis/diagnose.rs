//! From a request's attempts to one cause.

use super::precedence::{self, Decisive};
use super::shared::{self, Named};
use super::{Context, Diagnosis, Grade, evidence, grade, mechanical, rule_out, scope};
use crate::cause::{Category, Cause};
use crate::ledger::{Attempt, Fault, Ledger, Refusal, RetryVerdict};

/// What the attempts of a failed request mean.
///
/// Pure and deterministic: the same ledger and context give the same diagnosis. It costs a few
/// allocations and no formatting. Of a request whose client left there is nothing to say;
/// asked anyway, the answer is `unknown/unclassified` without evidence.
pub fn diagnose(ledger: &Ledger, context: &Context) -> Diagnosis {
    let decisive = precedence::decisive(ledger);
    let named = shared::named(context);
    let (primary, replaces) = primary(decisive, context, &named);
    let root = decisive
        .and_then(|decisive| root(decisive, context))
        .map(|root| match shared::behind(root, &named) {
            Some(_) => Cause::DependencyShared,
            None => root,
        })
        .filter(|root| *root != primary);
    let grade = match decisive {
        Some(Decisive { cause, .. }) if primary == Cause::DependencyShared => {
            shared::behind(cause, &named).map_or(Grade::Inferred, |by| shared::grade(by, context))
        }
        // The resolver's own answer.
        Some(_) if replaces == Some(Cause::ConfigNoEndpoints) => Grade::Proven,
        Some(_) if replaces.is_some() => Grade::Inferred,
        Some(Decisive { attempt, cause }) => grade::of(cause, attempt, context),
        None => Grade::Suspected,
    };
    Diagnosis {
        primary,
        root,
        replaces,
        grade,
        scope: scope::scope(primary, ledger, context),
        evidence: evidence::gather(decisive, ledger, context, &named),
        ruled_out: decisive.map_or_else(Vec::new, |decisive| {
            rule_out::rule_out(primary, grade, decisive.attempt, context)
        }),
        contributing: contributing(primary, root, ledger),
        fault: decisive.and_then(|decisive| decisive.attempt.fault.clone()),
        retry: ledger
            .last()
            .and_then(|last| last.retry)
            .filter(|verdict| *verdict != RetryVerdict::Retried),
        tries: ledger.tries(),
        unsent: ledger.attempts.iter().all(Attempt::unsent),
        now: context.now,
    }
}

/// The primary cause, and the mechanical one that it takes the place of.
fn primary(
    decisive: Option<Decisive<'_>>,
    context: &Context,
    named: &[Named<'_>],
) -> (Cause, Option<Cause>) {
    let Some(Decisive { attempt, cause }) = decisive else {
        return (Cause::Unclassified, None);
    };
    if cause == Cause::ConfigKeepaliveMismatch && gone(attempt, context) {
        return (Cause::DependencyResetBeforeResponse, Some(cause));
    }
    // The pool only knows that it is empty; who fills it knows why.
    if let (Cause::ConfigNoEndpoints, Some(why)) = (cause, context.unresolved) {
        return (why, Some(cause));
    }
    if shared::behind(cause, named).is_some() {
        return (Cause::DependencyShared, Some(cause));
    }
    (cause, None)
}

/// The backend no longer takes connections: then a close of its idle connections was its death,
/// not its idle timeout.
fn gone(attempt: &Attempt, context: &Context) -> bool {
    let backend = attempt
        .backend
        .as_deref()
        .and_then(|name| context.backend(name));
    matches!(
        backend.and_then(|backend| backend.cause),
        Some(
            Cause::DependencyConnectRefused
                | Cause::DependencyConnectTimeout
                | Cause::DependencyHostUnreachable
        )
    )
}

/// The cause behind a refusal (rule R17) or behind another proxy's answer (rule R9).
fn root(decisive: Decisive<'_>, context: &Context) -> Option<Cause> {
    let Decisive { attempt, cause } = decisive;
    let known = match &attempt.fault {
        Some(Fault::Refused(Refusal::CircuitOpen { rule, root })) => context
            .circuit
            .as_ref()
            .filter(|view| view.rule == *rule)
            .and_then(|view| view.root)
            .or(*root),
        Some(Fault::Refused(Refusal::NoBackend { root, .. })) => root.or_else(|| majority(context)),
        Some(Fault::Refused(Refusal::Throttled(_))) => Some(Cause::OverloadUpstreamShedding),
        _ if cause == Cause::DependencyNested => {
            attempt.nested.as_ref().and_then(|nested| nested.cause)
        }
        _ if cause.category() == Category::Overload => context.root,
        _ => None,
    };
    // These never stand alone: that their reason is not known is said, not left out.
    let owed = cause.category() == Category::CircuitOpen
        || matches!(
            cause,
            Cause::OverloadQueueFull | Cause::OverloadQueueTimeout
        );
    match known {
        None if owed => Some(Cause::Unclassified),
        known => known,
    }
}

/// The cause that most backends are out of rotation for; the first in order among equals.
fn majority(context: &Context) -> Option<Cause> {
    let mut votes = [0_usize; Cause::ALL.len()];
    for backend in &context.backends {
        if let (false, Some(cause)) = (backend.condition.in_rotation(), backend.cause) {
            votes[cause as usize] += 1;
        }
    }
    let ranked = Cause::ALL.iter().rev().copied();
    ranked
        .filter(|cause| votes[*cause as usize] > 0)
        .max_by_key(|cause| votes[*cause as usize])
}

/// Every other cause that the attempts show.
fn contributing(primary: Cause, root: Option<Cause>, ledger: &Ledger) -> Vec<Cause> {
    let mut causes = Vec::new();
    for cause in ledger.attempts.iter().filter_map(mechanical) {
        if cause != primary && Some(cause) != root && !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    causes
}
