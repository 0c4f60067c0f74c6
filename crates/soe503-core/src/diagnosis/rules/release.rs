//! R15: only one release fails.

use std::sync::Arc;

use super::stats::fisher;
use super::{Fact, Finding, Missing};
use crate::cause::Cause;
use crate::diagnosis::Grade;
use crate::diagnosis::history::History;

/// How far back attempts are counted. Longer than a failing backend stays ejected at first.
const WINDOW: u64 = 60;
/// The chance below which a difference is none by chance, over all groups that are compared (Holm).
const CHANCE: f64 = 1e-4;
/// A release fails so many times as often as the others, at least.
const TIMES: f64 = 5.0;

/// Backends that run one release fail far more often than those that run others.
///
/// A release is what backends say that they run; what they are called is none. Without two of them there
/// is nothing to compare.
pub(super) fn release(history: &History) -> Option<Finding> {
    let from = history.newest().saturating_sub(WINDOW);
    let mut groups: Vec<(&Arc<str>, u64, u64)> = Vec::new();
    for backend in history.backends() {
        let Some(release) = &backend.label.release else {
            continue;
        };
        let (all, failed) = backend.tally(from);
        // A failure may belong to an attempt that began before.
        let all = all.max(failed);
        match groups.iter_mut().find(|(known, ..)| *known == release) {
            Some((_, sum, sum_failed)) => {
                *sum += all;
                *sum_failed += failed;
            }
            None => groups.push((release, all, failed)),
        }
    }
    if groups.len() < 2 {
        return None;
    }
    let (all, failed) = groups
        .iter()
        .fold((0, 0), |(all, failed), g| (all + g.1, failed + g.2));
    // Holm: the smallest of m chances is held against a bound by m. Only that one is asked for.
    let (chance, (release, of, in_group)) = groups
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
    let mut finding = Finding::new(Cause::ConfigBadRelease, Grade::Inferred);
    finding.backends = history
        .backends()
        .iter()
        .filter(|b| b.label.release.as_ref() == Some(release))
        .map(|b| Arc::clone(&b.label.name))
        .collect();
    finding.facts.push(Fact::Group {
        release: Arc::clone(release),
        failed: in_group,
        of,
        others_failed,
        others_of,
        chance,
    });
    finding.missing.push(Missing::RouteMix);
    Some(finding)
}
