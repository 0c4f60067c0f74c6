//! The way back of an ejected backend: when a probe goes, and what its result means.

mod common;

use common::{ERROR, REFUSED, TIMEOUT, TestPool, at, ms, report, secs};
use soe503_core::health::Health;
use soe503_core::pool::{BackendState, EjectionConfig, LeaseKind, PoolConfig, Tried};
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

fn pool(size: u32) -> TestPool {
    TestPool::with(size, exact())
}

/// Sends the probe of `name`, due `now`, with this result.
fn probe(pool: &mut TestPool, name: &str, now: Tick, outcome: Outcome) {
    let lease = pool.try_lease(name, now, true).expect("a probe is due");
    assert_eq!(lease.kind(), LeaseKind::Probe);
    lease.record(now, outcome);
}

#[test]
fn fm18_one_probe_at_a_time_for_requests_that_may_run_twice() {
    let mut pool = pool(3);
    pool.record("b0", at(1), REFUSED);
    let none = Tried::new();
    let early = pool.pick_with(at(2).before(ms(1)), &none, true).unwrap();
    assert_eq!(early.kind(), LeaseKind::Normal);
    let post = pool.pick_with(at(2), &none, false).unwrap();
    assert_eq!(
        post.kind(),
        LeaseKind::Normal,
        "not with a request that must not run twice"
    );
    let get = pool.pick_with(at(2), &none, true).unwrap();
    assert_eq!((get.kind(), &*get.backend().name), (LeaseKind::Probe, "b0"));
    for _ in 0..50 {
        let other = pool.pick_with(at(2), &none, true).unwrap();
        assert_ne!(
            &*other.backend().name,
            "b0",
            "waiting requests go elsewhere"
        );
    }
    assert!(
        pool.snapshot(at(2)).backends[0]
            .ejection
            .as_ref()
            .unwrap()
            .probing
    );
    let transition = get.record(at(2), Outcome::SUCCESS).transition.unwrap();
    assert_eq!(
        (transition.from, transition.to),
        (BackendState::Ejected, BackendState::Warming)
    );
    assert_eq!(transition.why.unwrap().until, Some(at(7)));
    assert_eq!(pool.state("b0"), BackendState::Warming);
    let changes = pool.pool.tend(at(7));
    assert_eq!((changes.len(), changes[0].to), (1, BackendState::Up));
    assert!(changes[0].why.is_none());
    assert_eq!(pool.state("b0"), BackendState::Up);
}

#[test]
fn a_request_does_not_probe_where_it_failed() {
    let mut pool = pool(2);
    pool.record("b0", at(1), REFUSED);
    let mut tried = Tried::new();
    tried.insert(pool.pool.backend("b0").unwrap().id);
    assert_eq!(
        &*pool.pick_with(at(3), &tried, true).unwrap().backend().name,
        "b1"
    );
}

#[test]
fn without_idempotent_requests_any_request_probes_in_the_end() {
    let mut pool = pool(2);
    pool.record("b0", at(1), REFUSED);
    assert!(pool.try_lease("b0", at(12).before(ms(1)), false).is_none());
    assert_eq!(
        pool.try_lease("b0", at(12), false).unwrap().kind(),
        LeaseKind::Probe
    );
}

#[test]
fn a_dropped_probe_gives_its_permit_back() {
    let mut pool = pool(2);
    pool.record("b0", at(1), REFUSED);
    for now in [at(2), at(3)] {
        drop(pool.try_lease("b0", now, true).unwrap());
        let ignored = pool.try_lease("b0", now, true).unwrap();
        ignored.record(now, Outcome::IGNORE);
        // The client left soon: that says nothing.
        let abandoned = pool.try_lease("b0", now, true).unwrap();
        abandoned.abandon(now.after(ms(999)));
    }
    assert_eq!(pool.snapshot(at(4)).backends[0].failures, 1);
    // It left after a second without an answer: that does.
    let hung = pool.try_lease("b0", at(4), true).unwrap();
    hung.abandon(at(5));
    assert_eq!(pool.due("b0", at(5)), at(7), "second time out: 2 s");
    assert_eq!(pool.pool.backend("b0").unwrap().in_flight(), 0);
    // It left while the body came: the backend had answered.
    let mut answered = pool.try_lease("b0", at(7), true).unwrap();
    answered.responded(at(7));
    answered.abandon(at(9));
    assert!(pool.try_lease("b0", at(9), true).is_some());
}

