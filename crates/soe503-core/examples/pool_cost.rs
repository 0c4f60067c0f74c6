//! What a pick and its result cost: `pool_cost BACKENDS REQUESTS [FAILED_PERCENT [POLICY]]`.
//!
//! For counting instructions, not seconds: run it under callgrind with two numbers of requests and
//! divide the difference (`benches/scale/README.md`).

use core::time::Duration;

use soe503_core::health::{Health, HealthReport};
use soe503_core::pool::{Affinity, Ask, BackendSpec, Balance, Hashing, Pool, PoolConfig, Tried};
use soe503_core::{Cause, Outcome, Tick};

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|arg| arg.parse::<u64>().ok());
    let backends = numbers.next().unwrap_or(3);
    let requests = numbers.next().unwrap_or(100_000);
    let failed = numbers.next().unwrap_or(0);
    let hashing = Hashing::DEFAULT;
    let balance = match std::env::args().nth(4).as_deref() {
        Some("least_request") => Balance::LeastRequest,
        Some("round_robin") => Balance::RoundRobin,
        Some("random") => Balance::Random,
        Some("ring_hash") => Balance::RingHash(hashing),
        Some("maglev") => Balance::Maglev(hashing),
        Some("maglev_bounded") => Balance::Maglev(hashing.bounded(1.25)),
        _ => Balance::P2c,
    };
    let config = PoolConfig {
        balance,
        ..PoolConfig::default()
    };
    let pool = Pool::new("app", config, 1);
    let spec = |i| BackendSpec::new(format!("10.0.{}.{}:80", i / 256, i % 256), ());
    pool.set_backends((0..backends).map(spec).collect(), Tick::from_secs(1));
    // A tenth is down, as ever in a large fleet.
    for i in (0..backends / 10).map(|i| i as u32) {
        let mut report = HealthReport::unchecked(Health::Down);
        report.cause = Some(Cause::DependencyConnectTimeout);
        let _known = pool.set_health(i, report, Tick::from_secs(1));
    }
    let mut rng = fastrand::Rng::with_seed(7);
    let mut served = 0_u64;
    for i in 0..requests {
        // 100,000 requests a second.
        let now = Tick::from_secs(1).after(Duration::from_micros(10 * i));
        let tried = Tried::new();
        let mut ask = Ask::new(now, &tried).probe_allowed(true);
        if balance.hashing().is_some() {
            ask = ask.affinity(Affinity::NONE.with_hash(Affinity::hash(&i.to_le_bytes())));
        }
        let Ok(mut lease) = pool.pick_for(&ask, &mut rng) else {
            continue;
        };
        let end = now.after(Duration::from_micros(300));
        lease.responded(end);
        let outcome = if rng.u64(0..100) < failed {
            Outcome::failure(Cause::DependencyUpstreamError)
        } else {
            Outcome::SUCCESS
        };
        let _recorded = lease.record(end, outcome);
        served += 1;
    }
    println!("{served} of {requests}");
}
