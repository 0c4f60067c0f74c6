//! Metrics for a DogStatsD server.

use crate::config::{
    Dogstatsd,
    keys::{DogstatsdKeys, tag_fault},
    problem::{Problem, Problems},
    wire::{At, Maybe},
};
use crate::control::dogstatsd::{OURS, tags_of_metrics};

/// The bytes of all tags together: a line must fit into a packet of 1432.
const LONGEST: usize = 512;

/// The outer `None` after a problem was added; the inner one: nothing is sent.
pub(super) fn dogstatsd(
    keys: Maybe<DogstatsdKeys>,
    problems: &mut Problems,
) -> Option<Option<Dogstatsd>> {
    let Some(At { value: keys, at }) = keys.0 else {
        return Some(None);
    };
    let tags = keys.tags.value.0;
    let place = keys.tags.at.unwrap_or(at);
    let wrong = tags.iter().find_map(|(name, value)| {
        let taken = OURS.contains(&name.as_str()) || tags_of_metrics().any(|ours| ours == name);
        let why = match taken {
            true => Some("metrics have a tag of this name already"),
            false => tag_fault(name, value),
        }?;
        Some((format!("`tags`: `{name}` cannot be one"), why))
    });
    if let Some((title, why)) = wrong {
        let mut problem = Problem::new(place, title, why);
        if why.contains("already") {
            problem = problem.help(
                "the tags of all metrics are in docs/metrics.md; `server` comes from `server.name`",
            );
        }
        problems.push(problem);
        return None;
    }
    let length: usize = tags
        .iter()
        .map(|(name, value)| name.len() + value.len() + 2)
        .sum();
    if length > LONGEST {
        let why = format!("each line has them: at most {LONGEST} bytes together");
        problems.push(Problem::new(place, "`tags` are too long", why));
        return None;
    }
    if keys.address.wrong {
        return None;
    }
    Some(Some(Dogstatsd {
        address: keys.address.given.map(|address| address.value),
        namespace: keys.namespace.value.0,
        tags: tags
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect(),
        interval: keys.interval.value,
    }))
}

#[cfg(test)]
#[path = "dogstatsd_tests.rs"]
mod tests;
