//! What a seed means: a pool, its configuration, its clients, and what goes wrong when.

use std::fmt;
use std::time::Duration;

use fastrand::Rng;
use soe503::circuit_breaker::{BreakerConfig, Window};
use soe503::pool::PoolConfig;
use soe503::retry::{Backoff, BudgetConfig, RetryPolicy};
use soe503_core::Ratio;
use soe503_core::health::{CheckConfig, Health};
use soe503_core::hedge::HedgeConfig;
use soe503_core::pool::{Balance, EjectionConfig};

use crate::fault::{Fault, Kind};

/// One run, before it is played. All times are milliseconds from its beginning.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(crate) seed: u64,
    /// The weight of each backend.
    pub(crate) weights: Vec<u32>,
    /// How long a healthy backend takes; up to [`JITTER`] more.
    pub(crate) latency: u32,
    pub(crate) pool: PoolConfig,
    pub(crate) breaker: BreakerConfig,
    pub(crate) budget: BudgetConfig,
    pub(crate) retry: RetryPolicy,
    pub(crate) trust_key: bool,
    /// Whether a 421 is tried again: the backend's word that it did nothing.
    pub(crate) retry_misdirected: bool,
    pub(crate) replay_cap: usize,
    /// A request's time until its head.
    pub(crate) timeout: u32,
    pub(crate) limit: u32,
    pub(crate) checks: Option<CheckConfig>,
    pub(crate) clients: Clients,
    pub(crate) faults: Vec<Fault>,
    /// All faults are over.
    pub(crate) healed: u32,
}

/// Who asks, and how.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    /// The mean time between two requests.
    pub(crate) gap: u32,
    /// Of a hundred: `GET` or `PUT`.
    pub(crate) idempotent: u32,
    /// Of a hundred others: with an `Idempotency-Key`.
    pub(crate) keyed: u32,
    /// Of a hundred: leave before they have everything.
    pub(crate) leaving: u32,
}

/// What a healthy backend's latency varies by.
pub(crate) const JITTER: u32 = 2;
/// Connecting takes no longer.
pub(crate) const CONNECT_TIMEOUT: u32 = 500;
/// No fault makes an answer later than this; it is the longest deadline as well.
pub(crate) const SLOWEST: u32 = 4_000;

// === impl Schedule ===

