//! The observations that a diagnosis rests on. Nothing here that was not seen.

use std::sync::Arc;

use super::precedence::Decisive;
use super::shared::Named;
use super::{Context, Evidence, mechanical};
use crate::cause::{Category, Cause};
use crate::ledger::{Attempt, Fault, Ledger, Refusal};

/// Most backends that are named one by one; beyond that the count says enough.
const MOST_BACKENDS: usize = 16;

/// Most components that are named: those that most backends name.
const MOST_COMPONENTS: usize = 4;

/// The decisive observation first, then the other failed attempts, then what backends say is wrong
/// behind them, then the pool's states.
pub(super) fn gather(
    decisive: Option<Decisive<'_>>,
    ledger: &Ledger,
    context: &Context,
    named: &[Named<'_>],
) -> Vec<Evidence> {
    let mut out = Vec::with_capacity(4);
    if let Some(Decisive { attempt, cause }) = decisive {
        out.push(observed(attempt, cause, context));
    }
    for attempt in &ledger.attempts {
        let again = decisive.is_some_and(|d| core::ptr::eq(d.attempt, attempt));
        if let (false, Some(cause)) = (again, mechanical(attempt)) {
            out.push(match &attempt.pool {
                None => observed(attempt, cause, context),
                Some(pool) => Evidence::Failover {
                    pool: Arc::clone(pool),
                    attempt: Box::new(attempt.clone()),
                    cause,
                },
            });
        }
    }
    if decisive.is_some_and(|d| about_backends(d.cause)) {
        out.extend(named.iter().take(MOST_COMPONENTS).map(|named| {
            let component = named.component;
            Evidence::Component {
                name: Arc::clone(&component.name),
                output: component.output.clone(),
                backends: named.backends,
                of: context.backends.len(),
            }
        }));
        backends(&mut out, context);
    }
    if let Some((stage, why)) = context.metastable {
        out.push(Evidence::Metastable { stage, why });
    }
    out
}

/// What one attempt saw: a refusal shows the state that refused.
fn observed(attempt: &Attempt, cause: Cause, context: &Context) -> Evidence {
    match &attempt.fault {
        Some(Fault::Refused(Refusal::Limit { limit, in_use, .. })) => Evidence::Limit {
            limit: *limit,
            in_use: *in_use,
        },
        Some(Fault::Refused(Refusal::Queue {
            limit,
            in_use,
            waiting,
            waited,
            class,
            ..
        })) => Evidence::Queue {
            limit: *limit,
            in_use: *in_use,
            waiting: *waiting,
            waited: *waited,
            class: *class,
        },
        Some(Fault::Refused(Refusal::BackendsFull(full))) => Evidence::BackendsFull(*full),
        Some(Fault::Refused(Refusal::CircuitOpen { rule, root })) => circuit(*rule, *root, context),
        Some(Fault::Refused(Refusal::RateLimited(limited))) => Evidence::Quota(Arc::clone(limited)),
        Some(Fault::Refused(Refusal::Throttled(throttled))) => Evidence::Throttle(*throttled),
        Some(Fault::Refused(Refusal::Maintenance(notice))) => {
            Evidence::Maintenance(Arc::clone(notice))
        }
        Some(Fault::Refused(_)) => Evidence::Decision { cause },
        _ => Evidence::Attempt {
            attempt: Box::new(attempt.clone()),
            cause,
        },
    }
}

fn circuit(rule: Cause, root: Option<Cause>, context: &Context) -> Evidence {
    let now = context.now;
    // The view may be of another circuit, or of the same one a moment later.
    let view = context.circuit.as_ref().filter(|view| view.rule == rule);
    let causes = match view {
        Some(view) if !view.causes.is_empty() => view.causes.clone(),
        _ => root.map(|root| (root, 0)).into_iter().collect(),
    };
    Evidence::Circuit {
        rule,
        causes,
        open_for: view.map(|view| now.since(view.opened_at)),
        probe_in: view
            .and_then(|view| view.retry_at)
            .map(|retry_at| retry_at.since(now)),
        last_probe: view
            .and_then(|view| view.last_probe)
            .map(|(at, cause)| (now.since(at), cause)),
        knocked: view
            .and_then(|view| view.knocked)
            .map(|(at, cause)| (now.since(at), cause)),
    }
}

/// The states of the backends, where they are what the failure is about.
fn backends(out: &mut Vec<Evidence>, context: &Context) {
    if context.backends.is_empty() {
        return;
    }
    let rotation = |backend: &&super::BackendView| backend.condition.in_rotation();
    out.push(Evidence::Backends {
        total: context.backends.len(),
        in_rotation: context.backends.iter().filter(rotation).count(),
    });
    let out_of_rotation = context.backends.iter().filter(|b| !rotation(b));
    for backend in out_of_rotation.take(MOST_BACKENDS) {
        out.push(Evidence::Backend {
            name: backend.name.clone(),
            address: backend.address.clone(),
            condition: backend.condition,
            cause: backend.cause,
            since: backend.since.map(|since| context.now.since(since)),
        });
    }
}

fn about_backends(cause: Cause) -> bool {
    !matches!(
        cause.category(),
        Category::ResourceExhaustion | Category::Overload
    ) && !matches!(
        cause,
        Cause::ConfigUnknownPool | Cause::ConfigLoopDetected | Cause::MaintenanceWindow
    )
}
