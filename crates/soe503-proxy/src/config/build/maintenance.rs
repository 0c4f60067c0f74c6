//! Planned interruptions.

use std::{ops::Range, sync::Arc};

use soe503_core::maintenance::{Span, Weekly, When};

use super::not_here;
use crate::config::{
    Maintenance, MaintenanceBypass, PoolConfig, Route, Secret,
    keys::{BypassKeys, MaintenanceKeys},
    problem::{Problem, Problems},
    wire::{At, List, Optional, nearest, quoted},
};

/// The plans, in the order of the file.
pub(super) fn maintenance(
    plans: Vec<At<MaintenanceKeys>>,
    pools: &[Arc<PoolConfig>],
    routes: &[Route],
    problems: &mut Problems,
) -> Vec<Maintenance> {
    let labels: Vec<String> = routes.iter().map(|r| r.matches.to_string()).collect();
    let pools: Vec<&str> = pools.iter().map(|pool| &*pool.name).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    plans
        .into_iter()
        .filter_map(|At { value: keys, at }| {
            if keys.pools.given.is_none() && keys.routes.given.is_none() {
                let title = "this maintenance is for nothing";
                problems.push(
                    Problem::new(at.clone(), title, "neither `pools` nor `routes`")
                        .help("add `pools = [\"NAME\"]`"),
                );
            }
            let interrupted = targets(&keys.pools, "pool", &pools, problems);
            let some = targets(&keys.routes, "route", &labels, problems);
            let when = when(&keys, at, problems);
            Some(Maintenance {
                pools: interrupted,
                routes: some,
                when: when?,
                reason: keys.reason.0?.value.0,
                status_page: keys.status_page.given.map(|page| page.value.0),
            })
        })
        .collect()
}

pub(super) fn targets(
    names: &Optional<List<String>>,
    kind: &str,
    known: &[&str],
    problems: &mut Problems,
) -> Vec<Arc<str>> {
    let names = names.given.iter().flat_map(|names| &names.value.0);
    let mut found = Vec::new();
    for name in names {
        if known.contains(&&*name.value) {
            found.push(name.value.as_str().into());
            continue;
        }
        let title = format!("there is no {kind} `{}`", quoted(&name.value));
        let near = nearest(&name.value, known.iter().copied());
        let problem = Problem::new(name.at.clone(), title, "not declared in this file");
        problems.push(problem.help(match near {
            Some(near) => format!("did you mean \"{}\"?", quoted(near)),
            None => format!("{kind}s of this file: {}", known.join(", ")),
        }));
    }
    found
}

fn when(keys: &MaintenanceKeys, at: Range<usize>, problems: &mut Problems) -> Option<When> {
    if keys.start.wrong || keys.end.wrong || keys.weekly.wrong || keys.duration.wrong {
        return None;
    }
    if let Some(weekly) = &keys.weekly.given {
        let why = "it takes place every week";
        let place = |moment: &Optional<_>| moment.given.as_ref().map(|m: &At<_>| m.at.clone());
        not_here(place(&keys.start), "start", why, problems);
        not_here(place(&keys.end), "end", why, problems);
        let Some(duration) = &keys.duration.given else {
            let title = "`duration` is missing in `maintenance`";
            problems.push(
                Problem::new(weekly.at.clone(), title, "how long does it take?")
                    .help("add it, for example `duration = \"2h\"`"),
            );
            return None;
        };
        return Some(When::Weekly(Weekly {
            day: weekly.value.day,
            at: weekly.value.at,
            seconds: u32::try_from(duration.value.as_secs()).unwrap_or(u32::MAX),
        }));
    }
    let duration = keys.duration.given.as_ref().map(|d| d.at.clone());
    not_here(
        duration,
        "duration",
        "`end` says how long it takes",
        problems,
    );
    let Some(start) = &keys.start.given else {
        let title = "`start` is missing in `maintenance`";
        problems.push(
            Problem::new(at, title, "no `start` and no `weekly` here")
                .help("add it, for example `start = \"2026-12-24T22:00:00Z\"`"),
        );
        return None;
    };
    if let Some(end) = keys
        .end
        .given
        .as_ref()
        .filter(|e| e.value.0 <= start.value.0)
    {
        problems.push(
            Problem::new(end.at.clone(), "`end` is not after `start`", "ends")
                .also(start.at.clone(), "begins"),
        );
        return None;
    }
    Some(When::Once(Span {
        start: start.value.0,
        end: keys.end.given.as_ref().map(|end| end.value.0),
    }))
}

/// Who is let through.
pub(super) fn bypass(keys: Option<At<BypassKeys>>, problems: &mut Problems) -> MaintenanceBypass {
    let Some(At { value: keys, .. }) = keys else {
        return MaintenanceBypass::default();
    };
    let header = match (keys.header.given, keys.value.given) {
        (Some(name), Some(value)) => Some((name.value.0, Secret::new(value.value.0))),
        (Some(name), None) if !keys.value.wrong => {
            let title = "`value` is missing beside `header`";
            problems.push(
                Problem::new(name.at, title, "anybody could send an empty one")
                    .help("add it: `value = \"a long secret\"`"),
            );
            None
        }
        (None, Some(value)) if !keys.header.wrong => {
            not_here(Some(value.at), "value", "there is no `header`", problems);
            None
        }
        _ => None,
    };
    let networks = keys.networks.value.0.into_iter();
    MaintenanceBypass {
        header,
        networks: networks.map(|network| network.value).collect(),
    }
}