impl Schedule {
    /// The schedule of `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x5ced_0000_0000_0000);
        let rng = &mut rng;
        let size = *pick(rng, &[1, 2, 2, 3, 3, 3, 4, 5, 6]);
        let unequal = rng.u8(0..4) == 0;
        let weights = (0..size)
            .map(|_| if unequal { rng.u32(1..=3) } else { 1 })
            .collect();
        let length = rng.u32(3_000..=15_000);
        let requests = rng.u32(30..=200);
        let checks = (rng.u8(0..10) < 6).then(|| check_config(rng));
        let mut faults: Vec<Fault> = (0..rng.usize(1..=5))
            .map(|_| Fault::random(rng, size, length, checks.is_some()))
            .collect();
        faults.sort_by_key(|fault| fault.from);
        let healed = faults.iter().map(|fault| fault.until).max().unwrap_or(0);
        let defaults = rng.u8(0..8) == 0;
        // Of a generator of its own: what is older than hedging stays as it was.
        let (hedge, rich) = hedge_config(&mut Rng::with_seed(seed ^ 0x4ed6_0000_0000_0000));
        Self {
            seed,
            weights,
            latency: rng.u32(8..=15),
            pool: PoolConfig {
                hedge,
                ..pool_config(rng, defaults, checks.is_some())
            },
            breaker: breaker_config(rng, defaults),
            budget: match (budget_config(rng, defaults), rich) {
                (budget, None) => budget,
                (budget, Some(ratio)) => BudgetConfig { ratio, ..budget },
            },
            retry: retry_policy(rng, defaults),
            trust_key: rng.bool(),
            retry_misdirected: rng.bool(),
            replay_cap: *pick(rng, &[64 * 1024, 64 * 1024, 64 * 1024, 100, 0]),
            timeout: rng.u32(500..=SLOWEST),
            limit: *pick(rng, &[1_000, 1_000, 1_000, 30, 12]),
            checks,
            clients: Clients {
                gap: (length / requests).max(1),
                idempotent: *pick(rng, &[0, 30, 60, 90, 100]),
                keyed: *pick(rng, &[0, 30, 100]),
                leaving: *pick(rng, &[0, 0, 5, 20, 50]),
            },
            faults,
            healed,
        }
    }

    /// How many backends there are.
    pub(crate) fn size(&self) -> usize {
        self.weights.len()
    }

    /// What is wrong with `machine` at `now`: what began last.
    pub(crate) fn wrong(&self, machine: usize, now: u32) -> Option<Kind> {
        let active = self.faults.iter().rev().filter(|f| f.is_on(machine, now));
        active
            .map(|fault| fault.kind)
            .find(|kind| kind.is_of_machine())
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clients, .. } = self;
        writeln!(
            f,
            "{} backends of weight {:?} that answer within {} to {} ms",
            self.size(),
            self.weights,
            self.latency,
            self.latency + JITTER
        )?;
        writeln!(
            f,
            "a request each {} ms: {} % GET or PUT; of the others, {} % with Idempotency-Key ({}); {} % leave early",
            clients.gap,
            clients.idempotent,
            clients.keyed,
            if self.trust_key {
                "trusted"
            } else {
                "not trusted"
            },
            clients.leaving
        )?;
        writeln!(
            f,
            "deadline {} ms, {} at once, replay cap {} bytes, 421 {}retried",
            self.timeout,
            self.limit,
            self.replay_cap,
            if self.retry_misdirected { "" } else { "not " }
        )?;
        writeln!(f, "{:?}\n{:?}", self.retry, self.budget)?;
        writeln!(f, "{:?}\n{:?}", self.pool, self.breaker)?;
        match &self.checks {
            Some(checks) => writeln!(f, "{checks:?}")?,
            None => writeln!(f, "no health checks")?,
        }
        for fault in &self.faults {
            writeln!(f, "{fault}")?;
        }
        write!(f, "from {} ms on: nothing is wrong", self.healed)
    }
}

/// One of `choices`.
pub(crate) fn pick<'a, T>(rng: &mut Rng, choices: &'a [T]) -> &'a T {
    &choices[rng.usize(..choices.len())]
}

fn millis(rng: &mut Rng, range: std::ops::RangeInclusive<u64>) -> Duration {
    Duration::from_millis(rng.u64(range))
}

/// A window that the clock's grid is a multiple of.
fn window(rng: &mut Rng) -> Duration {
    Duration::from_secs(*pick(rng, &[1, 2, 5, 10]))
}

fn pool_config(rng: &mut Rng, defaults: bool, checked: bool) -> PoolConfig {
    let base = millis(rng, 200..=1_500);
    let ejection = EjectionConfig {
        consecutive_failures: rng.u32(0..=6),
        refused_at_once: rng.u8(0..5) > 0,
        base,
        max: base * rng.u32(1..=6),
        jitter: Ratio::percent(rng.u32(0..=30)),
        max_ejected: Ratio::percent(*pick(rng, &[0, 30, 50, 70, 100])),
        probe_timeout: millis(rng, 500..=10_000),
        probe_any_after: Some(millis(rng, 0..=4_000)),
        ..EjectionConfig::default()
    };
    let starting = checked && rng.u8(0..3) == 0;
    let config = PoolConfig {
        ejection,
        panic_threshold: *pick(
            rng,
            &[None, Some(Ratio::percent(50)), Some(Ratio::percent(70))],
        ),
        slow_start: millis(rng, 0..=4_000),
        latency_decay: millis(rng, 500..=3_000),
        initial_health: if starting {
            Health::Starting
        } else {
            Health::Up
        },
        abandon_after: (rng.u8(0..3) == 0).then(|| millis(rng, 100..=2_000)),
        balance: *pick(
            rng,
            &[
                Balance::P2c,
                Balance::P2c,
                Balance::LeastRequest,
                Balance::RoundRobin,
                Balance::Random,
            ],
        ),
        ..PoolConfig::default()
    };
    if defaults {
        PoolConfig::default()
    } else {
        config
    }
}

