//! What is in force, by what the settings, the adaptive limit and the overload say together.

use super::*;
use crate::limit::{Class, Turned};

const WAIT: Duration = Duration::from_millis(100);
const NOW: Tick = Tick::from_secs(100);

fn shared(fixed: u32) -> Shared {
    let shared = Shared::new("app".into());
    shared.fixed.store(fixed, Ordering::Relaxed);
    shared
        .max_wait
        .store(saturating_nanos(WAIT), Ordering::Relaxed);
    shared
}

const fn ruling(limit: Option<u32>, proven: bool) -> Ruling {
    Ruling {
        limit,
        proven: if proven { Some(50.0) } else { None },
        ..Ruling::NONE
    }
}

const fn orders(room: Option<u32>, wait_divisor: u32) -> Orders {
    Orders {
        no_retries: false,
        wait_divisor,
        room,
    }
}

#[test]
fn the_lowest_limit_is_in_force() {
    use LimitWhy::{Fixed, Saturated, Shedding, Testing};
    // The adaptive limit, whether it is proven, and what an overload leaves.
    for (limit, proven, room, expected) in [
        (None, false, None, (10, Fixed)),
        (Some(4), false, None, (4, Testing)),
        (Some(4), true, None, (4, Saturated)),
        (Some(4), true, Some(5), (4, Saturated)),
        (Some(4), true, Some(4), (4, Saturated)),
        (Some(4), true, Some(3), (3, Shedding)),
        (None, false, Some(3), (3, Shedding)),
        (Some(10), true, None, (10, Fixed)),
        (Some(11), true, Some(12), (10, Fixed)),
    ] {
        let shared = shared(10);
        shared.rule(&ruling(limit, proven));
        shared.obey(&orders(room, 1));
        let what = format!("{limit:?} {proven} {room:?}");
        assert_eq!(shared.in_force(), expected, "{what}");
        let admitted = (0..20).filter(|_| shared.take()).count();
        assert_eq!(admitted, expected.0 as usize, "{what}");
    }
}

/// An adaptive limit is one of those who wait for an answer. Once there are as many in flight as are allowed, it holds back
/// nobody.
#[test]
fn what_is_full_is_what_is_told() {
    let shared = shared(3);
    shared.rule(&ruling(Some(2), true));
    let told = || {
        let reached = shared.turned_away(Turned::AtOnce, Class::Normal, Duration::ZERO);
        (reached.limit(), reached.in_use())
    };
    assert!(shared.take());
    shared.over();
    assert!(shared.take());
    assert_eq!(told(), (2, 1), "one waits for its answer, of two");
    assert!(shared.take());
    assert_eq!(told(), (3, 3), "three are in flight, of three");
    assert_eq!(shared.in_force().1, LimitWhy::Fixed);
}

#[test]
fn how_long_one_waits_depends_on_why() {
    // The adaptive limit and whether it is proven, whether more come than are served, room and part of the wait.
    for (limit, proven, rushed, room, part, patience) in [
        (None, false, true, None, 1, Some(WAIT)),
        (None, false, true, None, 4, Some(WAIT / 4)),
        (Some(4), false, true, None, 1, None),
        (Some(4), false, true, None, 4, Some(WAIT / 4)),
        (Some(4), true, true, None, 1, Some(WAIT * 2)),
        (Some(4), true, true, None, 4, Some(WAIT / 2)),
        (Some(4), true, false, None, 1, None),
        (Some(4), true, false, Some(3), 4, Some(WAIT / 4)),
    ] {
        let shared = shared(10);
        shared.rule(&ruling(limit, proven));
        shared.obey(&orders(room, part));
        shared.rushed.store(rushed, Ordering::Relaxed);
        assert_eq!(
            shared.patience(),
            patience,
            "{limit:?} {proven} {rushed} {room:?} 1/{part}"
        );
    }
}

#[test]
fn it_looks_when_it_is_time_and_not_before() {
    let shared = shared(10);
    let next = || Tick::from_nanos(shared.next_look.load(Ordering::Relaxed));
    shared.next_look.store(NOW.as_nanos(), Ordering::Relaxed);
    shared.look(NOW.before(Duration::from_nanos(1)));
    assert_eq!(next(), NOW);
    shared.look(NOW);
    assert_eq!(next(), NOW.after(Duration::from_millis(20)));
}
