//! What stands before a pool's backends: limits, lines, throttles, maintenance, what is kept.

use soe503_core::limit::{Class, LimitWhy};
use soe503_core::metastable::Stage;
use soe503_core::metrics;

use super::{Family, Kind, Read};

pub(super) const ROWS: &[Family] = &[
    Family::of(
        &metrics::POOL_IN_FLIGHT,
        Read::Pool(|pool, out| out.push(&[&pool.name], pool.in_flight)),
    ),
    Family::of(
        &metrics::POOL_IN_FLIGHT_LIMIT,
        Read::Pool(|pool, out| {
            if let Some(limit) = pool.in_flight_limit {
                out.push(&[&pool.name], limit);
            }
        }),
    ),
    Family {
        name: "soe503_pool_maintenance",
        kind: Kind::Gauge,
        unit: "routes",
        labels: &["pool"],
        help: "Routes of the pool that are under planned maintenance now.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.interrupted)),
    },
    Family::of(
        &metrics::POOL_THROTTLED_TOTAL,
        Read::Pool(|pool, out| {
            if let Some(throttle) = &pool.throttle {
                out.push(&[&pool.name], throttle.throttled);
            }
        }),
    ),
    Family::of(
        &metrics::POOL_THROTTLE_RATIO,
        Read::Pool(|pool, out| {
            if let Some(throttle) = &pool.throttle {
                out.push(&[&pool.name], throttle.probability.as_f64());
            }
        }),
    ),
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
    Family::of(
        &metrics::RATE_LIMIT_REQUESTS_TOTAL,
        Read::Process(|scrape, out| {
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
    ),
    Family::of(
        &metrics::RATE_LIMIT_KEYS,
        Read::Process(|scrape, out| {
            for limit in &scrape.rate_limits {
                out.push(&[&limit.name], limit.keys);
            }
        }),
    ),
    Family::of(
        &metrics::RATE_LIMIT_DISPLACED_TOTAL,
        Read::Process(|scrape, out| {
            for limit in &scrape.rate_limits {
                out.push(&[&limit.name], limit.displaced);
            }
        }),
    ),
    Family::of(
        &metrics::POOL_LIMIT_SOURCE,
        Read::Pool(|pool, out| {
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
    ),
    Family::of(
        &metrics::QUEUE_DEPTH,
        Read::Pool(|pool, out| {
            for class in Class::ALL {
                let waiting = pool.queued[class.index()];
                out.push(&[&pool.name, &class.as_str()], waiting);
            }
        }),
    ),
    Family::of(
        &metrics::QUEUE_OLDEST_SECONDS,
        Read::Pool(|pool, out| {
            out.push(&[&pool.name], pool.oldest_waiting.as_secs_f64());
        }),
    ),
    Family::of(
        &metrics::QUEUE_ADMITTED_TOTAL,
        Read::Pool(|pool, out| out.push(&[&pool.name], pool.waited)),
    ),
    Family::of(
        &metrics::SHED_TOTAL,
        Read::Pool(|pool, out| {
            for class in Class::ALL {
                out.push(&[&pool.name, &class.as_str()], pool.shed[class.index()]);
            }
        }),
    ),
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
