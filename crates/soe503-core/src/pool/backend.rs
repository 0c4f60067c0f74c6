//! One backend.

use core::fmt;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::{Arc, Weak};

use super::handle::Shared;
use super::latency::Climate;
use super::state::BackendState;
use super::vitals::Vitals;
use super::word::Flags;
use crate::Tick;
use crate::health::Health;
use crate::histogram::HistogramSnapshot;

/// A backend as configured or discovered.
#[derive(Clone, Debug)]
pub struct BackendSpec<S> {
    /// Unique in the pool. State is kept by name.
    pub name: Arc<str>,
    /// Where it is, as text. Another address under the same name is another machine: what traffic
    /// and checks said about the old one is forgotten.
    pub address: Arc<str>,
    /// Its share relative to the others. 0 counts as 1.
    pub weight: u32,
    /// Its level: those of the lowest number get the traffic as long as they can carry it.
    pub priority: u8,
    /// Where it stands. Compared with [`PoolConfig::zone`](super::PoolConfig::zone).
    pub zone: Option<Arc<str>>,
    /// The number by which a client asks for it again ([`Affinity`](super::Affinity)).
    pub badge: Option<u64>,
    /// How many requests it may have in flight. `None`: as many as come. 0 counts as 1.
    pub max_in_flight: Option<u32>,
    /// What reaches it; the pool only hands it out.
    pub service: S,
}

/// A backend of a pool: what is fixed about it, and its counters.
pub struct Backend<S> {
    /// Unique in the pool for ever; a replaced backend of the same name keeps it.
    pub id: u32,
    /// Unique in the pool.
    pub name: Arc<str>,
    /// Where it is, as text.
    pub address: Arc<str>,
    /// Its share relative to the others, at least 1.
    pub weight: u32,
    /// Its level; the lowest number comes first.
    pub priority: u8,
    /// Where it stands.
    pub zone: Option<Arc<str>>,
    /// The number by which a client asks for it again.
    pub badge: Option<u64>,
    /// What reaches it.
    pub service: S,
    /// What one attempt in flight counts: the pool's mean weight by this one's.
    pub(super) load_unit: f32,
    /// How many attempts it may have in flight; [`NO_LIMIT`]: as many as come.
    pub(super) limit: u32,
    pub(super) vitals: Arc<Vitals>,
    pub(super) climate: Arc<Climate>,
    /// Failures concern the siblings too; successes never need them.
    pub(super) pool: Weak<Shared<S>>,
}

/// Names a backend of a pool: by id or by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// By [`Backend::id`].
    Id(u32),
    /// By [`Backend::name`].
    Name(&'a str),
}

/// What no number of attempts in flight reaches.
pub(super) const NO_LIMIT: u32 = u32::MAX;
/// A share of the weight in thousandths, for integer comparisons.
pub(super) const FULL_SHARE: u64 = 1_000;
/// The smallest share of a backend that warms up: a tenth.
const COLD_SHARE: u64 = FULL_SHARE / 10;

// === impl BackendSpec ===

impl<S> BackendSpec<S> {
    /// A backend of weight 1, whose name is its address.
    pub fn new(address: impl Into<Arc<str>>, service: S) -> Self {
        let address = address.into();
        Self {
            name: Arc::clone(&address),
            address,
            weight: 1,
            priority: 0,
            zone: None,
            badge: None,
            max_in_flight: None,
            service,
        }
    }
}

// === impl Backend ===

impl<S> Backend<S> {
    /// The state it shows.
    pub fn state(&self) -> BackendState {
        BackendState::of(self.flags())
    }

    /// Attempts in flight.
    pub fn in_flight(&self) -> u32 {
        self.vitals.in_flight.load(Ordering::Relaxed)
    }

    /// How many attempts it may have in flight; `None`: as many as come. A slow start lets it have fewer.
    pub fn max_in_flight(&self) -> Option<u32> {
        (self.limit != NO_LIMIT).then_some(self.limit)
    }

    /// Attempts, ever.
    pub fn requests(&self) -> u64 {
        self.vitals.requests.load(Ordering::Relaxed)
    }

    /// Failed attempts, ever.
    pub fn failures(&self) -> u64 {
        self.vitals.failures.load(Ordering::Relaxed)
    }

    /// Failures since the last success.
    pub fn consecutive_failures(&self) -> u32 {
        self.vitals.consecutive.load(Ordering::Relaxed)
    }

    /// What checks say of it, as far as they are believed: whatever else keeps it out of rotation.
    pub fn health(&self) -> Health {
        self.flags().health()
    }

