//! How far a failure reaches, as far as the request, the pool's states and its last seconds show.

use super::compose::Found;
use super::{Context, Level, Scope, mechanical};
use crate::cause::{Category, Cause};
use crate::ledger::Ledger;

/// The scope of a failure with this primary cause.
pub(super) fn scope(
    primary: Cause,
    ledger: &Ledger,
    context: &Context,
    found: &Found<'_>,
    everywhere: bool,
) -> Scope {
    let total = context.backends.len();
    // What was found about the pool knows better than one request whom it concerns.
    let same = || found.confirms.iter().find(|f| f.cause == primary);
    let whom = found.replaces.as_ref().or_else(same);
    let affected = match whom.map(|finding| finding.backends.len()) {
        None => affected(ledger, context),
        Some(0) => total,
        Some(some) => some,
    };
    let level = match primary {
        Cause::ResourceCpuThrottled => Level::AllPools,
        _ if everywhere => Level::AllPools,
        Cause::ConfigUnknownPool | Cause::ConfigLoopDetected | Cause::OverloadRateLimited => {
            Level::Request
        }
        Cause::ConfigNoEndpoints => Level::Pool,
        _ => match primary.category() {
            Category::CircuitOpen | Category::Maintenance => Level::Pool,
            Category::Overload if primary != Cause::OverloadUpstreamShedding => Level::Pool,
            _ if total > 0 && affected >= total => Level::Pool,
            // The pool has no backends, and this is why.
            _ if total == 0 && context.unresolved == Some(primary) => Level::Pool,
            _ if affected > 1 => Level::Subset,
            _ if affected == 1 => Level::Backend,
            _ => Level::Request,
        },
    };
    Scope {
        level,
        pool: context.pool.clone(),
        backends_total: (total > 0).then_some(total),
        backends_affected: (total > 0 || affected > 0).then_some(affected),
    }
}

/// Backends that failed this request, that are out of rotation, or that fail other requests too.
fn affected(ledger: &Ledger, context: &Context) -> usize {
    let mut names: Vec<&str> = context
        .backends
        .iter()
        .filter(|backend| !backend.condition.in_rotation())
        .map(|backend| &*backend.name)
        .collect();
    let failing = context.findings.iter().flat_map(|found| &found.failing);
    for name in failing {
        if context.backend(name).is_some() && !names.contains(&&**name) {
            names.push(name);
        }
    }
    let own = ledger.attempts.iter().filter(|a| a.pool.is_none());
    for attempt in own {
        if let Some(name) = &attempt.backend
            && mechanical(attempt).is_some()
            && !names.contains(&&**name)
        {
            names.push(name);
        }
    }
    names.len()
}