/// Two of three pools hedge, as soon as a few answers are known. Most budgets are too small for many hedges
/// among so few requests: the second value is one that is not.
fn hedge_config(rng: &mut Rng) -> (Option<HedgeConfig>, Option<Ratio>) {
    let config = HedgeConfig {
        percentile: Ratio::percent(rng.u32(50..=99)),
        min_delay: millis(rng, 1..=60),
        max: rng.u8(1..=3),
        minimum_requests: rng.u32(1..=20),
    };
    let hedges = rng.u8(0..3) > 0;
    let rich = hedges && rng.bool();
    (hedges.then_some(config), rich.then_some(Ratio::ONE))
}

fn breaker_config(rng: &mut Rng, defaults: bool) -> BreakerConfig {
    let rate = |rng: &mut Rng| (rng.u8(0..3) == 0).then(|| Ratio::percent(rng.u32(20..=90)));
    let open_for = millis(rng, 200..=2_000);
    let window = match rng.bool() {
        true => Window::Time(window(rng)),
        false => Window::Count(rng.u32(20..=50)),
    };
    let config = BreakerConfig {
        consecutive_failures: (rng.u8(0..5) > 0).then(|| rng.u32(2..=10)),
        failure_rate: rate(rng),
        slow_rate: rate(rng),
        slow_request: millis(rng, 200..=1_500),
        window,
        minimum_requests: rng.u32(5..=20),
        open_for,
        max_open_for: open_for * rng.u32(1..=4),
        jitter: Ratio::percent(rng.u32(0..=20)),
        probes: rng.u32(1..=4),
        half_open_timeout: Some(millis(rng, 1_000..=10_000)),
        abandon_after: (rng.u8(0..3) == 0).then(|| millis(rng, 100..=2_000)),
        shadow: rng.u8(0..16) == 0,
        max_consecutive_failures: rng.u32(2..=60),
        probe_interval: (rng.u8(0..4) > 0).then(|| millis(rng, 5..=200)),
        ride_out: match rng.u8(0..3) {
            0 => Duration::ZERO,
            _ => millis(rng, 200..=8_000),
        },
        max_waiting: *pick(rng, &[0, 1, 3, 10, 4096]),
    };
    if defaults {
        BreakerConfig::default()
    } else {
        config
    }
}

fn budget_config(rng: &mut Rng, defaults: bool) -> BudgetConfig {
    let config = BudgetConfig {
        ratio: Ratio::percent(*pick(rng, &[0, 5, 10, 20, 50])),
        window: window(rng),
        min_per_second: rng.u32(0..=4),
    };
    if defaults {
        BudgetConfig::default()
    } else {
        config
    }
}

fn retry_policy(rng: &mut Rng, defaults: bool) -> RetryPolicy {
    let base = millis(rng, 0..=50);
    let config = RetryPolicy {
        attempts: rng.u8(1..=4),
        attempt_timeout: (rng.u8(0..4) > 0).then(|| millis(rng, 100..=1_500)),
        backoff: Backoff {
            base,
            max: base * rng.u32(1..=8),
        },
    };
    if defaults {
        RetryPolicy::default()
    } else {
        config
    }
}

fn check_config(rng: &mut Rng) -> CheckConfig {
    let interval = millis(rng, 300..=2_000);
    CheckConfig {
        interval,
        fast_interval: interval / rng.u32(1..=4),
        down_interval: interval * rng.u32(1..=4),
        timeout: millis(rng, 200..=1_000),
        rise: rng.u32(1..=3),
        fall: rng.u32(1..=3),
        jitter: Ratio::percent(rng.u32(0..=20)),
        initial: Health::Up,
        overruled_by_traffic: rng.u32(0..4) > 0,
    }
}
