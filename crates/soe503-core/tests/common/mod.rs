//! A pool with backends `b0`, `b1`, … and a seeded generator.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses a part of it"
)]

use std::time::Duration;

use soe503_core::health::{Health, HealthReport};
use soe503_core::pool::{
    Affinity, Ask, BackendSpec, BackendState, Balance, Lease, NoBackend, Pool, PoolConfig,
    PoolSnapshot, Recorded, Tried,
};
use soe503_core::{Cause, Outcome, Tick};

pub const REFUSED: Outcome = Outcome::failure(Cause::DependencyConnectRefused);
pub const TIMEOUT: Outcome = Outcome::failure(Cause::DependencyResponseTimeout);
pub const ERROR: Outcome = Outcome::failure(Cause::DependencyUpstreamError);

#[derive(Debug)]
pub struct TestPool {
    pub pool: Pool<()>,
    pub rng: fastrand::Rng,
}

pub const fn at(secs: u64) -> Tick {
    Tick::from_secs(secs)
}

pub const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn specs(weights: &[u32]) -> Vec<BackendSpec<()>> {
    let spec = |(i, &weight): (usize, &u32)| BackendSpec {
        name: format!("b{i}").into(),
        weight,
        ..BackendSpec::new(format!("10.0.0.{i}:80"), ())
    };
    weights.iter().enumerate().map(spec).collect()
}

pub fn report(health: Health, cause: Option<Cause>, error: Option<&str>) -> HealthReport {
    HealthReport {
        cause,
        last_error: error.map(Into::into),
        last_at: Some(at(1)),
        ..HealthReport::unchecked(health)
    }
}

impl TestPool {
    pub fn of(size: u32) -> Self {
        Self::with(size, PoolConfig::default())
    }

    pub fn with(size: u32, config: PoolConfig) -> Self {
        Self::build(&vec![1; size as usize], config)
    }

    pub fn weighted(weights: &[u32]) -> Self {
        Self::build(weights, PoolConfig::default())
    }

    pub fn balanced(weights: &[u32], balance: Balance) -> Self {
        let config = PoolConfig {
            balance,
            ..PoolConfig::default()
        };
        Self::build(weights, config)
    }

    /// A pick for the key number `key`.
    pub fn pick_key(&mut self, key: u64, now: Tick, tried: &Tried) -> Lease<()> {
        let affinity = Affinity::NONE.with_hash(Affinity::hash(&key.to_le_bytes()));
        let ask = Ask::new(now, tried).affinity(affinity);
        self.pool.pick_for(&ask, &mut self.rng).unwrap()
    }

    pub fn build(weights: &[u32], config: PoolConfig) -> Self {
        let pool = Pool::new("app", config, 7);
        pool.set_backends(specs(weights), at(0));
        Self {
            pool,
            rng: fastrand::Rng::with_seed(11),
        }
    }

    pub fn grow_to(&self, size: usize, now: Tick) {
        self.pool.set_backends(specs(&vec![1; size]), now);
    }

    pub fn names(&self) -> Vec<String> {
        self.pool
            .backends()
            .iter()
            .map(|backend| backend.name.to_string())
            .collect()
    }

    pub fn pick(&mut self, now: Tick) -> Lease<()> {
        self.pick_with(now, &Tried::new(), false).unwrap()
    }

    pub fn pick_with(
        &mut self,
        now: Tick,
        tried: &Tried,
        probe: bool,
    ) -> Result<Lease<()>, NoBackend> {
        self.pool.pick(now, tried, probe, &mut self.rng)
    }

    /// A lease on this very backend: all others count as tried.
    pub fn lease(&mut self, name: &str, now: Tick) -> Lease<()> {
        self.try_lease(name, now, false).unwrap()
    }

    pub fn try_lease(&mut self, name: &str, now: Tick, probe: bool) -> Option<Lease<()>> {
        let mut tried = Tried::new();
        for backend in &*self.pool.backends() {
            if &*backend.name != name {
                tried.insert(backend.id);
            }
        }
        let lease = self.pick_with(now, &tried, probe).ok()?;
        (&*lease.backend().name == name).then_some(lease)
    }

    /// A successful attempt on `name` that ends at `now`.
    pub fn answer(&mut self, name: &str, now: Tick, latency: Duration) {
        let lease = self.lease(name, now.before(latency));
        lease.record(now, Outcome::SUCCESS);
    }

    pub fn record(&mut self, name: &str, now: Tick, outcome: Outcome) -> Recorded {
        self.lease(name, now).record(now, outcome)
    }

    pub fn state(&self, name: &str) -> BackendState {
        self.pool.backend(name).unwrap().state()
    }

    pub fn snapshot(&self, now: Tick) -> PoolSnapshot {
        self.pool.snapshot(now)
    }

    pub fn due(&self, name: &str, now: Tick) -> Tick {
        let snapshot = self.snapshot(now);
        let backend = snapshot
            .backends
            .iter()
            .find(|backend| &*backend.name == name)
            .unwrap();
        backend.ejection.as_ref().unwrap().due
    }
}
