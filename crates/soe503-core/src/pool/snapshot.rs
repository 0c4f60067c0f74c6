//! What a pool looks like at one moment.

use core::fmt;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use super::backend::{Backend, FULL_SHARE, Key};
use super::balance::Balance;
use super::census::Census;
use super::config::PoolConfig;
use super::ejections::EjectionCounts;
use super::handle::Pool;
use super::refusal::StateCounts;
use super::state::{BackendState, Why};
use super::tiers::Tier;
use super::word::Flags;
use crate::Tick;
use crate::health::HealthReport;

/// All that is to be said about a pool: what `GET /api/v1/pools` shows of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PoolSnapshot {
    /// The pool's name.
    pub name: Arc<str>,
    /// In one word.
    pub state: PoolState,
    /// Backends out of rotation are picked, because checks condemn too many or none else is left.
    pub panic: bool,
    /// How often that happened, ever.
    pub panic_picks: u64,
    /// How often backends were ejected, and why.
    pub ejections: EjectionCounts,
    /// How many backends are in which state.
    pub counts: StateCounts,
    /// The median of the backends' latency estimates.
    pub typical_latency: Option<Duration>,
    /// How a backend is chosen.
    pub balance: Balance,
    /// Priorities and zones, in the order in which they are used; empty if all backends are in one.
    pub tiers: Vec<TierSnapshot>,
    /// The backends, in the order in which they were given.
    pub backends: Vec<BackendSnapshot>,
}

/// Backends of one priority, in or outside of the own zone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TierSnapshot {
    /// The priority.
    pub priority: u8,
    /// They are in the own zone.
    pub local: bool,
    /// How many there are.
    pub backends: u32,
    /// How many of them are in rotation.
    pub usable: u32,
    /// The part of the traffic that they get, from 0 to 1.
    pub share: f64,
}

/// The state of a pool in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PoolState {
    /// All backends that no operator took out are in rotation.
    Ok,
    /// Some are not, or checks are not believed.
    Degraded,
    /// No backend is in rotation.
    Down,
}

/// All that is to be said about a backend.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BackendSnapshot {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: Arc<str>,
    /// Where it is.
    pub address: Arc<str>,
    /// The state it shows.
    pub state: BackendState,
    /// Why, unless it is simply up.
    pub why: Option<Why>,
    /// Since when that state holds.
    pub since: Tick,
    /// Its weight as configured.
    pub weight: u32,
    /// Its priority.
    pub priority: u8,
    /// Where it stands.
    pub zone: Option<Arc<str>>,
    /// The part of its weight that it has now: less than 1 while warming.
    pub share: f64,
    /// Attempts in flight.
    pub in_flight: u32,
    /// How many it may have; `None`: as many as come.
    pub max_in_flight: Option<u32>,
    /// Attempts, ever.
    pub requests: u64,
    /// Failed attempts, ever.
    pub failures: u64,
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// Results that came too late to change its state, ever.
    pub stale: u64,
    /// Latencies.
    pub latency: LatencySnapshot,
    /// How busy it is by its own account, lately: 1 is fully.
    pub utilization: Option<f64>,
    /// What active checks say.
    pub health: HealthReport,
    /// They condemn it, and are not believed: requests are answered.
    pub check_overruled: bool,
    /// The ejection in force.
    pub ejection: Option<EjectionSnapshot>,
    /// Ejections and failed probes, ever.
    pub ejections: u32,
}

/// Latencies of a backend. `None`: no attempt lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LatencySnapshot {
    /// What the balancer expects now.
    pub estimate: Option<Duration>,
    /// Half of the recent attempts took no longer.
    pub p50: Option<Duration>,
    /// Of a hundred recent attempts, ninety-nine took no longer.
    pub p99: Option<Duration>,
}

/// An ejection in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EjectionSnapshot {
    /// Why.
    pub why: Why,
    /// When a probe may go.
    pub due: Tick,
    /// A probe is in flight.
    pub probing: bool,
    /// Ejections and failed probes of this backend, ever.
    pub count: u32,
}

// === impl Pool ===

