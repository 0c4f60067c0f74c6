//! From a request's attempts to one cause.

use super::compose::{self, Found};
use super::precedence::{self, Decisive};
use super::rules::{Finding, Missing, is_one_of_them};
use super::shared::{self, Named};
use super::sick::{majority, sick};
use super::{Context, Diagnosis, Evidence, Grade, evidence, grade, mechanical, rule_out, scope};
use crate::cause::{Category, Cause};
use crate::ledger::{Attempt, Fault, Ledger, Refusal, RetryVerdict, Wire};

/// What the attempts of a failed request mean.
///
/// Pure and deterministic: the same ledger and context give the same diagnosis. It costs a few
/// allocations and no formatting. Of a request whose client left there is nothing to say;
/// asked anyway, the answer is `unknown/unclassified` without evidence.
pub fn diagnose(ledger: &Ledger, context: &Context) -> Diagnosis {
    let decisive = precedence::decisive(ledger);
    let named = shared::named(context);
    let (mut primary, mut replaces) = primary(decisive, context, &named);
    let tripped = decisive.and_then(|decisive| root(decisive, context));
    let mut found = Found::of(decisive, tripped, context);
    // What backends say themselves goes before what is read off them, but for our own failing.
    let ours = |finding: &Finding| finding.cause == Cause::ResourceCpuThrottled;
    if replaces.is_some() && !found.replaces.as_deref().is_some_and(ours) {
        found = Found::default();
    }
    if let (Some(finding), Some(Decisive { cause, .. })) = (&found.replaces, decisive) {
        (primary, replaces) = (finding.cause, Some(cause));
    }
    let root = tripped.map(|root| match shared::behind(root, &named) {
        Some(_) => Cause::DependencyShared,
        None => root,
    });
    let root = found
        .behind
        .as_deref()
        .map(|finding| finding.cause)
        .or(root)
        // Nothing is owed behind the saturation that took the place of its own line.
        .filter(|root| {
            *root != primary
                && !(*root == Cause::Unclassified && primary == Cause::OverloadPoolSaturated)
        });
    let grade = match decisive {
        Some(_) if found.replaces.is_some() => found
            .replaces
            .as_deref()
            .map_or(Grade::Suspected, |f| f.grade),
        Some(Decisive { cause, .. }) if primary == Cause::DependencyShared => {
            shared::behind(cause, &named).map_or(Grade::Inferred, |by| shared::grade(by, context))
        }
        // The resolver's own answer.
        Some(_) if replaces == Some(Cause::ConfigNoEndpoints) => Grade::Proven,
        Some(_) if replaces.is_some() => Grade::Inferred,
        Some(Decisive { attempt, cause }) => grade::of(cause, attempt, context),
        None => Grade::Suspected,
    };
    // Pools that have nothing in common but us: no witness, no blame (rule R6).
    let everywhere = context
        .findings
        .as_ref()
        .and_then(|f| f.everywhere.as_ref());
    let everywhere = everywhere.filter(|_| is_one_of_them(root.unwrap_or(primary)));
    let grade = everywhere.map_or(grade, |all| all.trust(primary, grade));
    let mut evidence = evidence::gather(decisive, ledger, context, &named);
    let facts = found.all().flat_map(|finding| &finding.facts);
    // After the decisive observation, before everything else.
    let at = evidence.len().min(1);
    let facts = facts.chain(everywhere.iter().flat_map(|all| &all.facts));
    evidence.splice(at..at, facts.cloned().map(Evidence::Measured));
    evidence.extend(compose::composition(context));
    let mut ruled_out = decisive.map_or_else(Vec::new, |decisive| {
        rule_out::rule_out(primary, grade, decisive.attempt, context)
    });
    ruled_out.extend(found.all().flat_map(|f| f.ruled_out.iter().cloned()));
    let shares = compose::shares(context);
    Diagnosis {
        primary,
        root,
        replaces,
        grade,
        scope: scope::scope(primary, ledger, context, &found, everywhere.is_some()),
        evidence,
        ruled_out,
        contributing: contributing((primary, root, replaces), ledger, &shares, context, &found),
        shares,
        missing: missing(&found, everywhere.and_then(|all| all.missing(primary))),
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
    if cause == Cause::ConfigWrongPort && refuse(context, attempt.backend.as_deref()) {
        return (Cause::DependencyConnectRefused, Some(cause));
    }
    if cause == Cause::DependencyResponseTimeout
        && let Some(why) = unreachable(attempt, context)
    {
        return (why, Some(cause));
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

/// A backend of the pool that used to accept refuses, be it another one than `but`: then that some never did is only
/// because nobody had asked them before, as in a pool with little to do.
fn refuse(context: &Context, but: Option<&str>) -> bool {
    context.backends.iter().any(|backend| {
        backend.cause == Some(Cause::DependencyConnectRefused) && but != Some(&*backend.name)
    })
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

/// Why nothing is heard of the machine that has the request: what it, or the pool's circuit, is out for. A connection that
/// was there before a network broke says nothing of that itself.
fn unreachable(attempt: &Attempt, context: &Context) -> Option<Cause> {
    if !attempt.wire.as_deref().is_some_and(Wire::is_deaf) {
        return None;
    }
    let backend = attempt.backend.as_deref();
    let own = backend.and_then(|name| context.backend(name)?.cause);
    let circuit = || context.circuit.as_ref()?.root;
    [own, circuit()].into_iter().flatten().find(|cause| {
        matches!(
            cause,
            Cause::DependencyHostUnreachable
                | Cause::DependencyConnectTimeout
                | Cause::ConfigFirewallReject
        )
    })
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
        // What the backends fail with is why there are no free places; that more in flight would bring no more
        // answers is only how it looks from here.
        _ if is_own_limit(cause) => sick(context).or_else(|| opened(context)).or(context.root),
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
        Some(Cause::ConfigWrongPort) if refuse(context, None) => {
            Some(Cause::DependencyConnectRefused)
        }
        known => known,
    }
}

/// What the pool's circuit is open for: whoever stands in line meanwhile waits for that to end.
fn opened(context: &Context) -> Option<Cause> {
    context.circuit.as_ref()?.root
}

/// Requests wait for, or are refused, a place of ours.
pub(super) const fn is_own_limit(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::OverloadQueueFull | Cause::OverloadQueueTimeout | Cause::OverloadConcurrencyLimit
    )
}

/// Every other cause that the attempts show, then those of the pool's other requests, and what was found
/// beside.
fn contributing(
    (primary, root, replaces): (Cause, Option<Cause>, Option<Cause>),
    ledger: &Ledger,
    shares: &[(Cause, f64)],
    context: &Context,
    beside: &Found<'_>,
) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut add = |cause: Cause| {
        if cause != primary && Some(cause) != root && !causes.contains(&cause) {
            causes.push(cause);
        }
    };
    ledger
        .attempts
        .iter()
        .filter_map(mechanical)
        .filter(|cause| context.findings.is_none() || Some(*cause) != replaces)
        .for_each(&mut add);
    shares
        .iter()
        .map(|(cause, _)| *cause)
        .filter(|cause| Some(*cause) != replaces)
        .for_each(&mut add);
    beside.confirms.iter().for_each(|found| add(found.cause));
    compose::attempts(context)
        .filter(|cause| Some(*cause) != replaces)
        .for_each(&mut add);
    let found = context.findings.iter().flat_map(|found| &found.list);
    found
        .filter(|f| f.cause == Cause::OverloadTrafficSpike)
        .for_each(|f| add(f.cause));
    causes
}

/// What would have made the findings surer, each once.
fn missing(found: &Found<'_>, beside: Option<Missing>) -> Vec<Missing> {
    let mut all = Vec::new();
    let of_findings = found.all().flat_map(|finding| &finding.missing);
    for missing in of_findings.chain(&beside) {
        if !all.contains(missing) {
            all.push(*missing);
        }
    }
    all
}
