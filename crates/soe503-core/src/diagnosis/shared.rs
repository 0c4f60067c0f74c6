//! What several backends say is wrong behind them (rule R12).

use super::{Context, Grade};
use crate::cause::Cause;
use crate::health::Component;

/// A component that backends name as failing in their health documents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub(super) component: &'a Component,
    /// How many backends name it.
    pub(super) backends: usize,
}

/// The components that fail, those first that most backends name.
pub(super) fn named(context: &Context) -> Vec<Named<'_>> {
    let mut found: Vec<Named<'_>> = Vec::new();
    for backend in context.backends.iter() {
        let Some(hints) = &backend.hints else {
            continue;
        };
        for component in hints.failing() {
            let known = found
                .iter_mut()
                .find(|known| known.component.name == component.name);
            match known {
                Some(known) => known.backends += 1,
                None => found.push(Named {
                    component,
                    backends: 1,
                }),
            }
        }
    }
    found.sort_by_key(|named| core::cmp::Reverse(named.backends));
    found
}

/// The component that two backends or more name and that is not each one's own, such as its disk:
/// then they fail because of one thing. A cause that may as well be that is replaced.
pub(super) fn behind<'a>(cause: Cause, named: &[Named<'a>]) -> Option<Named<'a>> {
    let may = matches!(
        cause,
        Cause::DependencyUpstream503
            | Cause::DependencyUpstreamError
            | Cause::DependencyResponseTimeout
    );
    let shared = |named: &&Named<'_>| named.backends >= 2 && !named.component.own;
    named.iter().find(shared).copied().filter(|_| may)
}

/// Four of five backends agree: that is proof.
pub(super) fn grade(named: Named<'_>, context: &Context) -> Grade {
    if named.backends * 5 >= context.backends.len() * 4 {
        Grade::Proven
    } else {
        Grade::Inferred
    }
}