    /// Its check fails, and requests show that the check is wrong.
    pub fn is_check_overruled(&self) -> bool {
        self.flags().has(Flags::OVERRULED)
    }

    /// The latency that recent attempts do not exceed in `q` (0 to 1) of the cases.
    pub fn latency(&self, q: f64) -> Option<Duration> {
        self.vitals.histogram.quantile(q)
    }

    /// Its latencies, for whoever wants to know what came since the last time.
    pub fn latencies(&self) -> HistogramSnapshot {
        self.vitals.histogram.snapshot()
    }

    /// What it runs, by the word of its health checks. Takes a lock: not for the request path.
    pub fn release(&self) -> Option<Arc<str>> {
        self.vitals.cold().health.release.clone()
    }

    /// Attempts that were waited for beyond their time, ever, and how many of them were answered well.
    pub fn late(&self) -> (u64, u64) {
        (
            self.vitals.late.load(Ordering::Relaxed),
            self.vitals.late_good.load(Ordering::Relaxed),
        )
    }

    pub(super) fn flags(&self) -> Flags {
        self.vitals.word.load()
    }

    /// What one more attempt is expected to cost, relative to the siblings.
    ///
    /// The load counts relative to the share: twice the weight carries twice as much, and a backend
    /// that warms up is ramped in concurrency as it is in frequency. Idle, shares do not matter here.
    pub(super) fn cost(&self, flags: Flags, now: Tick, slow_start: Duration) -> f32 {
        let climate = &self.climate;
        let estimate = self
            .vitals
            .estimate
            .read(now, climate.typical(), climate.decay());
        estimate * self.load(flags, now, slow_start) * self.dearness(now)
    }

    /// The same where latencies are not looked at. What failures and reports add counts in steps of
    /// √2, so that what is left of an old failure does not decide between idle backends for ever.
    pub(super) fn load_cost(&self, flags: Flags, now: Tick, slow_start: Duration) -> f32 {
        let steps = (self.dearness(now).log2() * 2.0).floor();
        self.load(flags, now, slow_start) * (steps / 2.0).exp2()
    }

    /// By how much more failures make it dearer to a request that may not run twice: their factor counts
    /// three times instead of once, in steps as in [`Self::load_cost`]. Requests that can be sent elsewhere find
    /// out whether it is well again.
    pub(super) fn caution(&self, now: Tick) -> f32 {
        let penalty = self.vitals.penalty.factor(now);
        if penalty == 1.0 {
            return 1.0;
        }
        let steps = (penalty.log2() * 4.0).floor();
        (steps / 2.0).exp2()
    }

    /// By how much failures and reports make it dearer.
    #[inline]
    fn dearness(&self, now: Tick) -> f32 {
        let penalty = self.vitals.penalty.factor(now);
        match self.pressure(now) {
            None => penalty,
            Some(pressure) => penalty * pressure,
        }
    }

    /// The load relative to the share, with one more attempt.
    #[inline]
    fn load(&self, flags: Flags, now: Tick, slow_start: Duration) -> f32 {
        let mut load = self.in_flight() as f32 * self.load_unit;
        if flags.has(Flags::WARMING) {
            load *= FULL_SHARE as f32 / self.warmth(now, slow_start) as f32;
        }
        load + 1.0
    }

    /// The weight in thousandths, less while warming.
    pub(super) fn share(&self, flags: Flags, now: Tick, slow_start: Duration) -> u64 {
        let warmth = if flags.has(Flags::WARMING) {
            self.warmth(now, slow_start)
        } else {
            FULL_SHARE
        };
        u64::from(self.weight) * warmth
    }

    /// How far the slow start is, in thousandths of the full share.
    pub(super) fn warmth(&self, now: Tick, slow_start: Duration) -> u64 {
        let since = Tick::from_nanos(self.vitals.warm_since.load(Ordering::Relaxed));
        (u128::from(FULL_SHARE) * now.since(since).as_nanos())
            .checked_div(slow_start.as_nanos())
            .map_or(FULL_SHARE, |grown| grown.min(u128::from(FULL_SHARE)) as u64)
            .max(COLD_SHARE)
    }
}

impl<S> fmt::Debug for Backend<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("address", &self.address)
            .field("weight", &self.weight)
            .field("state", &self.state())
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

// === impl Key ===

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl From<u32> for Key<'_> {
    fn from(id: u32) -> Self {
        Self::Id(id)
    }
}

impl<'a> From<&'a str> for Key<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl<'a> From<&'a Arc<str>> for Key<'a> {
    fn from(name: &'a Arc<str>) -> Self {
        Self::Name(name)
    }
}

#[cfg(test)]
#[path = "backend_tests.rs"]
mod tests;
