//! Where a window is, by picks, by time, and by what is drawn.

use super::*;

fn lane() -> Lane {
    Lane {
        start: AtomicU32::new(0),
        width: AtomicU32::new(NARROWEST * UNIT),
        picks: AtomicU32::new(0),
        moved: AtomicU64::new(0),
    }
}

/// Picks at one moment, and where the window is after the last.
fn pick(lane: &Lane, now: Tick, picks: u32, count: usize) -> usize {
    let windows = (0..picks).map(|_| lane.window(now, 0..count).start);
    windows.last().expect("at least one")
}

#[test]
fn it_moves_by_one_after_so_many_picks() {
    let (lane, now) = (lane(), Tick::ZERO.after(Duration::from_millis(1)));
    assert_eq!(pick(&lane, now, PICKS_PER_STEP - 1, 1_000), 0);
    assert_eq!(pick(&lane, now, 1, 1_000), 1);
    assert_eq!(pick(&lane, now, 10 * PICKS_PER_STEP, 1_000), 11);
    assert_eq!(pick(&lane, now, 1_000 * PICKS_PER_STEP, 1_000), 11);
}

#[test]
fn it_comes_round_in_time_however_few_picks_there_are() {
    let lane = lane();
    // 0.6 s for each of a thousand.
    let places = [(599, 0), (600, 1), (1_199, 1), (1_200, 2), (60_000, 100)];
    for (millis, place) in places {
        let now = Tick::ZERO.after(Duration::from_millis(millis));
        assert_eq!(pick(&lane, now, 1, 1_000), place, "{millis} ms");
    }
    // Long silence is no long way: it is somewhere.
    assert!(pick(&lane, Tick::from_secs(1_000_000), 1, 1_000) < 1_000);
}

#[test]
fn a_rotation_that_shrinks_takes_the_window_with_it() {
    let (lane, now) = (lane(), Tick::ZERO.after(Duration::from_millis(1)));
    pick(&lane, now, 900 * PICKS_PER_STEP, 1_000);
    assert!(pick(&lane, now, 1, 200) < 200);
}

#[test]
fn a_third_of_it_is_busy_at_rest() {
    let (lane, count) = (lane(), 10_000);
    let mut rng = fastrand::Rng::with_seed(1);
    let width = |lane: &Lane| lane.window(Tick::ZERO, 0..count).width;
    for (in_flight, expected) in [(10, 64..=64), (400, 1_000..=1_450), (20, 64..=100)] {
        for _ in 0..5_000 {
            let load = in_flight as f32 / width(&lane) as f32;
            let busy = [rng.f32(), rng.f32()].into_iter().filter(|r| *r < load);
            lane.drew(busy.count(), count);
        }
        let width = width(&lane);
        assert!(expected.contains(&width), "{in_flight} in flight: {width}");
    }
}

#[test]
fn it_is_never_wider_than_the_rotation() {
    let lane = lane();
    (0..10_000).for_each(|_| lane.drew(2, 300));
    let window = lane.window(Tick::ZERO, 0..300);
    assert_eq!((window.width, window.is_part()), (300, false));
    // Wherever it stands in the roster.
    assert!(!lane.window(Tick::ZERO, 100..400).is_part());
    assert!(lane.window(Tick::ZERO, 100..401).is_part());
    // A larger one later: it goes on from there.
    assert!(lane.window(Tick::ZERO, 0..1_000).is_part());
}

#[test]
fn places_go_on_at_the_beginning_of_the_range() {
    let window = Window {
        range: 100..300,
        start: 190,
        width: 20,
    };
    let mut rng = fastrand::Rng::with_seed(1);
    let mut places: Vec<usize> = (0..1_000).filter_map(|_| window.draw(&mut rng)).collect();
    places.sort_unstable();
    places.dedup();
    let expected: Vec<usize> = (100..110).chain(290..300).collect();
    assert_eq!(places, expected);
}
