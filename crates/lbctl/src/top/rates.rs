//! Requests and failures per second, from two looks at counters.

use core::time::Duration;
use std::collections::HashMap;

use soe503_api::Pool;

/// So much time is between the two looks at least: less would be noise.
const LEAST: Duration = Duration::from_millis(200);

/// Per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rate {
    /// Requests of clients.
    pub(super) requests: f64,
    /// Those that were answered with an error of ours.
    pub(super) failures: f64,
}

/// The rates of all pools.
#[derive(Clone, Debug, Default)]
pub(super) struct Rates {
    seen: HashMap<String, Seen>,
}

/// One pool's counters at one look, and the rate up to it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    at: Duration,
    requests: u64,
    failed: u64,
    rate: Option<Rate>,
}

impl Rates {
    /// Takes the counters of `pools`, read at `at`. Pools that are not among them are forgotten.
    pub(super) fn look(&mut self, pools: &[Pool], at: Duration) {
        let mut seen = HashMap::with_capacity(pools.len());
        for pool in pools {
            let now = match self.seen.remove(&pool.name) {
                Some(before) => before.then(pool, at),
                None => Seen::new(pool, at),
            };
            seen.insert(pool.name.clone(), now);
        }
        self.seen = seen;
    }

    /// Of one pool; `None` before the second look, and after its counters have begun anew.
    pub(super) fn of(&self, pool: &str) -> Option<Rate> {
        self.seen.get(pool)?.rate
    }

    /// Of all together; `None` if none is known.
    pub(super) fn total(&self) -> Option<Rate> {
        let known = self.seen.values().filter_map(|seen| seen.rate);
        known.reduce(|a, b| Rate {
            requests: a.requests + b.requests,
            failures: a.failures + b.failures,
        })
    }
}

impl Seen {
    const fn new(pool: &Pool, at: Duration) -> Self {
        Self {
            at,
            requests: pool.requests,
            failed: pool.failed,
            rate: None,
        }
    }

    fn then(self, pool: &Pool, at: Duration) -> Self {
        let Some(apart) = at.checked_sub(self.at).filter(|apart| *apart >= LEAST) else {
            return self;
        };
        let per_second = |before: u64, now: u64| {
            let more = now.checked_sub(before)?;
            Some(more as f64 / apart.as_secs_f64())
        };
        // A counter that went back belongs to a proxy that was started anew.
        let rate = per_second(self.requests, pool.requests)
            .zip(per_second(self.failed, pool.failed))
            .map(|(requests, failures)| Rate { requests, failures });
        Self {
            rate,
            ..Self::new(pool, at)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::sample;

    fn pool(requests: u64, failed: u64) -> Vec<Pool> {
        let mut pool = sample::pools().pools.remove(0);
        (pool.requests, pool.failed) = (requests, failed);
        vec![pool]
    }

    #[test]
    fn two_looks_make_a_rate() {
        let mut rates = Rates::default();
        let at = Duration::from_millis;
        rates.look(&pool(100, 3), at(0));
        assert_eq!((rates.of("app"), rates.total()), (None, None));
        rates.look(&pool(350, 4), at(2500));
        let rate = Rate {
            requests: 100.0,
            failures: 0.4,
        };
        assert_eq!(rates.of("app"), Some(rate));
        assert_eq!(rates.total(), Some(rate));
        // Two looks at once say nothing new.
        rates.look(&pool(360, 4), at(2501));
        assert_eq!(rates.of("app"), Some(rate));
        // A proxy that was started anew counts from 0.
        rates.look(&pool(10, 0), at(3500));
        assert_eq!(rates.of("app"), None);
        rates.look(&pool(20, 0), at(4500));
        assert_eq!(rates.of("app").unwrap().requests, 10.0);
        rates.look(&[], at(5500));
        assert_eq!(rates.of("app"), None);
    }
}