#[test]
fn abandoned_requests_count_only_if_configured() {
    let mut pool = pool(2);
    for _ in 0..10 {
        pool.lease("b0", at(1)).abandon(at(60));
    }
    assert_eq!(pool.snapshot(at(60)).backends[0].consecutive_failures, 0);
    pool.pool.set_config(PoolConfig {
        abandon_after: Some(secs(3)),
        ..exact()
    });
    pool.lease("b0", at(60)).abandon(at(63).before(ms(1)));
    assert_eq!(pool.snapshot(at(63)).backends[0].consecutive_failures, 0);
    pool.lease("b0", at(60)).abandon(at(63));
    assert_eq!(pool.snapshot(at(63)).backends[0].consecutive_failures, 1);
}

#[test]
fn a_probe_that_never_ends_is_replaced_and_decides_nothing() {
    let mut pool = pool(2);
    pool.record("b0", at(1), REFUSED);
    let lost = pool.try_lease("b0", at(2), true).unwrap();
    assert!(pool.try_lease("b0", at(12).before(ms(1)), true).is_none());
    let second = pool.try_lease("b0", at(12), true).unwrap();
    assert!(lost.record(at(12), Outcome::SUCCESS).transition.is_none());
    assert!(
        pool.try_lease("b0", at(12), true).is_none(),
        "nor does it free the permit"
    );
    assert_eq!(pool.state("b0"), BackendState::Ejected);
    second.record(at(12), Outcome::SUCCESS);
    assert_eq!(pool.state("b0"), BackendState::Warming);
}

#[test]
fn failed_probes_double_the_time_out_up_to_the_maximum() {
    let mut pool = pool(2);
    pool.record("b0", at(1), REFUSED);
    let mut now = pool.due("b0", at(1));
    let mut times = vec![now.since(at(1)).as_secs()];
    for _ in 0..7 {
        probe(&mut pool, "b0", now, TIMEOUT);
        let due = pool.due("b0", now);
        times.push(due.since(now).as_secs());
        now = due;
    }
    assert_eq!(times, [1, 2, 4, 8, 16, 30, 30, 30]);
    let snapshot = pool.snapshot(now);
    let ejection = snapshot.backends[0].ejection.as_ref().unwrap();
    assert_eq!(ejection.count, 8);
    assert_eq!(
        ejection.why.cause,
        Some(Cause::DependencyResponseTimeout),
        "what the last probe saw"
    );
    assert_eq!(ejection.why.since, at(1), "out since then");
    // Degraded fails a probe too (row S1).
    probe(
        &mut pool,
        "b0",
        now,
        Outcome::degraded(Cause::OverloadUpstreamShedding),
    );
    assert_eq!(pool.due("b0", now).since(now), secs(30));
}

#[test]
fn only_successes_shorten_the_next_time_out() {
    let out_for = |successes: u32, idle: u64| {
        let mut pool = pool(2);
        pool.record("b0", at(1), REFUSED);
        probe(&mut pool, "b0", at(2), REFUSED);
        probe(&mut pool, "b0", at(4), REFUSED);
        probe(&mut pool, "b0", at(8), Outcome::SUCCESS);
        for _ in 0..successes {
            pool.answer("b0", at(9), ms(1));
        }
        let now = at(10 + idle);
        pool.record("b0", now, REFUSED);
        pool.due("b0", now).since(now).as_secs()
    };
    assert_eq!(out_for(0, 0), 8);
    assert_eq!(
        out_for(0, 86_400),
        8,
        "a day of silence proves nothing (envoy#21142)"
    );
    assert_eq!(out_for(9, 0), 8);
    assert_eq!(out_for(10, 0), 4);
    assert_eq!(out_for(20, 0), 2);
    assert_eq!(out_for(30, 0), 1);
    assert_eq!(out_for(300, 0), 1);
}

#[test]
fn jitter_only_lengthens() {
    let times: Vec<_> = (0..40)
        .map(|seed| {
            let pool = soe503_core::pool::Pool::new("app", PoolConfig::default(), seed);
            pool.set_backends(common::specs(&[1, 1]), at(0));
            let mut pool = TestPool {
                pool,
                rng: fastrand::Rng::with_seed(seed),
            };
            pool.record("b0", at(1), REFUSED);
            pool.due("b0", at(1)).since(at(1))
        })
        .collect();
    assert!(
        times.iter().all(|t| (secs(1)..=ms(1_100)).contains(t)),
        "{times:?}"
    );
    assert!(
        times
            .iter()
            .max()
            .unwrap()
            .abs_diff(*times.iter().min().unwrap())
            > ms(50)
    );
}

