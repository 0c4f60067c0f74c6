//! Holding back what a pool would refuse anyway: client-side throttling.
//!
//! **Why.** A backend that is overloaded spends work on saying no. Once it refuses most requests, the
//! proxy says no in its place: of the requests of the last two minutes let the backends have accepted
//! `a` and refused the rest; then at most about `k` × `a` are sent on ("Site Reliability Engineering",
//! chapter 21, "Handling Overload"). The probability with which a request is held back is
//! `(requests − k × accepted) / (requests + 1)`.
//!
//! **What counts.** Requests count when they are sent, not when they are answered: slow ones would be
//! missing exactly when it matters. One that was not refused for overload counts as accepted,
//! however it ends: a crash is no load shedding, and a client that leaves says nothing. Those that are
//! held back count as requests, not as accepted.
//!
//! **Failure mode.** The probability has a ceiling, so that some requests always find out whether the
//! backends have recovered (Finagle's nack admission has one for the same reason). Below a number of
//! requests nothing is held back.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::time::saturating_nanos;
use crate::{Ratio, Tick};

/// When requests are held back.
///
/// # Defaults
/// `k` 2 · `ceiling` 0.9 · `window` 2 min · `min_requests` 50.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ThrottleConfig {
    /// Requests that are sent for each one that is accepted. From 1.1; less lets in more.
    pub k: f64,
    /// The largest share of requests that is held back.
    pub ceiling: Ratio,
    /// How far back requests count. At least 1 s, and longer than the slowest answer takes.
    pub window: Duration,
    /// Requests in the window below which nothing is held back.
    pub min_requests: u32,
}

/// A named throttle. A cheap-clone handle: clones count together.
#[derive(Clone, Debug)]
pub struct Throttle {
    shared: Arc<Shared>,
}

/// A request was held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Throttled {
    /// Requests of the window.
    pub requests: u64,
    /// Those that the backends accepted.
    pub accepted: u64,
    /// With what probability a request is held back now.
    pub probability: Ratio,
}

/// What a throttle looks like at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ThrottleSnapshot {
    /// Its name.
    pub name: Arc<str>,
    /// Requests of the window.
    pub requests: u64,
    /// Those that the backends accepted.
    pub accepted: u64,
    /// With what probability a request is held back now.
    pub probability: Ratio,
    /// Requests held back, ever.
    pub throttled: u64,
}

#[derive(Debug)]
struct Shared {
    name: Arc<str>,
    config: ThrottleConfig,
    /// Width of a bucket in nanoseconds.
    width: u64,
    requests: Ring,
    rejected: Ring,
    throttled: AtomicU64,
}

/// Counts by bucket: high half the bucket's epoch, low half the count.
#[derive(Debug, Default)]
struct Ring([AtomicU64; BUCKETS]);

const BUCKETS: usize = 12;
const SHORTEST_WINDOW: Duration = Duration::from_secs(1);
const LEAST_K: f64 = 1.1;

// === impl Throttle ===

impl Throttle {
    /// A throttle that has seen nothing. Values out of range become the nearest that make sense.
    pub fn new(name: impl Into<Arc<str>>, config: ThrottleConfig) -> Self {
        let config = ThrottleConfig {
            k: config.k.max(LEAST_K),
            window: config.window.max(SHORTEST_WINDOW),
            ..config
        };
        Self {
            shared: Arc::new(Shared {
                name: name.into(),
                width: saturating_nanos(config.window) / BUCKETS as u64,
                config,
                requests: Ring::default(),
                rejected: Ring::default(),
                throttled: AtomicU64::new(0),
            }),
        }
    }

    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.shared.name
    }

    /// When it holds requests back.
    pub fn config(&self) -> &ThrottleConfig {
        &self.shared.config
    }

    /// Counts a request that is about to be sent, or holds it back. `random` is uniform in `0..1`.
    ///
    /// # Errors
    /// [`Throttled`] if it is held back.
    pub fn admit(&self, now: Tick, random: f64) -> Result<(), Throttled> {
        let shared = &*self.shared;
        let epoch = shared.epoch(now);
        let told = shared.read(epoch);
        shared.requests.add(epoch);
        if random >= told.probability.as_f64() {
            return Ok(());
        }
        shared.rejected.add(epoch);
        shared.throttled.fetch_add(1, Ordering::Relaxed);
        Err(told)
    }

    /// A request that was sent has been refused for overload.
    pub fn refused(&self, now: Tick) {
        self.shared.rejected.add(self.shared.epoch(now));
    }

    /// All numbers.
    pub fn snapshot(&self, now: Tick) -> ThrottleSnapshot {
        let told = self.shared.read(self.shared.epoch(now));
        ThrottleSnapshot {
            name: Arc::clone(self.name()),
            requests: told.requests,
            accepted: told.accepted,
            probability: told.probability,
            throttled: self.shared.throttled.load(Ordering::Relaxed),
        }
    }
}

// === impl Shared ===

impl Shared {
    /// The number of `now`'s bucket; one that nobody has used has counted nothing in any.
    fn epoch(&self, now: Tick) -> u32 {
        // Wraps after centuries.
        (now.as_nanos() / self.width.max(1)) as u32
    }

    fn read(&self, epoch: u32) -> Throttled {
        let requests = self.requests.sum(epoch);
        let accepted = requests.saturating_sub(self.rejected.sum(epoch));
        let ThrottleConfig {
            k,
            ceiling,
            min_requests,
            ..
        } = self.config;
        let beyond = requests as f64 - k * accepted as f64;
        let probability = if requests < u64::from(min_requests) {
            0.0
        } else {
            (beyond / (requests as f64 + 1.0)).clamp(0.0, ceiling.as_f64())
        };
        Throttled {
            requests,
            accepted,
            probability: Ratio::new(probability).unwrap_or(ceiling),
        }
    }
}

// === impl Ring ===

impl Ring {
    fn add(&self, epoch: u32) {
        let bucket = &self.0[epoch as usize % BUCKETS];
        // Never fails: the closure always has a value.
        let _ = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
            let (of, count) = split(word);
            Some(match of == epoch {
                true => join(epoch, count.saturating_add(1)),
                false => join(epoch, 1),
            })
        });
    }

    /// The counts of the buckets up to `epoch` that are not older than the window.
    fn sum(&self, epoch: u32) -> u64 {
        let counts = self.0.iter().map(|bucket| {
            let (of, count) = split(bucket.load(Ordering::Relaxed));
            let age = epoch.wrapping_sub(of);
            u64::from(if (age as usize) < BUCKETS { count } else { 0 })
        });
        counts.sum()
    }
}

const fn split(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

const fn join(epoch: u32, count: u32) -> u64 {
    (epoch as u64) << 32 | count as u64
}

// === impl Throttled ===

impl Throttled {
    /// When coming back has a chance: after as many seconds as a caller that tries each second needs
    /// tries on average.
    pub fn wait(&self) -> Duration {
        let chance = (1.0 - self.probability.as_f64()).max(0.01);
        Duration::from_secs_f64(1.0 / chance)
    }
}

impl fmt::Display for Throttled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "held back: the backends accepted {} of {} requests",
            self.accepted, self.requests
        )
    }
}

impl core::error::Error for Throttled {}

impl Default for ThrottleConfig {
    fn default() -> Self {
        Self {
            k: 2.0,
            ceiling: Ratio::percent(90),
            window: Duration::from_secs(120),
            min_requests: 50,
        }
    }
}
