//! Who gets in, who waits, and who is sent away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Wake, Waker};

use super::*;
use crate::Cause;
use crate::limit::LimitWhy;

const NOW: Tick = Tick::from_secs(100);
const WAIT: Duration = Duration::from_millis(250);

#[derive(Default)]
struct Woken(AtomicU32);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn waker() -> (Arc<Woken>, Waker) {
    let woken = Arc::new(Woken::default());
    (Arc::clone(&woken), Waker::from(woken))
}

fn queueing(fixed: u32, max_waiting: u32) -> ConcurrencyLimit {
    let config = LimitConfig {
        fixed,
        adaptive: false,
        max_waiting,
        max_wait: WAIT,
    };
    ConcurrencyLimit::with("app", config)
}

fn of(class: Class) -> impl FnOnce() -> Arrival {
    move || Arrival {
        class,
        deadline: None,
    }
}

fn admitted(entry: Entry) -> Slot {
    match entry {
        Entry::Admitted(slot) => slot,
        other => panic!("{other:?}"),
    }
}

fn waits(entry: Entry) -> Ticket {
    match entry {
        Entry::Waits(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

fn refused(entry: Entry) -> LimitReached {
    match entry {
        Entry::Refused(reached) => reached,
        other => panic!("{other:?}"),
    }
}

/// The ticket's turn has come.
fn turn(ticket: &mut Ticket) -> Option<Slot> {
    Some(ticket.poll(NOW, Waker::noop())?.unwrap())
}

#[test]
fn refuses_at_the_limit_and_recovers_on_drop() {
    let limit = ConcurrencyLimit::new("app", 2);
    let first = limit.try_acquire().unwrap();
    let _second = limit.clone().try_acquire().unwrap();
    let refused = limit.try_acquire().unwrap_err();
    assert_eq!((refused.limit(), refused.in_use()), (2, 2));
    assert_eq!(refused.cause(), Cause::OverloadConcurrencyLimit);
    assert_eq!(
        refused.to_string(),
        "concurrency limit `app` reached: 2 in flight, 2 allowed"
    );
    drop(first);
    assert_eq!(limit.in_use(), 1);
    let _third = limit.try_acquire().unwrap();
    let seen = limit.snapshot(NOW);
    assert_eq!((seen.admitted, seen.refused, seen.in_use), (3, 1, 2));
}

#[test]
fn a_lowered_limit_evicts_nobody() {
    let limit = ConcurrencyLimit::new("app", 3);
    let mut slots: Vec<Slot> = (0..3).map(|_| limit.try_acquire().unwrap()).collect();
    limit.set_limit(1);
    assert_eq!(limit.try_acquire().unwrap_err().in_use(), 3);
    slots.truncate(1);
    assert!(limit.try_acquire().is_err(), "one in flight, one allowed");
    slots.clear();
    assert!(limit.try_acquire().is_ok());
}

#[test]
fn zero_refuses_everything() {
    assert!(ConcurrencyLimit::new("closed", 0).try_acquire().is_err());
}

#[test]
fn never_more_than_the_limit_between_threads() {
    let limit = ConcurrencyLimit::new("app", 3);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    let slot = limit.try_acquire();
                    assert!(limit.in_use() <= 3);
                    drop(slot);
                }
            });
        }
    });
    let seen = limit.snapshot(NOW);
    assert_eq!((seen.in_use, seen.pending), (0, 0));
    assert_eq!(seen.admitted + seen.refused, 8_000);
}

