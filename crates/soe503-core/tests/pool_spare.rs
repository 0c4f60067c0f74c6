//! Whom a pool can spare, and what an ejection leaves behind.

mod common;

use common::{ERROR, REFUSED, TIMEOUT, TestPool, at, ms, report, secs};
use soe503_core::health::Health;
use soe503_core::pool::{
    BackendSpec, BackendState, Balance, EjectionConfig, LeaseKind, PoolConfig,
};
use soe503_core::{Cause, Outcome, Ratio, Tick};

/// No jitter, so that times are exact.
fn exact() -> PoolConfig {
    PoolConfig {
        ejection: EjectionConfig {
            jitter: Ratio::ZERO,
            ..EjectionConfig::default()
        },
        ..PoolConfig::default()
    }
}

fn down(pool: &TestPool, name: &str) {
    let dead = Some(Cause::DependencyConnectTimeout);
    let down = report(Health::Down, dead, Some("connect: timed out"));
    pool.pool.set_health(name, down, at(1)).unwrap();
}

/// Sends the probe of `name`, due `now`, with this result.
fn probe(pool: &mut TestPool, name: &str, now: Tick, outcome: Outcome) {
    let lease = pool.try_lease(name, now, true).expect("a probe is due");
    assert_eq!(lease.kind(), LeaseKind::Probe);
    lease.record(now, outcome);
}

/// Whether the refusal of `name` ejects it.
fn goes(pool: &mut TestPool, name: &str) -> bool {
    pool.record(name, at(1), REFUSED).transition.is_some()
}

/// Whom checks condemn serves while they are not believed, and only then.
#[test]
fn the_last_that_serves_is_never_ejected() {
    let with = |panic_threshold| PoolConfig {
        panic_threshold,
        ..exact()
    };
    let mut believed = TestPool::with(2, with(None));
    down(&believed, "b1");
    assert!(!goes(&mut believed, "b0"), "nobody else may serve");
    let mut doubted = TestPool::with(2, with(Some(Ratio::percent(40))));
    down(&doubted, "b1");
    assert!(goes(&mut doubted, "b0"), "b1 serves as well");
    assert!(!goes(&mut doubted, "b1"));
    let mut both = TestPool::with(2, exact());
    down(&both, "b0");
    down(&both, "b1");
    assert!(goes(&mut both, "b0"));
    assert!(!goes(&mut both, "b1"), "the last of those");
}

/// It was refused once, and is slow now: that is not what it is out for.
#[test]
fn a_slow_answer_brings_back_who_was_not_out_for_that() {
    let mut pool = TestPool::with(3, exact());
    for second in 1..=5 {
        for name in ["b0", "b1", "b2"] {
            pool.answer(name, at(second), ms(40));
        }
    }
    pool.record("b0", at(6), REFUSED);
    let probe = pool.try_lease("b0", at(7), true).unwrap();
    let back = probe.record(at(9), Outcome::SUCCESS).transition.unwrap();
    assert_eq!(back.to, BackendState::Warming);
}

/// Twice out, the next time out is four seconds; ten successes halve it, however often it has been out.
#[test]
fn successes_shorten_the_next_time_out_after_the_second_as_well() {
    for (successes, seconds) in [(9, 4), (10, 2), (20, 1)] {
        let mut pool = TestPool::with(2, exact());
        pool.record("b0", at(1), REFUSED);
        probe(&mut pool, "b0", at(2), Outcome::SUCCESS);
        pool.record("b0", at(3), REFUSED);
        probe(&mut pool, "b0", at(5), Outcome::SUCCESS);
        for _ in 0..successes {
            pool.answer("b0", at(6), ms(1));
        }
        pool.record("b0", at(7), REFUSED);
        let out = pool.due("b0", at(7)).since(at(7));
        assert_eq!(out, secs(seconds), "{successes}");
    }
}

/// Where only some requests fail, it takes thirty.
#[test]
fn who_was_out_for_its_rate_has_to_prove_more() {
    for (successes, seconds) in [(29, 2), (30, 1)] {
        let mut config = exact();
        config.ejection.consecutive_failures = 0;
        let mut pool = TestPool::with(3, config);
        let mut now = at(1);
        for n in 0_u32.. {
            now = now.after(ms(10));
            pool.answer("b0", now, ms(1));
            pool.answer("b2", now, ms(1));
            if n % 2 == 0 {
                pool.answer("b1", now, ms(1));
            } else if pool.record("b1", now, ERROR).transition.is_some() {
                break;
            }
        }
        let due = pool.due("b1", now);
        probe(&mut pool, "b1", due, Outcome::SUCCESS);
        for _ in 0..successes {
            pool.answer("b1", due, ms(1));
        }
        pool.record("b1", due, REFUSED);
        let out = pool.due("b1", due).since(due);
        assert_eq!(out, secs(seconds), "{successes}");
    }
}

#[test]
fn who_is_back_is_no_dearer_for_what_it_was_out_for() {
    let config = PoolConfig {
        balance: Balance::LeastRequest,
        slow_start: secs(0),
        ..exact()
    };
    let mut pool = TestPool::with(2, config);
    pool.record("b0", at(1), REFUSED);
    probe(&mut pool, "b0", at(2), Outcome::SUCCESS);
    let picks = (0..1_000).filter(|_| &*pool.pick(at(2)).backend().name == "b0");
    let share = picks.count();
    assert!((400..600).contains(&share), "{share} of 1,000");
}

#[test]
fn an_ejection_ends_a_slow_start() {
    let mut pool = TestPool::with(2, exact());
    pool.grow_to(3, at(10));
    assert_eq!(pool.state("b2"), BackendState::Warming);
    pool.record("b2", at(11), REFUSED);
    let shown = pool.pool.backend_snapshot("b2", at(11)).unwrap();
    assert_eq!((shown.state, shown.share), (BackendState::Ejected, 1.0));
}

/// Nor does what it says about the load: another probe is under way.
#[test]
fn a_lost_probe_that_is_shed_after_all_decides_nothing() {
    let mut pool = TestPool::with(2, exact());
    pool.record("b0", at(1), REFUSED);
    let lost = pool.try_lease("b0", at(2), true).unwrap();
    let second = pool.try_lease("b0", at(12), true).unwrap();
    let due = pool.due("b0", at(12));
    lost.record(at(12), Outcome::degraded(Cause::OverloadUpstreamShedding));
    assert_eq!(pool.due("b0", at(12)), due);
    second.record(at(12), Outcome::SUCCESS);
    assert_eq!(pool.state("b0"), BackendState::Warming);
}

/// A probe needs a place as any request does: one that hangs since before the ejection holds it.
#[test]
fn a_full_backend_is_not_probed() {
    let mut config = exact();
    config.ejection.consecutive_failures = 1;
    let mut pool = TestPool::with(0, config);
    let one = |name: &str| BackendSpec {
        max_in_flight: Some(1),
        ..BackendSpec::new(name, ())
    };
    pool.pool.set_backends(vec![one("b0"), one("b1")], at(0));
    let mut hangs = pool.lease("b0", at(1));
    hangs.overdue(at(2), TIMEOUT.cause);
    assert_eq!(pool.state("b0"), BackendState::Ejected);
    assert!(pool.try_lease("b0", at(4), true).is_none());
    drop(hangs);
    probe(&mut pool, "b0", at(4), Outcome::SUCCESS);
}
