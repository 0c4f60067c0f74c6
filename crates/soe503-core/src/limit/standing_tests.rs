//! Who is sent away of a line that is too long.

use super::*;
use crate::limit::adaptive::Ruling;

const NOW: Tick = Tick::from_secs(100);

/// One at once, which is busy, and eight in line are served in 80 ms, by proof.
fn saturated() -> Arc<Shared> {
    let shared = Shared::new("app".into());
    shared.max_waiting.store(1_000, Ordering::Relaxed);
    shared.max_wait.store(80_000_000, Ordering::Relaxed);
    shared.rule(&Ruling {
        limit: Some(1),
        proven: Some(100.0),
        ..Ruling::NONE
    });
    assert!(shared.take());
    Arc::new(shared)
}

/// Those of `count` of `class` who come all at once and get a place.
fn come(shared: &Arc<Shared>, class: Class, count: u32) -> Vec<Ticket> {
    let arrival = Arrival {
        class,
        deadline: None,
    };
    let entries = (0..count).map(|_| shared.stand_in_line(NOW, arrival));
    let waiting = entries.filter_map(|entry| match entry {
        Entry::Waits(ticket) => Some(ticket),
        Entry::Refused(reached) => {
            assert_eq!(reached.why(), Turned::LineFull);
            None
        }
        Entry::Admitted(_) => panic!("there is no room"),
    });
    waiting.collect()
}

/// A rush is known once 64 have come. Then the line is cut to what is served in time: to a quarter of that for the less
/// important, and half for the others.
#[test]
fn the_less_important_have_less_room_in_a_rush() {
    use Class::{High, Low, Normal};
    for (first, then, left) in [
        ((Low, 60), (Low, 40), [2, 0, 0]),
        ((Normal, 60), (Normal, 40), [0, 4, 0]),
        ((High, 60), (High, 40), [0, 0, 8]),
        ((High, 1), (Low, 99), [1, 0, 1]),
        ((High, 3), (Low, 97), [0, 0, 3]),
        ((High, 3), (Normal, 97), [0, 1, 3]),
    ] {
        let shared = saturated();
        let _first = come(&shared, first.0, first.1);
        let _then = come(&shared, then.0, then.1);
        let line = shared.line();
        let waiting = Class::ALL.map(|class| line.waiting_of(class));
        assert_eq!(waiting, left, "{first:?}, then {then:?}");
    }
}

#[test]
fn who_is_sent_away_at_once_leaves_no_place_behind() {
    let shared = saturated();
    let _waiting = come(&shared, Class::Low, 70);
    assert!(come(&shared, Class::Low, 500).is_empty());
    let place = come(&shared, Class::High, 1)[0].place;
    assert!(place.is_some_and(|place| place < 70), "{place:?}");
}
