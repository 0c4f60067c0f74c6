//! Pools and their backends.

use std::{collections::HashMap, ops::Range, path::Path, sync::Arc};

use super::{balance, checks, guards, tls};
use crate::config::{
    Backend, Hedge, Name, NonEmpty, PoolConfig, Scheme, Target,
    keys::{BackendEntry, PoolKeys},
    problem::{Problem, Problems},
    wire::{At, List},
};

/// The pools, by name.
pub(super) fn pools(
    pools: Vec<(At<Arc<str>>, At<PoolKeys>)>,
    zone: Option<&Name>,
    base: &Path,
    problems: &mut Problems,
) -> Vec<Arc<PoolConfig>> {
    let mut built: Vec<_> = pools
        .into_iter()
        .filter_map(|(name, keys)| pool(&name, keys.value, zone, base, problems))
        .map(Arc::new)
        .collect();
    built.sort_by(|a, b| a.name.cmp(&b.name));
    built
}

fn pool(
    name: &At<Arc<str>>,
    keys: PoolKeys,
    zone: Option<&Name>,
    base: &Path,
    problems: &mut Problems,
) -> Option<PoolConfig> {
    let valid = Name::new(&name.value);
    if let Err(why) = &valid {
        let title = "the name of a pool is not valid";
        problems.push(Problem::new(name.at.clone(), title, why.clone()));
    }
    let at = keys.backends.0.as_ref().map(|list| list.at.clone());
    let backends = keys.backends.0.and_then(|list| backends(list, problems));
    let secure = backends.as_ref().map(|backends| {
        let mut backends = backends.iter();
        backends.any(|backend| backend.scheme == Scheme::Https)
    });
    let checked = checks::Checked {
        protocol: &keys.protocol,
        plain: at.clone().filter(|_| {
            let mut backends = backends.iter().flat_map(|backends| backends.iter());
            backends.any(|backend| backend.scheme == Scheme::Http)
        }),
    };
    let health_check = keys.health_check.0;
    let health_check =
        health_check.and_then(|check| checks::health_check(check, &checked, problems));
    let tls = tls::pool(keys.tls.0, secure, at.unwrap_or_default(), base, problems);
    let circuit_breaker = guards::circuit_breaker(keys.circuit_breaker.0, problems);
    let ejection = guards::ejection(&keys.ejection.0.value, problems);
    let hash = balance::hash(&keys.balance, keys.hash.0, problems);
    let sticky = balance::sticky(keys.sticky.0, base, problems);
    Some(PoolConfig {
        name: valid.ok()?,
        backends: backends?,
        balance: keys.balance.value,
        overprovisioning: keys.overprovisioning.value,
        zone: zone.cloned(),
        hash,
        sticky: sticky?,
        load_reports: keys.load_reports.0.as_ref().map(balance::load_reports),
        protocol: keys.protocol.value,
        connect_timeout: keys.connect_timeout.value,
        idle_timeout: keys.idle_timeout.value,
        max_idle_connections: keys.max_idle_connections.value,
        max_h2_connections: keys.max_h2_connections.value,
        h2_ping_interval: keys.h2_ping_interval.value,
        h2_ping_timeout: keys.h2_ping_timeout.value,
        max_in_flight: keys.max_in_flight.value,
        proxy: keys.proxy.value,
        adaptive_limit: keys.adaptive_limit.value,
        max_in_flight_per_backend: keys
            .max_in_flight_per_backend
            .given
            .map(|limit| limit.value),
        leave_metastable: keys.leave_metastable.value,
        slow_start: keys.slow_start.value,
        ride_out: keys.ride_out.value,
        max_waiting: keys.max_waiting.value,
        dns_refresh: keys.dns_refresh.value,
        tls: tls?,
        health_check,
        circuit_breaker,
        retry_budget: guards::retry_budget(&keys.retry_budget.0.value),
        hedge: Hedge::of(&keys.hedge.0.value),
        ejection,
        throttle: guards::throttle(&keys.throttle.0.value),
        cache: keys.cache.0.map(|cache| guards::cache(&cache.value)),
        queue: guards::queue(&keys.queue.0.value),
    })
}

fn backends(list: At<List<BackendEntry>>, problems: &mut Problems) -> Option<NonEmpty<Backend>> {
    if list.value.0.is_empty() {
        problems.push(
            Problem::new(
                list.at,
                "the pool has no backends",
                "expected at least one URL",
            )
            .help("write it such as [\"http://127.0.0.1:8081\"]"),
        );
        return None;
    }
    let mut targets: HashMap<Target, Range<usize>> = HashMap::new();
    let mut names: HashMap<Name, Range<usize>> = HashMap::new();
    let mut built = Vec::with_capacity(list.value.0.len());
    for At { value: entry, .. } in list.value.0 {
        let target_at = entry.url.at;
        let (scheme, target) = (entry.url.value.scheme, entry.url.value.target);
        if scheme == Scheme::Https {
            tls::unnameable(&target, &target_at, problems);
        }
        let (name, name_at) = match entry.name {
            Some(name) => (name.value, name.at),
            None => (
                Name::lossy(&target.to_string(), "backend"),
                target_at.clone(),
            ),
        };
        if let Some(first) = targets.insert(target.clone(), target_at.clone()) {
            let title = format!("the backend {target} is in the pool twice");
            problems.push(
                Problem::new(target_at, title, "again here")
                    .also(first, "first here")
                    .help("for a greater share of the requests give it a `weight`"),
            );
        } else if let Some(first) = names.insert(name.clone(), name_at.clone()) {
            let title = format!("two backends of the pool are called `{name}`");
            problems.push(Problem::new(name_at, title, "again here").also(first, "first here"));
        }
        built.push(Backend {
            name,
            scheme,
            target,
            weight: entry.weight,
            priority: entry.priority,
            max_in_flight: entry.max_in_flight,
            zone: entry.zone,
        });
    }
    NonEmpty::new(built)
}