/// Nobody waits for ever while there is room: whoever makes room sees who waits, or the other way
/// round.
#[test]
fn no_wake_up_is_lost_between_threads() {
    let limit = queueing(2, 100);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let slot = match limit.enter(NOW, of(Class::Normal)) {
                        Entry::Admitted(slot) => slot,
                        Entry::Waits(mut ticket) => loop {
                            let unpark = Waker::from(Arc::new(Unpark(std::thread::current())));
                            if let Some(turn) = ticket.poll(NOW, &unpark) {
                                break turn.unwrap();
                            }
                            std::thread::park();
                        },
                        Entry::Refused(reached) => panic!("{reached}"),
                    };
                    assert!(limit.in_use() <= 2);
                    drop(slot);
                }
            });
        }
    });
    let seen = limit.snapshot(NOW);
    assert_eq!((seen.in_use, seen.admitted, seen.refused), (0, 2000, 0));
}

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[test]
fn whoever_came_first_is_woken_when_there_is_room() {
    let limit = queueing(1, 10);
    let running = admitted(limit.enter(NOW, of(Class::Normal)));
    let (woken, waker) = waker();
    let mut first = waits(limit.enter(NOW, of(Class::Normal)));
    let mut second = waits(limit.enter(NOW, of(Class::Normal)));
    assert!(first.poll(NOW, &waker).is_none() && second.poll(NOW, &waker).is_none());
    assert_eq!((limit.waiting(), limit.in_use()), (2, 1));
    drop(running);
    assert_eq!(woken.0.load(Ordering::Relaxed), 1, "one place, one wake-up");
    assert_eq!((limit.waiting(), limit.in_use()), (1, 1), "it is taken");
    assert!(turn(&mut second).is_none());
    let slot = turn(&mut first).unwrap();
    // Nobody overtakes those who wait, even if there is room for a moment.
    drop(slot);
    let third = waits(limit.enter(NOW, of(Class::Normal)));
    drop(turn(&mut second).unwrap());
    drop(third);
    let seen = limit.snapshot(NOW);
    assert_eq!((seen.in_use, seen.waiting, seen.waited), (0, [0; 3], 3));
}

#[test]
fn the_important_go_first() {
    let limit = queueing(1, 10);
    let running = admitted(limit.enter(NOW, of(Class::Low)));
    let mut tickets = [Class::Low, Class::Normal, Class::High]
        .map(|class| (class, waits(limit.enter(NOW, of(class)))));
    assert_eq!(limit.snapshot(NOW).waiting, [1, 1, 1]);
    drop(running);
    for served in [Class::High, Class::Normal, Class::Low] {
        let turns = tickets.each_mut().map(|(class, ticket)| {
            let slot = turn(ticket);
            slot.is_some().then_some(*class)
        });
        let came: Vec<_> = turns.into_iter().flatten().collect();
        assert_eq!(came, [served], "its slot was dropped and passed on");
    }
}

#[test]
fn a_full_line_sends_the_unimportant_away() {
    let limit = queueing(1, 2);
    let _running = admitted(limit.enter(NOW, of(Class::Low)));
    let mut low = waits(limit.enter(NOW, of(Class::Low)));
    let mut normal = waits(limit.enter(NOW, of(Class::Normal)));
    let full = refused(limit.enter(NOW, of(Class::Low)));
    assert_eq!(
        (full.cause(), full.waiting()),
        (Cause::OverloadQueueFull, 2)
    );
    let (woken, waker) = waker();
    assert!(low.poll(NOW, &waker).is_none());
    let _high = waits(limit.enter(NOW, of(Class::High)));
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    let evicted = low.poll(NOW, &waker).unwrap().unwrap_err();
    assert_eq!(evicted.cause(), Cause::OverloadQueueFull);
    assert_eq!(evicted.class(), Class::Low);
    assert!(turn(&mut normal).is_none());
    assert_eq!(limit.snapshot(NOW).shed, [2, 0, 0]);
}

#[test]
fn nobody_waits_for_too_long() {
    let limit = queueing(1, 10);
    let _running = admitted(limit.enter(NOW, of(Class::Normal)));
    let mut ticket = waits(limit.enter(NOW, of(Class::Normal)));
    assert_eq!(ticket.due(), NOW.after(WAIT));
    let early = NOW.after(WAIT - Duration::from_nanos(1));
    assert!(ticket.poll(early, Waker::noop()).is_none());
    let late = ticket.poll(NOW.after(WAIT), Waker::noop()).unwrap();
    let late = late.unwrap_err();
    assert_eq!(
        (late.cause(), late.waited()),
        (Cause::OverloadQueueTimeout, WAIT)
    );
    assert!(
        late.to_string()
            .ends_with("1 allowed, 0 waiting, waited 250ms"),
        "{late}"
    );
    assert_eq!(limit.waiting(), 0);

    // Nor for an answer that would come after the deadline.
    let soon = NOW.after(Duration::from_millis(10));
    let arrival = |deadline| {
        move || Arrival {
            class: Class::High,
            deadline,
        }
    };
    let mut hurried = waits(limit.enter(NOW, arrival(Some(soon))));
    assert_eq!(hurried.due(), soon);
    assert!(hurried.poll(soon, Waker::noop()).unwrap().is_err());
    let gone = refused(limit.enter(NOW, arrival(Some(NOW))));
    assert_eq!(
        (gone.cause(), gone.waited()),
        (Cause::OverloadQueueTimeout, Duration::ZERO)
    );
}

