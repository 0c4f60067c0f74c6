//! What servers do with idle connections, and what is learned from it.

use proptest::prelude::*;

use super::*;

const CONFIGURED: Duration = Duration::from_secs(60);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A look once a second: the close is between the last look and this one.
fn seen(keepalive: &KeepAlive, now: Tick, age: u64) {
    keepalive.closed(
        now,
        ms(age.saturating_sub(age % 1000)),
        ms(age - age % 1000 + 1000),
    );
}

#[test]
fn nothing_known_is_as_configured() {
    let keepalive = KeepAlive::new();
    assert_eq!(keepalive.limit(Tick::from_secs(1), CONFIGURED), CONFIGURED);
    assert_eq!(keepalive.patience(Tick::from_secs(1)), None);
}

#[test]
fn three_closes_at_the_same_age_are_a_limit() {
    let keepalive = KeepAlive::new();
    for (at, age) in [(10, 5_010), (20, 5_020)] {
        seen(&keepalive, Tick::from_secs(at), age);
        assert_eq!(keepalive.limit(Tick::from_secs(at), CONFIGURED), CONFIGURED);
    }
    let now = Tick::from_secs(30);
    seen(&keepalive, now, 5_000);
    assert_eq!(keepalive.patience(now), Some(ms(5_000)));
    assert_eq!(keepalive.limit(now, CONFIGURED), ms(4_000));
    // Never more than configured.
    assert_eq!(keepalive.limit(now, ms(100)), ms(100));
    // Forgotten when nothing confirms it.
    let later = now.after(KeepAlive::MEMORY);
    assert_eq!(keepalive.limit(later, CONFIGURED), CONFIGURED);
}

#[test]
fn who_set_the_limit_is_known() {
    let keepalive = KeepAlive::new();
    let now = Tick::from_secs(30);
    assert_eq!(
        keepalive.judge(now, CONFIGURED),
        (CONFIGURED, Source::Configured)
    );
    for at in [10, 20, 30] {
        seen(&keepalive, Tick::from_secs(at), 5_000);
    }
    assert_eq!(
        keepalive.judge(now, CONFIGURED),
        (ms(4_000), Source::Learned)
    );
    keepalive.hint(now, ms(5_000));
    assert_eq!(keepalive.judge(now, CONFIGURED), (ms(4_000), Source::Said));
    keepalive.hint(now, ms(10_000));
    assert_eq!(
        keepalive.judge(now, CONFIGURED),
        (ms(4_000), Source::Learned)
    );
    assert_eq!(
        keepalive.judge(now, ms(4_000)),
        (ms(4_000), Source::Configured)
    );
}

#[test]
fn a_restart_teaches_nothing() {
    let keepalive = KeepAlive::new();
    let now = Tick::from_secs(100);
    // Many connections of the same age, closed at once.
    (0..50).for_each(|_| seen(&keepalive, now, 30_000));
    assert_eq!(keepalive.patience(now), None);
    // Restarts of a day, at whatever age the connections had.
    for (hour, age) in (1..).zip([3_000, 58_000, 12_000, 41_000, 7_000]) {
        seen(&keepalive, Tick::from_secs(3600 * hour), age);
    }
    assert_eq!(keepalive.patience(Tick::from_secs(5 * 3600)), None);
}

#[test]
fn closes_at_once_are_something_else() {
    let keepalive = KeepAlive::new();
    for at in 1..20 {
        keepalive.closed(Tick::from_secs(10 * at), Duration::ZERO, ms(200));
    }
    assert_eq!(keepalive.patience(Tick::from_secs(200)), None);
}

#[test]
fn the_server_says_it() {
    let keepalive = KeepAlive::new();
    let now = Tick::from_secs(7);
    keepalive.hint(now, ms(5_000));
    assert_eq!(keepalive.limit(now, CONFIGURED), ms(4_000));
    keepalive.hint(now, ms(75_000));
    assert_eq!(keepalive.limit(now, CONFIGURED), CONFIGURED);
    keepalive.hint(now, Duration::ZERO);
    assert_eq!(keepalive.limit(now, CONFIGURED), Duration::ZERO);
    // It may do less than it says.
    keepalive.hint(now, ms(75_000));
    for at in [10, 20, 30] {
        keepalive.closed(Tick::from_secs(at), ms(9_900), ms(10_000));
    }
    assert_eq!(keepalive.limit(Tick::from_secs(30), CONFIGURED), ms(7_920));
}

#[test]
fn fields_are_read_as_they_are_written() {
    for (field, seconds) in [
        ("timeout=5", Some(5)),
        ("timeout=5, max=100", Some(5)),
        ("max=100, Timeout = 15", Some(15)),
        ("timeout=\"7\"", Some(7)),
        ("timeout=0", Some(0)),
        ("timeout=", None),
        ("timeout=-1", None),
        ("timeout=5.5", None),
        ("timeout=99999999999", None),
        ("max=5", None),
        ("", None),
    ] {
        assert_eq!(
            parse_timeout(field).map(|d| d.as_secs()),
            seconds,
            "{field}"
        );
    }
}

