//! Backends have been out of rotation for long, and others do their work.

use super::{BackendSeen, Condition, Observation, PoolSeen, list};
use crate::cause::{Category, Cause};
use crate::diagnosis::alone;
use crate::pool::{BackendState, By};

/// One for each cause.
pub(super) fn out_for_long(seen: &PoolSeen) -> Vec<Condition> {
    let Some(settle) = seen.out_after else {
        return Vec::new();
    };
    let out = seen.enabled().filter_map(|b| Some((reason(b)?, b)));
    // One that restarts is none of those that are out for long, however many do it in turn.
    let out = out.filter(|(_, b)| seen.now.since(b.since) >= settle);
    let mut groups: Vec<(Cause, Vec<&BackendSeen>)> = Vec::new();
    for (cause, backend) in out {
        match groups.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, group)) => group.push(backend),
            None => groups.push((cause, vec![backend])),
        }
    }
    let told = groups.into_iter().map(|(cause, group)| {
        let since = group.iter().map(|b| b.since).min().unwrap_or(seen.now);
        let mut found = Condition::new(cause, seen, since, settle);
        found.grade = alone(cause);
        found.concern(&group, seen);
        let total = seen.enabled().count();
        let carry = seen.enabled().filter(|b| b.state.in_rotation()).count();
        let names = list(group.iter().map(|b| &*b.name));
        let be = if group.len() == 1 { "is" } else { "are" };
        found.what = match carry {
            0 => format!("{names} {be} out of rotation, and no backend is left"),
            _ => {
                format!("{names} {be} out of rotation; {carry} of {total} backends carry the load")
            }
        };
        found.evidence = group
            .iter()
            .take(super::MOST_NAMED)
            .map(|b| shown(b))
            .collect();
        found.rule_out_draining(seen);
        found
    });
    told.collect()
}

/// The proven reason for which a backend is out. What it says about itself, or what a check got that may be wrong, may be
/// its way to leave for a while.
fn reason(backend: &BackendSeen) -> Option<Cause> {
    let out = matches!(backend.state, BackendState::Ejected | BackendState::Down);
    let cause = backend.cause.filter(|_| out)?;
    let by_checks = backend.by == By::Checks;
    let own_word = by_checks && backend.health.last_status.is_some();
    let disk = cause == Cause::ResourceDiskFull;
    let doubted = by_checks && backend.health.doubt.is_some();
    let ours = cause.category() == Category::ResourceExhaustion && !disk;
    (!ours && !doubted && (!own_word || disk)).then_some(cause)
}

fn shown(backend: &BackendSeen) -> Observation {
    Observation {
        since: Some(backend.since),
        ..Observation::new(
            "backend",
            format!(
                "{} ({}): {}: {}",
                backend.name, backend.address, backend.state, backend.text
            ),
        )
    }
}
