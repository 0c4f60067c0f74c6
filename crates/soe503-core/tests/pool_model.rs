//! Random sequences of everything that can happen to a pool, and what must hold after each.

mod common;

use common::{TestPool, at, report, secs, specs};
use proptest::prelude::*;
use soe503_core::health::Health;
use soe503_core::pool::{
    BackendState, FailureScope, Lease, LeaseKind, PoolConfig, PoolState, Tried,
};
use soe503_core::{Cause, Outcome, Tick};

#[derive(Clone, Debug)]
enum Op {
    Pick { probe: bool, tried: Vec<u8> },
    Finish { which: usize, how: How },
    Health { backend: u8, health: Health },
    Admin { backend: u8, what: Admin },
    Connect { backend: u8 },
    Resize { size: u8 },
    Wait { millis: u16 },
}

#[derive(Clone, Copy, Debug)]
enum How {
    Success,
    Refused,
    Error,
    Degraded,
    Ignore,
    Abandon,
    Drop,
}

#[derive(Clone, Copy, Debug)]
enum Admin {
    Drain,
    Disable,
    Enable,
}

fn op() -> impl Strategy<Value = Op> {
    let backend = 0..5_u8;
    let how = prop::sample::select(vec![
        How::Success,
        How::Refused,
        How::Error,
        How::Error,
        How::Degraded,
        How::Ignore,
        How::Abandon,
        How::Drop,
    ]);
    let health = prop::sample::select(vec![Health::Up, Health::Down, Health::Starting]);
    let admin = prop::sample::select(vec![
        Admin::Drain,
        Admin::Disable,
        Admin::Enable,
        Admin::Enable,
    ]);
    prop_oneof![
        8 => (any::<bool>(), prop::collection::vec(backend.clone(), 0..3))
            .prop_map(|(probe, tried)| Op::Pick { probe, tried }),
        8 => (any::<usize>(), how).prop_map(|(which, how)| Op::Finish { which, how }),
        2 => (backend.clone(), health).prop_map(|(backend, health)| Op::Health { backend, health }),
        1 => (backend.clone(), admin).prop_map(|(backend, what)| Op::Admin { backend, what }),
        1 => backend.prop_map(|backend| Op::Connect { backend }),
        1 => (1..=5_u8).prop_map(|size| Op::Resize { size }),
        3 => (0..4_000_u16).prop_map(|millis| Op::Wait { millis }),
    ]
}

struct Run {
    pool: TestPool,
    leases: Vec<Lease<()>>,
    now: Tick,
    strict: bool,
}

impl Run {
    fn new(strict: bool) -> Self {
        let config = PoolConfig {
            panic_threshold: PoolConfig::default().panic_threshold.filter(|_| !strict),
            ..PoolConfig::default()
        };
        Self {
            pool: TestPool::with(4, config),
            leases: Vec::new(),
            now: at(1),
            strict,
        }
    }

    fn ids(&self, numbers: &[u8]) -> Tried {
        let mut tried = Tried::new();
        for number in numbers {
            if let Some(backend) = self.pool.pool.backend(&*format!("b{number}")) {
                tried.insert(backend.id);
            }
        }
        tried
    }

    fn apply(&mut self, op: &Op) {
        let now = self.now;
        let pool = self.pool.pool.clone();
        match op {
            Op::Pick { probe, tried } => {
                let tried = self.ids(tried);
                if let Ok(lease) = self.pool.pick_with(now, &tried, *probe) {
                    self.check_pick(&lease, &tried, *probe);
                    self.leases.push(lease);
                }
            }
            Op::Finish { which, how } if !self.leases.is_empty() => {
                let lease = self.leases.swap_remove(which % self.leases.len());
                let expected = self.scope(lease.backend().id);
                if let Some(scope) = finish(lease, *how, now) {
                    assert_eq!(scope, expected);
                }
            }
            Op::Health { backend, health } => {
                let cause = (*health == Health::Down).then_some(Cause::ConfigHealthCheckPath);
                let _ = pool.set_health(&*format!("b{backend}"), report(*health, cause, None), now);
            }
            Op::Admin { backend, what } => {
                let name = &*format!("b{backend}");
                let until = Some(now.after(secs(3)));
                let _ = match what {
                    Admin::Drain => pool.drain(name, "x", until, now),
                    Admin::Disable => pool.disable(name, "x", None, now),
                    Admin::Enable => pool.enable(name, now),
                };
            }
            Op::Connect { backend } => {
                let _ = pool.connect_proved(&*format!("b{backend}"), now);
            }
            Op::Resize { size } => pool.set_backends(specs(&vec![1; usize::from(*size)]), now),
            Op::Wait { millis } => self.now = now.after(common::ms(u64::from(*millis))),
            Op::Finish { .. } => {}
        }
    }

    /// Whom a failure of `id` speaks against, by a look at all backends.
    fn scope(&self, id: u32) -> FailureScope {
        let backends = self.pool.pool.backends();
        let sound = backends.iter().any(|other| {
            other.id != id && other.state().in_rotation() && other.consecutive_failures() == 0
        });
        if sound {
            FailureScope::Backend
        } else {
            FailureScope::Pool
        }
    }

    fn check_pick(&self, lease: &Lease<()>, tried: &Tried, probe: bool) {
        let state = lease.backend().state();
        match lease.kind() {
            LeaseKind::Normal => assert!(state.in_rotation(), "{state}"),
            LeaseKind::Probe => assert_eq!(state, BackendState::Ejected),
            _ => assert!(matches!(
                state,
                BackendState::Down | BackendState::Ejected | BackendState::Starting
            )),
        }
        assert!(!matches!(
            state,
            BackendState::Draining | BackendState::Disabled
        ));
        assert_eq!(lease.repeated(), tried.contains(lease.backend().id));
        if lease.repeated() {
            assert!(
                !self.pool.pool.has_other(tried),
                "tried again with others left"
            );
        }
        if lease.kind() == LeaseKind::Probe && !probe {
            let due = self.pool.due(&lease.backend().name, self.now);
            assert!(self.now >= due.after(secs(10)));
        }
    }

