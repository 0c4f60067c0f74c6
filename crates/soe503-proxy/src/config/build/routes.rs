//! Routes, and references between routes and pools.

use std::{cmp::Reverse, collections::HashMap, ops::Range, path::Path, sync::Arc};

use super::{failover, instead, maintenance, rate, rules};
use crate::config::{
    Host, Match, PoolConfig, RateLimit, Retry, Route,
    build::at_least,
    keys::{MatchKeys, PoolKeys, RetryKeys, RouteKeys},
    problem::{Problem, Problems},
    wire::{At, Defaulted, nearest, quoted},
};

/// The routes, the most specific first, each with its number in the file, from 0.
pub(super) fn routes(
    routes: Vec<At<RouteKeys>>,
    pools: &[Arc<PoolConfig>],
    rate_limits: &[Arc<RateLimit>],
    base: &Path,
    problems: &mut Problems,
) -> Vec<(usize, Route)> {
    let pools: HashMap<&str, _> = pools.iter().map(|pool| (&*pool.name, pool)).collect();
    let mut seen: HashMap<Match, Range<usize>> = HashMap::new();
    let mut built = Vec::with_capacity(routes.len());
    for (number, At { value: keys, at }) in routes.into_iter().enumerate() {
        let rewrite = rules::rewrite(&keys, problems);
        let matches_at = if keys.matches.0.at.is_empty() {
            at
        } else {
            keys.matches.0.at
        };
        let matches = matches(keys.matches.0.value, problems);
        let request_headers = rules::headers(keys.request_headers.0.value, problems);
        let response_headers = rules::headers(keys.response_headers.0.value, problems);
        let retry = retry(&keys.retry.0.value, &keys.timeout, problems);
        let limits = rate::named(keys.rate_limits, rate_limits, problems);
        let bypass = maintenance::bypass(keys.maintenance_bypass.0, problems);
        let pages = instead::pages(keys.pages.0.value, base, problems);
        let fallback = instead::fallback(keys.fallback.0, base, problems);
        let own = keys.pool.0.as_ref();
        let failover = failover::failover(keys.failover.0, own, &pools, problems);
        if let Some(matches) = &matches
            && let Some(first) = seen.insert(matches.clone(), matches_at.clone())
        {
            problems.push(
                Problem::new(
                    matches_at,
                    "this route is never used",
                    "accepts the same requests",
                )
                .also(first, "as this route, which comes first"),
            );
        }
        let pool = keys
            .pool
            .0
            .and_then(|pool| pools.get(&*pool.value).copied());
        if let (Some(matches), Some(pool)) = (matches, pool) {
            let route = Route {
                matches,
                pool: Arc::clone(pool),
                timeout: keys.timeout.value,
                host: keys.host.value,
                rewrite,
                max_body: keys.max_body.given.map(|size| size.value.0),
                priority: keys.priority.value,
                priority_header: keys.priority_header.given.map(|name| name.value.0),
                max_in_flight: keys.max_in_flight.given.map(|limit| limit.value),
                request_headers,
                response_headers,
                retry,
                rate_limits: limits,
                maintenance_bypass: bypass,
                pages,
                failover,
                fallback,
            };
            built.push((number, route));
        }
    }
    // Stable: routes of the same precedence stay in the order of the file.
    built.sort_by_key(|(_, route)| Reverse(route.matches.precedence()));
    built
}

/// Finds routes to no pool and pools that no route uses.
pub(super) fn references(
    routes: &[At<RouteKeys>],
    pools: &[(At<Arc<str>>, At<PoolKeys>)],
    problems: &mut Problems,
) {
    let names = || pools.iter().map(|(name, _)| &*name.value);
    // A route whose pool is not known might have been meant for any of them.
    let mut sure = !routes.is_empty() && routes.iter().all(|r| r.value.pool.0.is_some());
    let mut used: HashMap<&str, bool> = names().map(|name| (name, false)).collect();
    for pool in routes.iter().flat_map(|route| named(&route.value)) {
        if let Some(used) = used.get_mut(&*pool.value) {
            *used = true;
            continue;
        }
        let near = nearest(&pool.value, names());
        match near.and_then(|near| used.get_mut(near)) {
            Some(used) => *used = true,
            None => sure = false,
        }
        let title = format!("there is no pool `{}`", quoted(&pool.value));
        let problem = Problem::new(pool.at.clone(), title, "not declared in this file");
        problems.push(problem.help(match near {
            Some(near) => format!("did you mean \"{}\"?", quoted(near)),
            None => match names().map(quoted).collect::<Vec<_>>() {
                known if known.is_empty() => "declare it: `[pools.NAME]`".into(),
                known => format!("pools of this file: {}", known.join(", ")),
            },
        }));
    }
    for (name, _) in pools.iter().filter(|_| sure) {
        if used.get(&*name.value) == Some(&false) {
            let title = format!("no route uses the pool `{}`", quoted(&name.value));
            problems.push(
                Problem::new(name.at.clone(), title, "never gets a request")
                    .help("add a route to it, or remove the pool"),
            );
        }
    }
}

/// The pools that a route names: its own, and those that it fails over to.
fn named(route: &RouteKeys) -> impl Iterator<Item = &At<String>> {
    let failover = route.failover.0.as_ref();
    let others = failover.and_then(|failover| failover.value.pools.0.as_ref());
    let others = others.into_iter().flat_map(|pools| &pools.value.0);
    route.pool.0.iter().chain(others)
}

fn matches(keys: MatchKeys, problems: &mut Problems) -> Option<Match> {
    if let Some(methods) = keys.methods.given.as_ref().filter(|m| m.value.0.is_empty()) {
        problems.push(
            Problem::new(methods.at.clone(), "`methods` is empty", "accepts nothing")
                .help("leave it out to accept any method"),
        );
        return None;
    }
    if keys.host.wrong || keys.path_prefix.wrong || keys.methods.wrong {
        return None;
    }
    let methods = keys.methods.given.map(|methods| methods.value.0);
    let methods = methods.into_iter().flatten().map(|method| method.value);
    Some(Match {
        host: keys.host.given.map_or(Host::Any, |host| host.value),
        path_prefix: keys
            .path_prefix
            .given
            .map(|p| p.value.0)
            .unwrap_or_default(),
        methods: methods.collect(),
    })
}

fn retry(
    keys: &RetryKeys,
    timeout: &Defaulted<std::time::Duration>,
    problems: &mut Problems,
) -> Retry {
    if let (Some(at), Some(whole)) = (&keys.attempt_timeout.at, &timeout.at)
        && keys.attempt_timeout.value > timeout.value
    {
        problems.push(
            Problem::new(
                at.clone(),
                "`attempt_timeout` is longer than `timeout`",
                "one attempt",
            )
            .also(whole.clone(), "all attempts together"),
        );
    }
    let backoff_max = at_least(
        ("backoff_base", &keys.backoff_base),
        ("backoff_max", &keys.backoff_max),
        problems,
    );
    Retry {
        attempts: keys.attempts.value,
        attempt_timeout: keys.attempt_timeout.value.min(timeout.value),
        backoff_base: keys.backoff_base.value,
        backoff_max,
        max_body: keys.max_body.value.0,
        on_status: keys
            .on_status
            .value
            .0
            .iter()
            .map(|status| status.value.0)
            .collect(),
    }
}
