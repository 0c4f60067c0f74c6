//! Whether some backends fail more often than the others, by what they have in common (rule R15).

use std::sync::Arc;

use super::stats::fisher;
use crate::diagnosis::history::{History, Label};

/// How far back attempts are counted. Longer than a failing backend stays ejected at first.
const WINDOW: u64 = 60;
/// The chance below which a difference is none by chance, over all groups that are compared (Holm).
const CHANCE: f64 = 1e-4;
/// A group fails so many times as often as the others, at least.
const TIMES: f64 = 5.0;

/// Backends that have something in common, and fail far more often than those that do not.
pub(super) struct Group {
    /// What they have in common.
    pub(super) what: Arc<str>,
    pub(super) backends: Vec<Arc<str>>,
    pub(super) failed: u64,
    pub(super) of: u64,
    pub(super) others_failed: u64,
    pub(super) others_of: u64,
    pub(super) chance: f64,
}

/// The group that differs most, if one differs beyond chance. Without two of them there is nothing to compare; backends of
/// which it is not known where they belong are left out.
pub(super) fn outlier(
    history: &History,
    by: impl Fn(&Label) -> Option<&Arc<str>>,
) -> Option<Group> {
    let from = history.newest().saturating_sub(WINDOW);
    let mut groups: Vec<(&Arc<str>, u64, u64)> = Vec::new();
    for backend in history.backends() {
        let Some(what) = by(&backend.label) else {
            continue;
        };
        let (all, failed) = backend.tally(from);
        // A failure may belong to an attempt that began before.
        let all = all.max(failed);
        match groups.iter_mut().find(|(known, ..)| *known == what) {
            Some((_, sum, sum_failed)) => {
                *sum += all;
                *sum_failed += failed;
            }
            None => groups.push((what, all, failed)),
        }
    }
    if groups.len() < 2 {
        return None;
    }
    let (all, failed) = groups
        .iter()
        .fold((0, 0), |(all, failed), g| (all + g.1, failed + g.2));
    // Holm: the smallest of m chances is held against a bound by m. Only that one is asked for.
    let (chance, (what, of, in_group)) = groups
        .iter()
        .map(|group| (fisher(group.2, group.1, failed, all), *group))
        .min_by(|a, b| a.0.total_cmp(&b.0))?;
    let (others_of, others_failed) = (all - of, failed - in_group);
    let rate = in_group as f64 / of.max(1) as f64;
    // Half a failure more, so that none at all is not infinitely better.
    let others = (others_failed as f64 + 0.5) / (others_of as f64 + 1.0);
    if chance * groups.len() as f64 >= CHANCE || rate < others * TIMES {
        return None;
    }
    let members = history.backends().iter();
    let members = members.filter(|b| by(&b.label) == Some(what));
    Some(Group {
        what: Arc::clone(what),
        backends: members.map(|b| Arc::clone(&b.label.name)).collect(),
        failed: in_group,
        of,
        others_failed,
        others_of,
        chance,
    })
}