proptest! {
    /// A server that closes after its patience, looked at at odd moments: what is learned is never
    /// longer than its patience, and once it is learned, not much shorter.
    #[test]
    fn what_is_learned_is_safe_and_useful(
        patience in 2_000_u64..300_000,
        looks in prop::collection::vec((0_u64..1_000, 0_u64..20), 3..30),
    ) {
        let keepalive = KeepAlive::new();
        let mut now = Tick::from_secs(1);
        for (phase, late) in looks {
            now = now.after(ms(2_000));
            let age = patience + late;
            let open = age.saturating_sub(phase);
            keepalive.closed(now, ms(open), ms(open + 1_000));
        }
        let limit = keepalive.limit(now, Duration::MAX).as_millis() as u64;
        prop_assert!(limit < patience, "{limit} of {patience}");
        prop_assert!(limit + 1_000 >= patience * 3 / 4, "{limit} of {patience}");
    }

    #[test]
    fn any_sequence_is_harmless(
        closes in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>()), 0..20),
    ) {
        let keepalive = KeepAlive::new();
        for (now, open, closed) in closes {
            let now = Tick::from_nanos(now);
            keepalive.closed(now, ms(open), ms(closed));
            keepalive.hint(now, ms(closed));
            prop_assert!(keepalive.limit(now, CONFIGURED) <= CONFIGURED);
        }
    }
}

/// Closed right after an answer, when it had served `served`.
fn ended(keepalive: &KeepAlive, second: u64, served: u32) {
    keepalive.counted(Tick::from_secs(second), ms(0), served);
}

#[test]
fn three_connections_that_served_as_many_are_a_limit() {
    let keepalive = KeepAlive::new();
    for second in [10, 12] {
        ended(&keepalive, second, 100);
        assert_eq!(keepalive.requests(Tick::from_secs(second)), None);
    }
    ended(&keepalive, 14, 100);
    let now = Tick::from_secs(14);
    assert_eq!(keepalive.requests(now), Some(100));
    assert!(keepalive.is_used_up(now, ms(3), 100));
    assert!(!keepalive.is_used_up(now, ms(3), 99));
    assert_eq!(keepalive.limit(now, CONFIGURED), CONFIGURED, "idle or not");
    let later = now.after(KeepAlive::MEMORY);
    assert!(!keepalive.is_used_up(later, ms(3), 100), "forgotten");
}

#[test]
fn no_limit_of_requests() {
    // One crash closes all.
    let crash = KeepAlive::new();
    for _ in 0..5 {
        ended(&crash, 10, 7);
    }
    // Crashes now and then find any number.
    let crashes = KeepAlive::new();
    for (second, served) in [(10, 7), (20, 7), (30, 3), (40, 7), (50, 9)] {
        ended(&crashes, second, served);
    }
    // Idle for long: that was why.
    let idle = KeepAlive::new();
    // Nothing is reused.
    let once = KeepAlive::new();
    for second in [10, 20, 30, 40] {
        idle.counted(Tick::from_secs(second), ms(4_000), 7);
        ended(&once, second, 1);
    }
    for keepalive in [crash, crashes, idle, once] {
        assert_eq!(keepalive.requests(Tick::from_secs(50)), None);
    }
}

#[test]
fn used_up_by_idling() {
    let keepalive = KeepAlive::new();
    let now = Tick::from_secs(10);
    assert!(!keepalive.is_used_up(now, ms(5_000), 3), "nothing known");
    keepalive.hint(now, ms(5_000));
    assert!(keepalive.is_used_up(now, ms(4_900), 3));
    assert!(!keepalive.is_used_up(now, ms(400), 3));
}

/// A second is the shortest that counts, and the nearest to the close before.
#[test]
fn closes_a_second_apart_count_each() {
    let learned = |closed, apart: u64| {
        let keepalive = KeepAlive::new();
        for n in 0..3 {
            let now = Tick::from_secs(100).after(ms(n * apart));
            keepalive.closed(now, ms(900), ms(closed));
        }
        keepalive.patience(Tick::from_secs(104))
    };
    assert_eq!(learned(1_000, 1_000), Some(ms(900)));
    assert_eq!(learned(999, 1_000), None);
    assert_eq!(learned(1_000, 999), None);
    let requests = |apart: u64| {
        let keepalive = KeepAlive::new();
        for n in 0..3 {
            let now = Tick::from_secs(100).after(ms(n * apart));
            keepalive.counted(now, ms(10), 100);
        }
        keepalive.requests(Tick::from_secs(104))
    };
    assert_eq!((requests(1_000), requests(999)), (Some(100), None));
}

/// Between the latest time at which one was open and the earliest at which one was closed.
#[test]
fn what_is_learned_lies_between_all_looks() {
    let learned = |closes: [(u64, u64); 3]| {
        let keepalive = KeepAlive::new();
        for (second, (open, closed)) in (100..).zip(closes) {
            keepalive.closed(Tick::from_secs(second * 2), ms(open), ms(closed));
        }
        keepalive.patience(Tick::from_secs(300))
    };
    for (closes, patience) in [
        (
            [(50_000, 60_000), (40_000, 60_000), (30_000, 60_000)],
            Some(50_000),
        ),
        // The first was not looked at before.
        (
            [(0, 60_000), (55_000, 60_000), (56_000, 60_000)],
            Some(56_000),
        ),
        // A twentieth of the greater is no difference: 60 s and 57.2 s, and then the earlier is safe.
        (
            [(60_000, 60_000), (57_200, 57_200), (58_000, 58_000)],
            Some(57_200),
        ),
        ([(60_000, 60_000), (56_000, 56_000), (58_000, 58_000)], None),
    ] {
        assert_eq!(learned(closes), patience.map(ms), "{closes:?}");
    }
}