impl<S> Pool<S> {
    /// Everything about the pool. Does what is due by time first, so that nothing outdated shows.
    pub fn snapshot(&self, now: Tick) -> PoolSnapshot {
        let shared = &self.shared;
        shared.tend(now);
        let config = shared.config.load();
        let backends = self.backends();
        let members = shared.members.load();
        let census = members.whole.roster.census();
        let panic = members.panics(config.panic_threshold) || census.rotation == 0;
        let shown: Vec<_> = backends
            .iter()
            .map(|backend| backend.snapshot(&config, now))
            .collect();
        let mut counts = StateCounts::default();
        shown.iter().for_each(|backend| counts.add(backend.state));
        PoolSnapshot {
            name: Arc::clone(&shared.name),
            state: PoolState::of(&census, panic),
            panic: panic && members.whole.roster.admit().is_some(),
            panic_picks: shared.panic_picks.load(Ordering::Relaxed),
            ejections: shared.ejections.counts(),
            counts,
            typical_latency: self.typical_latency(),
            balance: config.balance,
            tiers: members.tiers.as_ref().map_or_else(Vec::new, |tiers| {
                let tiers = tiers.iter();
                tiers.map(|(tier, part)| tier.snapshot(part)).collect()
            }),
            backends: shown,
        }
    }

    /// All backends that no operator took out are in rotation, and their checks are believed. Cheap: nothing is looked at
    /// one by one.
    pub fn is_well(&self) -> bool {
        let members = self.shared.members.load();
        PoolState::of(&members.whole.roster.census(), false) == PoolState::Ok
    }

    /// Everything about one backend; `None` if the pool has none such.
    pub fn backend_snapshot<'a>(
        &self,
        key: impl Into<Key<'a>>,
        now: Tick,
    ) -> Option<BackendSnapshot> {
        let backend = self.backend(key)?;
        Some(backend.snapshot(&self.shared.config.load(), now))
    }
}

// === impl Backend ===

impl<S> Backend<S> {
    fn snapshot(&self, config: &PoolConfig, now: Tick) -> BackendSnapshot {
        let utilization = self.utilization(now);
        let vitals = &self.vitals;
        vitals.histogram.fade(now);
        let cold = vitals.cold();
        let flags = self.flags();
        let estimate = vitals.estimate.last(now).map(|_| {
            let nanos = vitals
                .estimate
                .read(now, self.climate.typical(), self.climate.decay());
            Duration::from_nanos(nanos as u64)
        });
        let ejection = cold
            .ejection
            .as_deref()
            .cloned()
            .filter(|_| flags.has(Flags::EJECTED));
        BackendSnapshot {
            id: self.id,
            name: Arc::clone(&self.name),
            address: Arc::clone(&self.address),
            state: BackendState::of(flags),
            why: cold.why(flags, vitals.warm_until(config.slow_start)),
            since: cold.since,
            weight: self.weight,
            priority: self.priority,
            zone: self.zone.clone(),
            share: self.share(flags, now, config.slow_start) as f64
                / (f64::from(self.weight) * FULL_SHARE as f64),
            in_flight: self.in_flight(),
            max_in_flight: self.max_in_flight(),
            requests: self.requests(),
            failures: self.failures(),
            consecutive_failures: self.consecutive_failures(),
            stale: vitals.stale.load(Ordering::Relaxed),
            latency: LatencySnapshot {
                estimate,
                p50: vitals.histogram.quantile(0.5),
                p99: vitals.histogram.quantile(0.99),
            },
            utilization,
            health: cold.health.clone(),
            check_overruled: flags.has(Flags::OVERRULED),
            ejections: cold.ejections,
            ejection: ejection.map(|why| EjectionSnapshot {
                why,
                due: vitals.due(),
                probing: flags.has(Flags::PROBING),
                count: cold.ejections,
            }),
        }
    }
}

// === impl Tier ===

impl Tier {
    /// With `part` millionths of the traffic.
    fn snapshot(&self, part: u32) -> TierSnapshot {
        TierSnapshot {
            priority: self.priority,
            local: self.local,
            backends: self.group.roster.len() as u32,
            usable: self.group.roster.census().rotation,
            share: f64::from(part) / 1e6,
        }
    }
}

// === impl PoolState ===

impl PoolState {
    /// `ok`, `degraded` or `down`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    const fn of(census: &Census, panic: bool) -> Self {
        if census.rotation == 0 {
            Self::Down
        } else if panic || census.overruled > 0 || census.rotation < census.enabled() {
            Self::Degraded
        } else {
            Self::Ok
        }
    }
}

impl fmt::Display for PoolState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
