//! Pools that have nothing to choose from, and limits that are never reached.

use std::collections::BTreeSet;

use super::{
    KeyPath, Lint, Severity,
    hit::{Hit, Hits},
    look::{Look, is_alone},
};
use crate::config::PoolConfig;

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "one_backend",
        severity: Severity::Note,
        key: "pools.NAME.backends",
        wrong: "There is no other backend: a retry can only ask the same one again, ejection has nowhere to send its requests, and \
                each restart of it is an outage.",
        set: "a second backend, or a `failover` of the route",
        look: one_backend,
    },
    Lint {
        id: "hedge_alone",
        severity: Severity::Warning,
        key: "pools.NAME.hedge.enabled",
        wrong: "A hedge needs a second backend, and there is none.",
        set: "`false`, or a second backend",
        look: hedge_alone,
    },
    Lint {
        id: "failover_to_itself",
        severity: Severity::Warning,
        key: "routes.failover.pools",
        wrong: "The other pool has the same backends: when the first cannot serve, that one cannot either.",
        set: "a pool whose backends stand elsewhere",
        look: failover_to_itself,
    },
    Lint {
        id: "route_limit_not_below_pool",
        severity: Severity::Note,
        key: "routes.max_in_flight",
        wrong: "A route that may have as many requests under way as its pool can take all of it: the limit protects nobody.",
        set: "half of `max_in_flight` of the pool",
        look: route_limit_not_below_pool,
    },
    Lint {
        id: "backend_limit_not_below_pool",
        severity: Severity::Note,
        key: "pools.NAME.max_in_flight_per_backend",
        wrong: "A backend may have more requests in flight than the whole pool: the limit is never reached.",
        set: "`max_in_flight` of the pool divided by the number of its backends",
        look: backend_limit_not_below_pool,
    },
    Lint {
        id: "no_queue",
        severity: Severity::Note,
        key: "pools.NAME.queue.max_waiting",
        wrong: "Nobody may wait: each request beyond `max_in_flight` is a 503 at once, however short the burst.",
        set: "`4096`; `max_wait` bounds what waiting costs",
        look: no_queue,
    },
];

fn one_backend(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools().filter(|pool| is_alone(pool)) {
        let elsewhere = |to: super::look::Numbered<'_>| to.route.failover.is_some();
        if look.routes_to(pool).any(elsewhere) || look.routes_to(pool).next().is_none() {
            continue;
        }
        let only = &pool.backends[0];
        let said = format!(
            "the pool `{}` has no backend but {}",
            pool.name, only.target
        );
        hits.push(
            Hit::new(KeyPath::pool(&pool.name, "backends"), "one", said).advice(
                "add a second backend, or `failover = { pools = [\"other\"] }` to its routes",
            ),
        );
    }
}

fn hedge_alone(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools() {
        if pool.hedge.is_none() || !is_alone(pool) {
            continue;
        }
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "hedge.enabled"),
                "true",
                "nothing can be hedged: there is one backend",
            )
            .set("hedge.enabled", "false")
            .also(KeyPath::pool(&pool.name, "backends"), "this one"),
        );
    }
}

fn failover_to_itself(look: &Look<'_>, hits: &mut Hits) {
    for to in look.routes() {
        let own = targets(&to.route.pool);
        let others = to
            .route
            .failover
            .iter()
            .flat_map(|failover| &failover.pools);
        for other in others.filter(|other| targets(other) == own) {
            let said = format!(
                "the pool `{}` has the very backends of `{}`",
                other.name, to.route.pool.name
            );
            hits.push(
                Hit::new(
                    KeyPath::route(to.number, "failover.pools"),
                    format!("\"{}\"", other.name),
                    said,
                )
                .advice("name a pool whose backends stand elsewhere")
                .also(KeyPath::pool(&other.name, "backends"), "these"),
            );
        }
    }
}

fn targets(pool: &PoolConfig) -> BTreeSet<String> {
    let backends = pool.backends.iter();
    backends.map(|backend| backend.target.to_string()).collect()
}

fn route_limit_not_below_pool(look: &Look<'_>, hits: &mut Hits) {
    for to in look.routes() {
        let whole = to.route.pool.max_in_flight;
        let Some(limit) = to.route.max_in_flight.filter(|limit| *limit >= whole) else {
            continue;
        };
        let said = format!("the route may have {limit} requests under way, its pool {whole}");
        hits.push(
            Hit::new(
                KeyPath::route(to.number, "max_in_flight"),
                limit.to_string(),
                said,
            )
            .set("max_in_flight", (whole.get() / 2).max(1).to_string())
            .also(
                KeyPath::pool(&to.route.pool.name, "max_in_flight"),
                "of the pool",
            ),
        );
    }
}

fn backend_limit_not_below_pool(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools() {
        let whole = pool.max_in_flight;
        let limit = pool.max_in_flight_per_backend;
        let Some(limit) = limit.filter(|limit| *limit > whole) else {
            continue;
        };
        let count = u32::try_from(pool.backends.len()).unwrap_or(u32::MAX);
        let said = format!("a backend may have {limit} requests in flight, the whole pool {whole}");
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "max_in_flight_per_backend"),
                limit.to_string(),
                said,
            )
            .set(
                "max_in_flight_per_backend",
                whole.get().div_ceil(count.max(1)).to_string(),
            )
            .also(KeyPath::pool(&pool.name, "max_in_flight"), "of the pool"),
        );
    }
}

fn no_queue(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools().filter(|pool| pool.queue.max_waiting == 0) {
        let said = format!(
            "of more than {} requests at once each is a 503: nobody may wait",
            pool.max_in_flight
        );
        hits.push(
            Hit::new(KeyPath::pool(&pool.name, "queue.max_waiting"), "0", said)
                .set("queue.max_waiting", "4096"),
        );
    }
}
