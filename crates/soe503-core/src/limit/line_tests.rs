//! The order of the line.

use super::*;

const STALE: Duration = Duration::from_millis(500);

fn at(millis: u64) -> Tick {
    Tick::from_millis(1_000 + millis)
}

/// Lets `name` stand in line.
fn join(line: &mut Line<u32>, name: u32, class: Class, now: Tick) -> u32 {
    line.came(now, 120.0);
    let place = line.join(class, now);
    line.look(place, |waker| *waker = Some(name));
    place
}

fn grant(line: &mut Line<u32>) -> Option<u32> {
    line.grant(STALE).flatten()
}

#[test]
fn first_come_first_served_within_a_class() {
    let mut line = Line::new();
    for (name, class) in [
        (1, Class::Low),
        (2, Class::High),
        (3, Class::Normal),
        (4, Class::High),
    ] {
        join(&mut line, name, class, at(u64::from(name)));
    }
    assert_eq!((line.waiting(), line.oldest()), (4, Some(at(1))));
    let order: Vec<_> = core::iter::from_fn(|| grant(&mut line)).collect();
    assert_eq!(order, [2, 4, 3, 1]);
    assert_eq!((line.waiting(), line.oldest()), (0, None));
}

#[test]
fn fm48_newest_first_once_the_first_has_waited_too_long() {
    let mut line = Line::new();
    let places: Vec<_> = (0..10)
        .map(|name| join(&mut line, name, Class::Normal, at(u64::from(name) * 100)))
        .collect();
    assert_eq!(grant(&mut line), Some(9), "the first waits for 900 ms");
    assert_eq!(line.evict(Class::Normal), Some(Some(0)), "the oldest goes");
    // Until those are gone that waited so long.
    for place in &places[1..8] {
        line.leave(*place);
    }
    assert_eq!(grant(&mut line), Some(8));
    join(&mut line, 20, Class::Normal, at(1000));
    join(&mut line, 21, Class::Normal, at(1100));
    assert_eq!(grant(&mut line), Some(20));
}

#[test]
fn newest_first_while_many_are_sent_away() {
    let mut line = Line::new();
    for name in 0..20 {
        join(&mut line, name, Class::Low, at(1));
    }
    assert_eq!(
        line.evict(Class::Low),
        Some(Some(19)),
        "the last one came last"
    );
    for _ in 0..60 {
        line.note_refused(Class::Low);
    }
    assert_eq!(grant(&mut line), Some(18));
    assert_eq!(line.evict(Class::Low), Some(Some(0)));
    // Once most are served again, the first goes first.
    for name in 100..400 {
        join(&mut line, name, Class::Low, at(1));
        grant(&mut line);
    }
    join(&mut line, 1000, Class::Low, at(1));
    assert_ne!(grant(&mut line), Some(1000));
}

