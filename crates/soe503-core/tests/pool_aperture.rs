//! Pools so large that each thread uses a part at a time: that part is enough, and moves.

mod common;

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use common::{TestPool, at, ms, report, specs};
use soe503_core::Outcome;
use soe503_core::health::Health;
use soe503_core::pool::{Lease, LeaseKind, Tried};

const MANY: u32 = 10_000;

/// A pool with always as many requests in flight, the oldest of which ends when a new one begins.
struct Load {
    pool: TestPool,
    flying: VecDeque<Lease<()>>,
    in_flight: usize,
    /// Picks of backends that had a request in flight already.
    waits: u32,
    by_backend: HashMap<u32, u32>,
}

impl Load {
    fn new(backends: u32, in_flight: usize) -> Self {
        Self {
            pool: TestPool::of(backends),
            flying: VecDeque::new(),
            in_flight,
            waits: 0,
            by_backend: HashMap::new(),
        }
    }

    /// So many requests, one every `pause` from a second on.
    fn run(&mut self, requests: u32, pause: Duration) {
        for i in 0..requests {
            let now = at(1).after(pause * i);
            if self.flying.len() >= self.in_flight
                && let Some(mut oldest) = self.flying.pop_front()
            {
                oldest.responded(oldest.started().after(ms(5)));
                oldest.record(now, Outcome::SUCCESS);
            }
            let lease = self.pool.pick(now);
            assert_eq!(lease.kind(), LeaseKind::Normal);
            self.waits += u32::from(lease.backend().in_flight() > 1);
            *self.by_backend.entry(lease.backend().id).or_default() += 1;
            self.flying.push_back(lease);
        }
    }
}

#[test]
fn few_requests_at_a_time_meet_few_backends() {
    let mut load = Load::new(MANY, 16);
    load.run(20_000, Duration::from_micros(10));
    // 64, and one more for every 256 requests.
    let used = load.by_backend.len();
    assert!((64..200).contains(&used), "{used}");
}

#[test]
fn a_pool_that_is_not_large_is_used_as_a_whole() {
    let mut load = Load::new(128, 2);
    load.run(3_000, Duration::from_micros(10));
    assert_eq!(load.by_backend.len(), 128);
}

/// One that was larger, one that is divided by priority, and one whose checks are not believed.
#[test]
fn windows_are_for_large_rotations_only() {
    let used = |pool: &mut TestPool| -> usize {
        let ids: HashSet<u32> = (0..3_000).map(|_| pool.pick(at(1)).backend().id).collect();
        ids.len()
    };
    let mut shrunk = TestPool::of(300);
    shrunk.grow_to(128, at(1));
    assert_eq!(used(&mut shrunk), 128);
    let mut divided = TestPool::of(0);
    let mut all = specs(&[1; 300]);
    all[150..].iter_mut().for_each(|spec| spec.priority = 1);
    divided.pool.set_backends(all, at(1));
    assert_eq!(used(&mut divided), 150);
    let mut condemned = TestPool::of(300);
    for i in 0..300 {
        let down = report(Health::Down, None, None);
        condemned.pool.set_health(i, down, at(1)).unwrap();
    }
    assert!(used(&mut condemned) > 290);
}

#[test]
fn each_of_ten_thousand_gets_its_share_within_minutes() {
    let mut load = Load::new(MANY, 16);
    // Half an hour, in which the window comes round three times: 30 requests for each.
    load.run(30 * MANY, ms(6));
    let share = |id| load.by_backend.get(&id).copied().unwrap_or(0);
    let (least, most) = (
        (0..MANY).map(share).min().unwrap(),
        (0..MANY).map(share).max().unwrap(),
    );
    // By chance alone it would be five times the square root of 30 more or less.
    assert!(least >= 8 && most <= 60, "{least} to {most}");
}

#[test]
fn hardly_a_request_waits_behind_another() {
    for in_flight in [30, 100, 1_000] {
        let mut load = Load::new(MANY, in_flight);
        load.run(50_000, Duration::from_micros(10));
        assert!(load.waits < 1_000, "{in_flight}: {} wait", load.waits);
    }
}

#[test]
fn a_burst_finds_idle_backends_at_once() {
    let mut load = Load::new(MANY, 3_000);
    load.run(3_000, Duration::from_micros(1));
    let most = load.by_backend.values().max();
    assert!(most <= Some(&3), "{most:?}");
    assert!(load.waits < 500, "{} wait", load.waits);
}

#[test]
fn connections_that_stay_end_up_everywhere() {
    let mut load = Load::new(1_000, 5_000);
    load.run(5_000, ms(1));
    assert!(load.by_backend.len() > 990, "{}", load.by_backend.len());
    let most = load.by_backend.values().max();
    assert!(most <= Some(&9), "{most:?}");
}

#[test]
fn neighbours_that_are_slow_are_no_window_of_their_own() {
    let mut pool = TestPool::of(600);
    // A rack: names and ids that follow each other.
    for i in 0..90 {
        let latency = if i < 30 { ms(500) } else { ms(5) };
        pool.answer(&format!("b{i}"), at(1), latency);
    }
    let TestPool { pool, mut rng } = pool;
    // Thirty windows, somewhere each.
    let mut slow_in = |picker| {
        let mut pick = || pool.pick_as(picker, at(2), &Tried::new(), false, &mut rng);
        let ids = (0..100).map(|_| pick().unwrap().backend().id);
        ids.filter(|id| *id < 30).count()
    };
    let most = (0..30).map(&mut slow_in).max();
    // One in twenty is slow; that two of them are drawn is one in four hundred.
    assert!(most <= Some(10), "{most:?} of 100");
}

#[test]
fn each_thread_has_a_window_of_its_own() {
    let TestPool { pool, mut rng } = TestPool::of(MANY);
    let mut used = |picker: u32| -> HashSet<u32> {
        let mut pick = || pool.pick_as(picker, at(1), &Tried::new(), false, &mut rng);
        (0..1_000).map(|_| pick().unwrap().backend().id).collect()
    };
    let (first, second) = (used(0), used(1));
    assert!(first.len() < 80 && second.len() < 80);
    assert!(first.intersection(&second).count() < 10);
}

#[test]
fn who_is_out_is_not_in_a_window_and_who_was_tried_is_not_tried_again() {
    let mut pool = TestPool::of(300);
    for i in 0..100 {
        let down = report(Health::Down, None, None);
        pool.pool.set_health(i, down, at(1)).unwrap();
    }
    let mut tried = Tried::new();
    for i in 0..200 {
        let lease = pool.pick_with(at(2), &tried, false).unwrap();
        assert!(lease.backend().id >= 100 && !lease.repeated(), "{i}");
        assert_eq!(lease.kind(), LeaseKind::Normal);
        tried.insert(lease.backend().id);
    }
    assert!(pool.pick_with(at(2), &tried, false).unwrap().repeated());
}

#[test]
fn a_change_of_the_set_leaves_most_of_the_window() {
    let mut pool = TestPool::of(MANY);
    let used = |pool: &mut TestPool| -> HashSet<u32> {
        (0..1_000).map(|_| pool.pick(at(1)).backend().id).collect()
    };
    let before = used(&mut pool);
    pool.grow_to(MANY as usize + 10, at(1));
    let after = used(&mut pool);
    assert!(before.intersection(&after).count() > 50);
}