    /// What holds at any time.
    fn check(&mut self) {
        let seen = self.pool.snapshot(self.now);
        let counts = seen.counts;
        let enabled = counts.total() - counts.draining - counts.disabled;
        // Ejected ones may be down too; only what checks say then decides.
        let all_down = seen.backends.iter().all(|backend| {
            matches!(
                backend.state,
                BackendState::Draining | BackendState::Disabled
            ) || backend.health.health == Health::Down
                || (backend.health.health == Health::Starting && backend.ejection.is_none())
        });
        let picked = self.pool.pick_with(self.now, &Tried::new(), false);
        match &picked {
            Ok(_) => assert!(enabled > 0),
            Err(refused) => {
                assert!(
                    enabled == 0 || (self.strict && all_down),
                    "{refused} in {seen:#?}"
                );
                assert_eq!(refused.counts, counts);
            }
        }
        drop(picked);
        if counts.in_rotation() == 0 {
            assert_eq!(seen.state, PoolState::Down);
        }
        let probes = seen
            .backends
            .iter()
            .filter_map(|backend| backend.ejection.as_ref());
        for ejection in probes {
            let most = secs(33);
            assert!(
                ejection.due <= self.now.after(most),
                "out for longer than max and jitter"
            );
        }
    }
}

/// Ends the lease; the scope of a failure.
fn finish(mut lease: Lease<()>, how: How, now: Tick) -> Option<FailureScope> {
    let recorded = match how {
        How::Success => {
            lease.responded(now);
            lease.record(now, Outcome::SUCCESS)
        }
        How::Refused => lease.record(now, Outcome::failure(Cause::DependencyConnectRefused)),
        How::Error => lease.record(now, Outcome::failure(Cause::DependencyUpstreamError)),
        How::Degraded => lease.record(now, Outcome::degraded(Cause::OverloadUpstreamShedding)),
        How::Ignore => lease.record(now, Outcome::IGNORE),
        How::Abandon => lease.abandon(now),
        How::Drop => return None,
    };
    if let Some(transition) = recorded.transition {
        assert!(matches!(
            (transition.from, transition.to),
            (_, BackendState::Ejected)
                | (
                    BackendState::Ejected,
                    BackendState::Warming | BackendState::Down | BackendState::Starting
                )
        ));
    }
    matches!(how, How::Refused | How::Error).then_some(recorded.scope)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold(strict in any::<bool>(), ops in prop::collection::vec(op(), 1..150)) {
        let mut run = Run::new(strict);
        for op in &ops {
            run.apply(op);
            run.check();
        }
        // Whoever is still here has nothing in flight once all leases have ended.
        run.leases.clear();
        for backend in &*run.pool.pool.backends() {
            prop_assert_eq!(backend.in_flight(), 0);
        }
        prop_assert!(!run.pool.snapshot(run.now).backends.iter().any(|backend| {
            backend.ejection.as_ref().is_some_and(|ejection| ejection.probing)
        }), "a probe's permit is lost");
    }

    /// Traffic alone, of any kind and in any order, never takes the last backend out.
    #[test]
    fn passive_evidence_never_empties_a_pool(
        size in 1..6_u8,
        results in prop::collection::vec((0..6_u8, any::<bool>(), 0..1_500_u64), 1..300),
    ) {
        let mut pool = TestPool::of(u32::from(size));
        let mut now = at(1);
        for (which, refused, millis) in results {
            now = now.after(common::ms(millis));
            if let Some(lease) = pool.try_lease(&format!("b{}", which % size), now, true) {
                finish(lease, if refused { How::Refused } else { How::Error }, now);
            }
            prop_assert!(pool.snapshot(now).counts.in_rotation() > 0);
        }
    }
}

#[test]
fn two_ejections_at_once_cannot_count_on_each_other() {
    for _ in 0..300 {
        let mut pool = TestPool::of(2);
        let leases = [pool.lease("b0", at(1)), pool.lease("b1", at(1))];
        let start = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for lease in leases {
                scope.spawn(|| {
                    start.wait();
                    finish(lease, How::Refused, at(1));
                });
            }
        });
        let counts = pool.snapshot(at(1)).counts;
        assert_eq!((counts.up, counts.ejected), (1, 1));
    }
}

#[test]
fn threads_lose_neither_counts_nor_permits() {
    let pool = TestPool::of(3).pool;
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let pool = &pool;
            scope.spawn(move || {
                let mut rng = fastrand::Rng::with_seed(seed);
                for step in 0..5_000_u64 {
                    let now = Tick::from_millis(step);
                    let lease = pool.pick(now, &Tried::new(), true, &mut rng).unwrap();
                    let how = match rng.u8(0..10) {
                        0 => How::Refused,
                        1..4 => How::Error,
                        4 => How::Drop,
                        _ => How::Success,
                    };
                    finish(lease, how, now);
                }
            });
        }
    });
    let seen = pool.snapshot(at(10));
    let requests: u64 = seen.backends.iter().map(|backend| backend.requests).sum();
    assert_eq!(requests, 20_000);
    for backend in &seen.backends {
        assert_eq!(backend.in_flight, 0);
        assert!(
            backend
                .ejection
                .as_ref()
                .is_none_or(|ejection| !ejection.probing)
        );
    }
}
