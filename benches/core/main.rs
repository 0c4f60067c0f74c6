//! What single decisions of the core cost: `cargo bench -p soe503-benches`.
//!
//! The first group is paid by every request, the second only by one that failed.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use soe503_core::breaker::{Breaker, BreakerConfig};
use soe503_core::diagnosis::history::{BackendSecond, History, Label, Second};
use soe503_core::diagnosis::rules::{Inputs, Own, judge};
use soe503_core::diagnosis::{Context, diagnose};
use soe503_core::explain::{Exposure, Format, Telling, tell};
use soe503_core::histogram::Histogram;
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase, TimeoutKind};
use soe503_core::limit::ConcurrencyLimit;
use soe503_core::pool::{BackendSpec, Pool, PoolConfig, Tried};
use soe503_core::retry::{BudgetConfig, RetryBudget};
use soe503_core::{Cause, Outcome, Ratio, Tick};

const ECONNREFUSED: i32 = 111;

/// A clock that goes on by a microsecond with each look, so that windows turn as they do in life.
struct Clock(Cell<u64>);

impl Clock {
    const fn new() -> Self {
        Self(Cell::new(1_000_000_000))
    }

    fn now(&self) -> Tick {
        self.0.set(self.0.get() + 1_000);
        Tick::from_nanos(self.0.get())
    }
}

fn every_request(c: &mut Criterion) {
    let mut group = c.benchmark_group("every request");
    let rules = [
        ("consecutive failures", BreakerConfig::default()),
        (
            "and a failure rate",
            BreakerConfig {
                failure_rate: Some(Ratio::new(0.5).expect("a ratio")),
                ..BreakerConfig::default()
            },
        ),
    ];
    for (name, config) in rules {
        let (breaker, clock) = (Breaker::new("app", config, 1), Clock::new());
        group.bench_function(BenchmarkId::new("breaker: admit and record", name), |b| {
            b.iter(|| {
                let permit = breaker.admit(clock.now()).expect("closed");
                permit.record(clock.now(), Outcome::SUCCESS)
            });
        });
    }

    for size in [3, 100] {
        let (pool, clock) = (pool(size), Clock::new());
        let (tried, mut rng) = (Tried::new(), fastrand::Rng::with_seed(1));
        group.bench_function(BenchmarkId::new("pool: pick and record", size), |b| {
            b.iter(|| {
                let lease = pool.pick(clock.now(), &tried, true, &mut rng);
                let mut lease = lease.expect("backends are up");
                lease.responded(clock.now());
                lease.record(clock.now(), Outcome::SUCCESS)
            });
        });
    }

    let (budget, clock) = (
        RetryBudget::new("app", BudgetConfig::default()),
        Clock::new(),
    );
    group.bench_function("retry budget: deposit", |b| {
        b.iter(|| budget.deposit(clock.now()));
    });
    let limit = ConcurrencyLimit::new("app", 1_000);
    group.bench_function("concurrency limit: acquire and release", |b| {
        b.iter(|| limit.try_acquire().expect("room"));
    });
    let histogram = Histogram::new();
    group.bench_function("histogram: record", |b| {
        b.iter(|| histogram.record(black_box(Duration::from_micros(730))));
    });
    group.finish();
}

fn a_failed_request(c: &mut Criterion) {
    let mut group = c.benchmark_group("a failed request");
    let (ledger, context) = (refused(), Context::new(Tick::from_secs(2)));
    group.bench_function("diagnose", |b| {
        b.iter(|| diagnose(black_box(&ledger), &context));
    });
    let (late, around) = (late(), in_overload());
    group.bench_function("diagnose, with findings about its pool", |b| {
        b.iter(|| diagnose(black_box(&late), &around));
    });
    let diagnosis = diagnose(&ledger, &context);
    for exposure in [Exposure::Public, Exposure::Full] {
        let mut telling = Telling::new(&diagnosis, &ledger, "edge-eu1", "01KAPX3Q", 1_795_369_268);
        telling.exposure = exposure;
        let name = format!("{exposure:?}");
        group.bench_function(BenchmarkId::new("tell as problem document", name), |b| {
            b.iter(|| tell(black_box(&telling), Format::ProblemJson));
        });
    }
    group.finish();
}

/// A request that ran into its timeout.
fn late() -> Ledger {
    Ledger::from(Attempt {
        backend: Some("b0".into()),
        phase: Phase::WaitHeaders,
        fault: Some(Fault::Timeout(TimeoutKind::Attempt)),
        elapsed: Duration::from_secs(1),
        ..Attempt::begin(1, Tick::from_secs(1))
    })
}

/// What the rules find about three backends that are asked for three times what is usual.
fn in_overload() -> Context {
    let mut history = History::new(0);
    for at in 1_000..1_060 {
        let more = u32::try_from(at).unwrap_or_default().saturating_sub(1_040);
        let second = Second {
            at,
            offered: 90 + 20 * more,
            good: 90,
            failures: (more > 0)
                .then_some((Cause::DependencyResponseTimeout, 20 * more))
                .into_iter()
                .collect(),
            ..Second::default()
        };
        let slow = Duration::from_millis(20 + 40 * u64::from(more));
        let backends = (0..3).map(|i| {
            let second = BackendSecond {
                at,
                attempts: 30,
                failures: more,
                in_flight: 1 + 3 * more,
                p50: Some(slow),
                p99: Some(slow * 4),
            };
            (Label::new(format!("b{i}")), second)
        });
        history.push(second, backends);
    }
    let findings = judge(&Inputs {
        now: Tick::from_secs(1_060),
        history: &history,
        own: &Own::default(),
        limit: None,
        words: &[],
        departures: &[],
        speak_tls: &[],
        late: None,
        silent: &[],
        broken_checks: &[],
        everywhere: None,
        before: None,
    });
    assert!(!findings.list.is_empty());
    Context {
        findings: Some(Arc::new(findings)),
        ..Context::new(Tick::from_secs(1_060))
    }
}

fn pool(size: u16) -> Pool<()> {
    let pool = Pool::new("app", PoolConfig::default(), 1);
    let backends = (0..size)
        .map(|n| BackendSpec::new(format!("127.0.0.1:{}", 8_000 + n), ()))
        .collect();
    pool.set_backends(backends, Tick::ZERO);
    pool
}

/// Three attempts, each refused by another backend.
fn refused() -> Ledger {
    let mut ledger = Ledger::default();
    for number in 1..=3 {
        let mut attempt = Attempt::begin(number, Tick::from_secs(1));
        let address: Arc<str> = format!("127.0.0.1:808{number}").into();
        attempt.backend = Some(address.clone());
        attempt.address = Some(address);
        attempt.phase = Phase::Connect;
        attempt.fault = Some(Fault::Errno(ECONNREFUSED));
        attempt.bytes_sent = Some(0);
        attempt.accepted_before = true;
        ledger.attempts.push(attempt);
    }
    ledger
}

criterion_group!(core, every_request, a_failed_request);
criterion_main!(core);
