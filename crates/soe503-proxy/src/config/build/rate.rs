//! Rate limits, and which routes name them.

use std::{num::NonZeroU32, sync::Arc};

use soe503_core::rate::{ClientPrefix, Quota, RateConfig};

use super::not_here;
use crate::config::{
    LimitBy, Name, RateLimit,
    keys::RateLimitKeys,
    problem::{Problem, Problems},
    wire::{At, List, Optional, nearest, quoted},
};

/// The limits, by name.
pub(super) fn rate_limits(
    limits: Vec<(At<Arc<str>>, At<RateLimitKeys>)>,
    problems: &mut Problems,
) -> Vec<Arc<RateLimit>> {
    let mut built: Vec<_> = limits
        .into_iter()
        .filter_map(|(name, keys)| rate_limit(&name, keys.value, problems))
        .map(Arc::new)
        .collect();
    built.sort_by(|a, b| a.name.cmp(&b.name));
    built
}

fn rate_limit(
    name: &At<Arc<str>>,
    keys: RateLimitKeys,
    problems: &mut Problems,
) -> Option<RateLimit> {
    let valid = Name::new(&name.value);
    if let Err(why) = &valid {
        let title = "the name of a rate limit is not valid";
        problems.push(Problem::new(name.at.clone(), title, why.clone()));
    }
    if let (Some(at), false) = (&keys.status.at, matches!(keys.status.value, 429 | 503)) {
        let title = "`status` of a rate limit: expected 429 or 503";
        problems.push(Problem::new(at.clone(), title, "clients know no other"));
    }
    if keys.by.at.is_some() && keys.by.value != LimitBy::Client {
        let why = "addresses do not matter to this limit";
        not_here(keys.ipv4_prefix.at.clone(), "ipv4_prefix", why, problems);
        not_here(keys.ipv6_prefix.at.clone(), "ipv6_prefix", why, problems);
    }
    let requests: NonZeroU32 = keys.requests.0?.value;
    let burst = keys.burst.given.map_or(requests, |burst| burst.value);
    let mut decisions = RateConfig::new(Quota::new(requests, keys.per.value).with_burst(burst));
    decisions.max_keys = keys.max_keys.value;
    decisions.status = keys.status.value;
    decisions.shadow = keys.shadow.value;
    let apart = !matches!(keys.by.value, LimitBy::Everyone | LimitBy::Route);
    decisions.announce = keys.announce.given.map_or(apart, |announce| announce.value);
    // Ranges of the keys.
    let bits = |bits: u32| u8::try_from(bits).unwrap_or(u8::MAX);
    let prefix = ClientPrefix::new(bits(keys.ipv4_prefix.value), bits(keys.ipv6_prefix.value));
    Some(RateLimit {
        name: valid.ok()?,
        decisions,
        by: keys.by.value,
        prefix: prefix.unwrap_or_default(),
    })
}

/// The limits that a route names; one that is not there is a problem.
pub(super) fn named(
    names: Optional<List<String>>,
    limits: &[Arc<RateLimit>],
    problems: &mut Problems,
) -> Vec<Arc<RateLimit>> {
    let names = names.given.into_iter().flat_map(|names| names.value.0);
    let mut found: Vec<Arc<RateLimit>> = Vec::new();
    for name in names {
        let Some(limit) = limits.iter().find(|limit| *limit.name == *name.value) else {
            let title = format!("there is no rate limit `{}`", quoted(&name.value));
            let near = nearest(&name.value, limits.iter().map(|limit| &*limit.name));
            let problem = Problem::new(name.at, title, "not declared in this file");
            problems.push(problem.help(match near {
                Some(near) => format!("did you mean \"{}\"?", quoted(near)),
                None => "declare it: `[rate_limits.NAME]`".into(),
            }));
            continue;
        };
        if found.iter().any(|other| Arc::ptr_eq(other, limit)) {
            let title = format!("the rate limit `{}` is named twice", quoted(&name.value));
            problems.push(Problem::new(
                name.at,
                title,
                "each request would count twice",
            ));
            continue;
        }
        found.push(Arc::clone(limit));
    }
    found
}
