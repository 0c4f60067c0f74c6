//! What refuses requests before they are sent: concurrency limits, rate limits, throttles.

use ::metrics::{Counter, Gauge};
use soe503_core::Tick;
use soe503_core::limit::{Class, ConcurrencyLimit, LimitWhy};
use soe503_core::metrics as table;
use soe503_core::rate::RateLimit;
use soe503_core::throttle::Throttle;

use super::publisher::Source;
use super::series::{counter, counters, float, gauge, gauges, one_of};

/// A concurrency limit's numbers.
pub(super) struct Limit {
    limit: ConcurrencyLimit,
    series: Option<LimitSeries>,
}

struct LimitSeries {
    in_flight: Gauge,
    limit: Gauge,
    source: [Gauge; SOURCES.len()],
    depth: [Gauge; 3],
    oldest: Gauge,
    admitted: Counter,
    shed: [Counter; 3],
}

const SOURCES: [LimitWhy; 4] = [
    LimitWhy::Fixed,
    LimitWhy::Testing,
    LimitWhy::Saturated,
    LimitWhy::Shedding,
];

/// A rate limit's numbers.
pub(super) struct Rate {
    limit: RateLimit,
    series: Option<RateSeries>,
}

struct RateSeries {
    requests: [Counter; 3],
    keys: Gauge,
    displaced: Counter,
}

/// A throttle's numbers.
pub(super) struct Held {
    throttle: Throttle,
    series: Option<HeldSeries>,
}

struct HeldSeries {
    throttled: Counter,
    ratio: Gauge,
}

// === impl Limit ===

impl Limit {
    pub(super) const fn new(limit: ConcurrencyLimit) -> Self {
        Self {
            limit,
            series: None,
        }
    }
}

impl Source for Limit {
    fn publish(&mut self, now: Tick) {
        let name = self.limit.name();
        let series = self.series.get_or_insert_with(|| LimitSeries::new(name));
        let snapshot = self.limit.snapshot(now);
        series.in_flight.set(f64::from(snapshot.in_use));
        series.limit.set(f64::from(snapshot.limit));
        let source = SOURCES.iter().position(|source| *source == snapshot.why);
        one_of(&series.source, source);
        for class in Class::ALL {
            let i = class.index();
            series.depth[i].set(f64::from(snapshot.waiting[i]));
            series.shed[i].absolute(snapshot.shed[i]);
        }
        series.oldest.set(snapshot.oldest.as_secs_f64());
        series.admitted.absolute(snapshot.waited);
    }
}

impl LimitSeries {
    fn new(name: &str) -> Self {
        let classes = Class::ALL.map(Class::as_str);
        Self {
            in_flight: gauge(&table::POOL_IN_FLIGHT, &[name]),
            limit: gauge(&table::POOL_IN_FLIGHT_LIMIT, &[name]),
            source: gauges(
                &table::POOL_LIMIT_SOURCE,
                name,
                SOURCES.map(LimitWhy::as_str),
            ),
            depth: gauges(&table::QUEUE_DEPTH, name, classes),
            oldest: gauge(&table::QUEUE_OLDEST_SECONDS, &[name]),
            admitted: counter(&table::QUEUE_ADMITTED_TOTAL, &[name]),
            shed: counters(&table::SHED_TOTAL, name, classes),
        }
    }
}

// === impl Rate ===

impl Rate {
    pub(super) const fn new(limit: RateLimit) -> Self {
        Self {
            limit,
            series: None,
        }
    }
}

impl Source for Rate {
    fn publish(&mut self, now: Tick) {
        let name = self.limit.name();
        let series = self.series.get_or_insert_with(|| RateSeries {
            requests: counters(
                &table::RATE_LIMIT_REQUESTS_TOTAL,
                name,
                ["allowed", "limited", "shadowed"],
            ),
            keys: gauge(&table::RATE_LIMIT_KEYS, &[name]),
            displaced: counter(&table::RATE_LIMIT_DISPLACED_TOTAL, &[name]),
        });
        let snapshot = self.limit.snapshot(now);
        let counts = [snapshot.allowed, snapshot.limited, snapshot.shadowed];
        for (counter, count) in series.requests.iter().zip(counts) {
            counter.absolute(count);
        }
        series.keys.set(float(snapshot.keys as u64));
        series.displaced.absolute(snapshot.displaced);
    }
}

// === impl Held ===

impl Held {
    pub(super) const fn new(throttle: Throttle) -> Self {
        Self {
            throttle,
            series: None,
        }
    }
}

impl Source for Held {
    fn publish(&mut self, now: Tick) {
        let name = self.throttle.name();
        let series = self.series.get_or_insert_with(|| HeldSeries {
            throttled: counter(&table::POOL_THROTTLED_TOTAL, &[name]),
            ratio: gauge(&table::POOL_THROTTLE_RATIO, &[name]),
        });
        let snapshot = self.throttle.snapshot(now);
        series.throttled.absolute(snapshot.throttled);
        series.ratio.set(snapshot.probability.as_f64());
    }
}