#[test]
fn a_class_has_an_order_of_its_own() {
    let mut line = Line::new();
    for name in 0..10 {
        join(&mut line, name, Class::High, at(1));
        join(&mut line, 100 + name, Class::Low, at(1));
    }
    for _ in 0..60 {
        line.note_refused(Class::Low);
    }
    let order: Vec<_> = core::iter::from_fn(|| grant(&mut line)).collect();
    assert_eq!(order[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(order[10..13], [109, 108, 107]);
}

#[test]
fn a_place_that_was_given_up_is_somebody_elses() {
    let mut line = Line::new();
    let first = join(&mut line, 1, Class::Normal, at(1));
    assert!(matches!(line.leave(first), State::Waiting(Some(1))));
    let again = join(&mut line, 2, Class::Normal, at(2));
    assert_eq!(again, first, "the same place");
    assert_eq!((line.waiting(), line.oldest()), (1, Some(at(2))));
    assert_eq!(grant(&mut line), Some(2));
    assert!(matches!(
        line.look(again, |_| panic!("it does not wait")),
        State::Granted
    ));
    assert!(matches!(line.leave(again), State::Granted));
    assert_eq!(grant(&mut line), None);
}

/// Those behind somebody who never moves come and go.
#[test]
fn nothing_is_left_of_those_who_left() {
    let mut line = Line::new();
    let stays = join(&mut line, 0, Class::Normal, at(0));
    for name in 1..10_000 {
        let place = join(&mut line, name, Class::Normal, at(0));
        line.leave(place);
    }
    assert_eq!(line.waiting(), 1);
    assert!(line.places.len() <= 2, "places are used again");
    let listed = line.ranks[Class::Normal.index()].order.len();
    assert!(listed <= LEFTOVERS + 2, "{listed}");
    line.leave(stays);
    assert_eq!((line.waiting(), grant(&mut line)), (0, None));
}

#[test]
fn a_rush_has_to_last_and_its_end_is_seen_at_once() {
    let mut line = Line::<u32>::new();
    let mut now = 0;
    let mut come = |line: &mut Line<u32>, count: u32, every: u64| {
        for _ in 0..count {
            now += every;
            line.came(at(now), 120.0);
        }
    };
    come(&mut line, 64, 10);
    assert!(!line.crowded(120.0), "100 come, 120 are served");
    come(&mut line, 16, 5);
    assert!(!line.crowded(120.0), "200 come, but not for long");
    come(&mut line, 48, 5);
    assert!(line.crowded(120.0));
    come(&mut line, 2, 20);
    assert!(!line.crowded(120.0), "two of 50 are the end");
    come(&mut line, 2, 5);
    assert!(line.crowded(120.0), "or were not");
}

#[test]
fn who_comes_for_somebody_who_left_is_no_rush() {
    // 200 come in a second: a rush where 120 are served, unless half of them come for others who leave, and where
    // 80 are in any case.
    for (rate, leaving, rush) in [
        (120.0, false, true),
        (120.0, true, false),
        (80.0, true, true),
    ] {
        let mut line = Line::<u32>::new();
        let mut places = std::collections::VecDeque::new();
        for name in 0..400 {
            let now = at(10_000 + 5 * name);
            line.came(now, rate);
            places.push_back(line.join(Class::Normal, now));
            if leaving && name % 2 == 0 {
                line.leave(places.pop_front().unwrap());
            }
        }
        assert_eq!(line.rushed(rate), rush, "{rate} {leaving}");
        assert_eq!(line.crowded(rate), rush, "{rate} {leaving}");
    }
}

/// Fewer come than are served, by chance sometimes closer: never a rush. A tenth more are one, after a while.
#[test]
fn chance_is_no_rush_and_a_small_excess_is_one() {
    let rate = 570.0;
    for (load, rush) in [(400.0, false), (630.0, true)] {
        let mut rng = fastrand::Rng::with_seed(5);
        let mut line = Line::<u32>::new();
        let (mut now, mut first) = (10.0, None);
        while now < 130.0 {
            now += -(1.0 - rng.f64()).ln() / load;
            line.came(Tick::from_nanos((now * 1e9) as u64), rate);
            if line.rushed(rate) {
                first = first.or(Some(now - 10.0));
            }
        }
        assert_eq!(first.is_some(), rush, "{load}: {first:?}");
        assert!(first.is_none_or(|after| after < 3.0), "{load}: {first:?}");
    }
}

/// An excess counts for twice a rush at most, which is 16 where 120 are served: in a while of 17 it is still one.
#[test]
fn what_is_left_of_a_long_rush_is_worked_off_soon() {
    for (pause, rush) in [(141, true), (150, false)] {
        let mut line = Line::<u32>::new();
        (0..1_000).for_each(|_| line.came(at(0), 120.0));
        line.came(at(pause), 120.0);
        assert_eq!(line.rushed(120.0), rush, "after {pause} ms");
    }
}

/// Sixteen more than are served, or a twentieth of what is served in a second.
#[test]
fn a_rush_is_more_where_more_are_served() {
    for (rate, more) in [(20.0, 16), (320.0, 16), (1_000.0, 50)] {
        let mut line = Line::<u32>::new();
        line.came(at(0), rate);
        (0..more - 1).for_each(|_| line.came(at(0), rate));
        assert!(!line.rushed(rate), "{rate}: {more} with the first");
        line.came(at(0), rate);
        assert!(line.rushed(rate), "{rate}");
    }
}

/// By the last 64 it takes a tenth more than are served, by the last two any more.
#[test]
fn as_many_as_are_served_are_no_crowd() {
    for (every, last, crowded) in [
        // 115 and 105 a second come where 100 are served.
        (8_696, None, true),
        (9_524, None, false),
        // The last two come faster than those before, as fast as are served, and slower.
        (5_000, Some(9_999), true),
        (5_000, Some(10_000), false),
        (5_000, Some(10_001), false),
    ] {
        let mut line = Line::<u32>::new();
        let mut now = at(0);
        let mut come = |count: u32, micros| {
            for _ in 0..count {
                now = now.after(Duration::from_micros(micros));
                line.came(now, 100.0);
            }
        };
        come(1_000, every);
        if let Some(last) = last {
            come(2, last);
        }
        assert!(line.rushed(100.0), "{every}");
        assert_eq!(line.crowded(100.0), crowded, "{every} {last:?}");
    }
}

/// 200 a second come where 120 are served, and then half of them for others who leave: what has come before counts for a
/// while, and is no crowd.
#[test]
fn a_rush_is_over_once_they_come_for_others_who_left() {
    let mut line = Line::<u32>::new();
    let mut places = std::collections::VecDeque::new();
    for name in 0..464 {
        let now = at(5 * name);
        line.came(now, 120.0);
        places.push_back(line.join(Class::Normal, now));
        if name == 399 {
            assert!(line.crowded(120.0));
        }
        if name >= 400 && name % 2 == 0 {
            line.leave(places.pop_front().unwrap());
        }
    }
    assert!(line.rushed(120.0) && !line.crowded(120.0));
}

#[test]
fn the_order_turns_after_its_time_and_not_before() {
    for (waited, first) in [(500, 1), (501, 2)] {
        let mut line = Line::new();
        join(&mut line, 1, Class::Normal, at(0));
        join(&mut line, 2, Class::Normal, at(waited));
        assert_eq!(grant(&mut line), Some(first), "{waited} ms");
    }
    // And back once the first has waited for less than half of it.
    for (waited, first) in [(249, 3), (250, 4)] {
        let mut line = Line::new();
        let stale = join(&mut line, 1, Class::Normal, at(0));
        join(&mut line, 2, Class::Normal, at(501));
        assert_eq!(grant(&mut line), Some(2));
        line.leave(stale);
        join(&mut line, 3, Class::Normal, at(600));
        join(&mut line, 4, Class::Normal, at(600 + waited));
        assert_eq!(grant(&mut line), Some(first), "{waited} ms");
    }
}

/// A sweep goes over all of a class: it is worth it once more have left than wait, and 64.
#[test]
fn who_left_is_swept_away_with_many_others() {
    let mut line = Line::new();
    let places: Vec<_> = (0..200)
        .map(|name| join(&mut line, name, Class::Normal, at(0)))
        .collect();
    let listed = |line: &Line<u32>| line.ranks[Class::Normal.index()].order.len();
    for place in &places[68..] {
        line.leave(*place);
    }
    assert_eq!((line.waiting(), listed(&line)), (68, 200));
    line.leave(places[67]);
    assert_eq!((line.waiting(), listed(&line)), (67, 67));
    assert_eq!(grant(&mut line), Some(0));
}