#[test]
fn fm20_late_results_change_no_state() {
    let mut pool = pool(2);
    let (slow_success, slow_failure) = (pool.lease("b0", at(1)), pool.lease("b0", at(1)));
    pool.record("b0", at(1), REFUSED);
    assert!(
        slow_success
            .record(at(2), Outcome::SUCCESS)
            .transition
            .is_none()
    );
    assert_eq!(
        pool.state("b0"),
        BackendState::Ejected,
        "admitted before the ejection"
    );
    probe(&mut pool, "b0", at(2), Outcome::SUCCESS);
    slow_failure.record(at(3), REFUSED);
    assert_eq!(
        pool.state("b0"),
        BackendState::Warming,
        "admitted before the return"
    );
    let seen = &pool.snapshot(at(3)).backends[0];
    assert_eq!(
        (seen.stale, seen.consecutive_failures, seen.failures),
        (2, 0, 2),
        "but counted"
    );
}

#[test]
fn a_working_connect_makes_the_probe_due_at_once() {
    let mut pool = pool(2);
    pool.record("b0", at(1), REFUSED);
    for n in [2, 4, 8] {
        probe(&mut pool, "b0", at(n), REFUSED);
    }
    assert_eq!(pool.due("b0", at(9)), at(16));
    assert!(pool.pool.connect_proved("b0", at(9)));
    assert_eq!(pool.due("b0", at(9)), at(9));
    assert_eq!(
        pool.state("b0"),
        BackendState::Ejected,
        "a connect alone brings nothing back"
    );
    probe(&mut pool, "b0", at(9), Outcome::SUCCESS);
    assert!(!pool.pool.connect_proved("b0", at(10)), "not ejected");
    assert!(!pool.pool.connect_proved("b9", at(10)), "not here");
    // Somebody who accepts and answers with errors is not cured by accepting.
    (0..5).for_each(|_| drop(pool.record("b1", at(10), ERROR)));
    assert!(!pool.pool.connect_proved("b1", at(10)));
    assert!(pool.due("b1", at(10)) > at(10));
}

#[test]
fn fm14_checks_do_not_end_an_ejection() {
    // Failure mode 14: the check passes, traffic fails.
    let mut pool = pool(2);
    pool.record("b0", at(1), REFUSED);
    pool.pool
        .set_health("b0", report(Health::Up, None, None), at(1))
        .unwrap();
    assert_eq!(pool.state("b0"), BackendState::Ejected);
    pool.pool
        .set_health("b0", report(Health::Down, None, Some("404")), at(1))
        .unwrap();
    assert!(
        pool.try_lease("b0", at(3), true).is_none(),
        "no probe while checks object"
    );
    let change = pool
        .pool
        .set_health("b0", report(Health::Up, None, None), at(4))
        .unwrap();
    assert!(change.is_none(), "still ejected");
    probe(&mut pool, "b0", at(4), Outcome::SUCCESS);
    assert_eq!(pool.state("b0"), BackendState::Warming);
}

#[test]
fn ejected_backends_serve_when_operators_took_the_rest() {
    let mut pool = pool(2);
    pool.record("b0", at(1), REFUSED);
    pool.pool.disable("b1", "broken disk", None, at(1)).unwrap();
    let lease = pool.pick(at(1));
    assert_eq!(
        (lease.kind(), &*lease.backend().name),
        (LeaseKind::Panic, "b0")
    );
    assert!(pool.snapshot(at(1)).panic);
    let failed = lease.record(at(1), REFUSED);
    assert!(failed.transition.is_none());
    assert_eq!(
        pool.due("b0", at(1)),
        at(2),
        "no growth: nobody asked it to be a probe"
    );
    // And if it works, that is as good as a probe.
    let back = pool
        .pick(at(1))
        .record(at(1), Outcome::SUCCESS)
        .transition
        .unwrap();
    assert_eq!(back.to, BackendState::Warming);
    assert_eq!(pool.snapshot(at(1)).panic_picks, 2);
}

#[test]
fn a_lease_outlives_its_pool() {
    let mut pool = pool(2);
    let (one, two, three) = (pool.pick(at(1)), pool.pick(at(1)), pool.pick(at(1)));
    drop(pool);
    assert!(one.record(at(1), REFUSED).transition.is_none());
    assert!(two.record(at(1), Outcome::SUCCESS).transition.is_none());
    three.abandon(at(9));
}