#[test]
fn whoever_leaves_makes_room() {
    let limit = queueing(1, 10);
    let running = admitted(limit.enter(NOW, of(Class::Normal)));
    let first = waits(limit.enter(NOW, of(Class::Normal)));
    let second = waits(limit.enter(NOW, of(Class::Normal)));
    let mut third = waits(limit.enter(NOW, of(Class::Normal)));
    drop(first);
    assert_eq!(limit.waiting(), 2);
    drop(running);
    // It is the second one's turn, and it leaves without knowing.
    drop(second);
    let slot = turn(&mut third).expect("handed on");
    assert_eq!((limit.in_use(), limit.waiting()), (1, 0));
    drop(slot);
    assert_eq!(limit.in_use(), 0);
}

#[test]
fn a_raised_limit_lets_those_in_who_wait() {
    let limit = queueing(1, 10);
    let _running = admitted(limit.enter(NOW, of(Class::Normal)));
    let mut ticket = waits(limit.enter(NOW, of(Class::Normal)));
    assert!(turn(&mut ticket).is_none());
    limit.set_limit(2);
    assert!(turn(&mut ticket).is_some());
}

#[test]
fn a_body_in_flight_does_not_wait_for_an_answer() {
    let limit = queueing(2, 0);
    let mut first = admitted(limit.enter(NOW, of(Class::Normal)));
    let mut second = admitted(limit.enter(NOW, of(Class::Normal)));
    first.answered(NOW.after(WAIT));
    second.over();
    let seen = limit.snapshot(NOW);
    assert_eq!((seen.in_use, seen.pending), (2, 0));
    assert_eq!(seen.why, LimitWhy::Fixed);
    let full = refused(limit.enter(NOW, of(Class::Normal)));
    assert_eq!(
        full.cause(),
        Cause::OverloadConcurrencyLimit,
        "there is no line"
    );
    drop((first, second));
    let seen = limit.snapshot(NOW);
    assert_eq!((seen.in_use, seen.pending), (0, 0));
}

#[test]
fn settings_change_under_those_who_are_in() {
    let limit = queueing(1, 10);
    let slot = admitted(limit.enter(NOW, of(Class::Normal)));
    let mut ticket = waits(limit.enter(NOW, of(Class::Normal)));
    for adaptive in [true, false, true] {
        limit.set_config(LimitConfig {
            fixed: 1,
            adaptive,
            max_waiting: 1,
            max_wait: WAIT,
        });
        assert!(turn(&mut ticket).is_none());
    }
    assert!(matches!(
        limit.enter(NOW, of(Class::Normal)),
        Entry::Refused(_)
    ));
    drop(slot);
    assert!(turn(&mut ticket).is_some());
}

#[test]
fn who_comes_back_stands_behind_those_who_are_here() {
    let limit = queueing(1, 10);
    assert_eq!(limit.ahead(), None, "nobody knows how long they take");
    assert_eq!(limit.snapshot(NOW).typical, None);
    limit.shared.typical.store(500_000_000, Ordering::Relaxed);
    assert_eq!(limit.ahead(), Some((0, 0.0)));
    let _slot = admitted(limit.enter(NOW, of(Class::Normal)));
    let _ticket = waits(limit.enter(NOW, of(Class::Normal)));
    let shown = limit.snapshot(NOW);
    let waiting: u32 = shown.waiting.iter().sum();
    let before = u64::from(waiting + shown.pending);
    assert_eq!((waiting, before), (1, 2));
    assert_eq!(limit.ahead(), Some((before, 2.0)), "one in half a second");
    assert!(!limit.is_saturated());
}

#[test]
fn the_settings_are_those_that_were_set() {
    let limit = ConcurrencyLimit::new("app", 3);
    assert_eq!(limit.config(), LimitConfig::fixed(3));
    for config in [
        LimitConfig {
            fixed: 7,
            adaptive: true,
            max_waiting: 20,
            max_wait: Duration::from_millis(40),
        },
        LimitConfig::default(),
    ] {
        limit.set_config(config);
        assert_eq!(limit.config(), config);
    }
}

#[test]
fn the_limit_in_force_is_the_one_that_is_told() {
    let limit = ConcurrencyLimit::new("app", 3);
    assert_eq!((limit.limit(), limit.is_saturated()), (3, false));
    let ruling = Ruling {
        limit: Some(2),
        proven: Some(50.0),
        ..Ruling::NONE
    };
    limit.shared.rule(&ruling);
    assert_eq!((limit.limit(), limit.is_saturated()), (2, true));
}
