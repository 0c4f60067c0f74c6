//! What stands before a pool's backends: limits, lines, throttles, maintenance, what is kept.

use soe503_core::limit::{Class, LimitWhy};
use soe503_core::metastable::Stage;

use super::{Family, Kind, Read};

pub(super) const ROWS: &[Family] = &[
    Family {
        name: "soe503_pool_in_flight",
        kind: Kind::Gauge,
        unit: "requests",
        labels: &["pool"],
        help: "Requests of the pool that are under way.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.in_flight)),
    },
    Family {
        name: "soe503_pool_in_flight_limit",
        kind: Kind::Gauge,
        unit: "requests",
        labels: &["pool"],
        help: "How many requests of the pool may be under way: `max_in_flight`, or how many may wait for an answer if `soe503_pool_limit_source` says otherwise than `fixed`. More wait or are shed.",
        read: Read::Pool(|pool, out| {
            if let Some(limit) = pool.in_flight_limit {
                out.push(&[&pool.name], limit);
            }
        }),
    },
    Family {
        name: "soe503_pool_maintenance",
        kind: Kind::Gauge,
        unit: "routes",
        labels: &["pool"],
        help: "Routes of the pool that are under planned maintenance now.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.interrupted)),
    },
    Family {
        name: "soe503_pool_throttled_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool"],
        help: "Requests that were held back because the pool's backends refuse most for overload.",
        read: Read::Pool(|pool, out| {
            if let Some(throttle) = &pool.throttle {
                out.push(&[&pool.name], throttle.throttled);
            }
        }),
    },
    Family {
        name: "soe503_pool_throttle_ratio",
        kind: Kind::Gauge,
        unit: "ratio",
        labels: &["pool"],
        help: "The share of the pool's requests that is held back now.",
        read: Read::Pool(|pool, out| {
            if let Some(throttle) = &pool.throttle {
                out.push(&[&pool.name], throttle.probability.as_f64());
            }
        }),
    },
    Family {
        name: "soe503_pool_cache_bytes",
        kind: Kind::Gauge,
        unit: "bytes",
        labels: &["pool"],
        help: "What the answers take that are kept to be given instead of failures.",
        read: Read::Pool(|pool, out| {
            if let Some(cache) = &pool.cache {
                out.push(&[&pool.name], cache.bytes);
            }
        }),
    },
    Family {
        name: "soe503_pool_cache_entries",
        kind: Kind::Gauge,
        unit: "answers",
        labels: &["pool"],
        help: "Answers that are kept to be given instead of failures.",
        read: Read::Pool(|pool, out| {
            if let Some(cache) = &pool.cache {
                out.push(&[&pool.name], cache.entries);
            }
        }),
    },
    Family {
        name: "soe503_pool_cache_offered_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool"],
        help: "Requests that were answered from what is kept before a backend was asked (`stale_while_revalidate`).",
        read: Read::Pool(|pool, out| {
            if let Some(cache) = &pool.cache {
                out.push(&[&pool.name], cache.offered);
            }
        }),
    },
    Family {
        name: "soe503_pool_cache_revalidations_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool"],
        help: "Requests that asked again in the background for what is kept and was stale.",
        read: Read::Pool(|pool, out| {
            if let Some(cache) = &pool.cache {
                out.push(&[&pool.name], cache.revalidations);
            }
        }),
    },
    Family {
        name: "soe503_rate_limit_requests_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["limit", "result"],
        help: "Requests that the rate limit has seen. `shadowed`: beyond it, and let through as it only counts.",
        read: Read::Process(|scrape, out| {
            for limit in &scrape.rate_limits {
                for (result, count) in [
                    ("allowed", limit.allowed),
                    ("limited", limit.limited),
                    ("shadowed", limit.shadowed),
                ] {
                    out.push(&[&limit.name, &result], count);
                }
            }
        }),
    },
    Family {
        name: "soe503_rate_limit_keys",
        kind: Kind::Gauge,
        unit: "callers",
        labels: &["limit"],
        help: "Callers that have used a part of their quota which has not come back yet.",
        read: Read::Process(|scrape, out| {
            for limit in &scrape.rate_limits {
                out.push(&[&limit.name], limit.keys);
            }
        }),
    },
    Family {
        name: "soe503_rate_limit_displaced_total",
        kind: Kind::Counter,
        unit: "callers",
        labels: &["limit"],
        help: "New callers that took over the place of a busy one, and its debt: `max_keys` is too small, or somebody invents keys.",
        read: Read::Process(|scrape, out| {
            for limit in &scrape.rate_limits {
                out.push(&[&limit.name], limit.displaced);
            }
        }),
    },
    Family {
        name: "soe503_pool_limit_source",
        kind: Kind::Gauge,
        unit: "0 or 1",
        labels: &["pool", "source"],
        help: "Where the limit in force comes from: `fixed` is the configured one; `testing`: requests pile up, and whether fewer at once are answered as fast is being found out; `saturated`: more at once are not answered faster, as was measured; `shedding`: the overload keeps itself going (`soe503_pool_overload_stage`).",
        read: Read::Pool(|pool, out| {
            for source in [
                LimitWhy::Fixed,
                LimitWhy::Testing,
                LimitWhy::Saturated,
                LimitWhy::Shedding,
            ] {
                let holds = u8::from(pool.limit_why == source);
                out.push(&[&pool.name, &source.as_str()], holds);
            }
        }),
    },
    Family {
        name: "soe503_queue_depth",
        kind: Kind::Gauge,
        unit: "requests",
        labels: &["pool", "priority"],
        help: "Requests that wait for their turn, by their importance.",
        read: Read::Pool(|pool, out| {
            for class in Class::ALL {
                let waiting = pool.queued[class.index()];
                out.push(&[&pool.name, &class.as_str()], waiting);
            }
        }),
    },
    Family {
        name: "soe503_queue_oldest_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        labels: &["pool"],
        help: "How long the request that waits longest has waited for its turn; 0 if none waits.",
        read: Read::Pool(|pool, out| {
            out.push(&[&pool.name], pool.oldest_waiting.as_secs_f64());
        }),
    },
    Family {
        name: "soe503_queue_admitted_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool"],
        help: "Requests that had to wait for their turn and got it.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.waited)),
    },
    Family {
        name: "soe503_shed_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool", "priority"],
        help: "Requests that the pool's limit or its queue turned away, by their importance.",
        read: Read::Pool(|pool, out| {
            for class in Class::ALL {
                out.push(&[&pool.name, &class.as_str()], pool.shed[class.index()]);
            }
        }),
    },
    Family {
        name: "soe503_queue_for_backends_depth",
        kind: Kind::Gauge,
        unit: "requests",
        labels: &["pool"],
        help: "Requests that wait for a backend, as each has as many in flight as it may.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.for_backends.0)),
    },
    Family {
        name: "soe503_queue_for_backends_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool", "result"],
        help: "Requests that found all backends with as many in flight as they may have, by what came of it: `served` after a wait, or `refused`.",
        read: Read::Pool(|pool, out| {
            let (_, served, refused) = pool.for_backends;
            out.push(&[&pool.name, &"served"], served);
            out.push(&[&pool.name, &"refused"], refused);
        }),
    },
    Family {
        name: "soe503_pool_overload_stage",
        kind: Kind::Gauge,
        unit: "0 or 1",
        labels: &["pool", "stage"],
        help: "How far the pool's overload is cut because it keeps itself going: 1 for the stage in force, of `normal`, `retries_cut`, `queue_cut` and `shedding`.",
        read: Read::Pool(|pool, out| {
            for stage in Stage::ALL {
                let is = u8::from(pool.overload.0 == stage);
                out.push(&[&pool.name, &stage.as_str()], is);
            }
        }),
    },
    Family {
        name: "soe503_pool_overload_stages_total",
        kind: Kind::Counter,
        unit: "times",
        labels: &["pool", "stage"],
        help: "How often the pool's overload came to each stage.",
        read: Read::Pool(|pool, out| {
            for (stage, entered) in Stage::ALL.into_iter().zip(pool.overload.1) {
                out.push(&[&pool.name, &stage.as_str()], entered);
            }
        }),
    },
];
