//! What is slow here, and how it is told.

use super::*;

const BY: Duration = Duration::from_millis(250);

fn answered(millis: &[u64]) -> Vec<Histogram> {
    let of = |&millis: &u64| {
        let histogram = Histogram::new();
        histogram.record(Duration::from_millis(millis));
        histogram
    };
    millis.iter().map(of).collect()
}

fn learn(slow: &Slow, millis_since: u64, latencies: &[u64]) {
    let now = Tick::from_millis(millis_since);
    let rules = EjectionConfig::default();
    slow.learn(now, &rules, false, answered(latencies).iter());
}

/// A bucket is off by 3.2 % at most.
fn is_about(got: Duration, millis: u64) -> bool {
    (got.as_secs_f64() * 1e3 / millis as f64 - 1.0).abs() < 0.04
}

/// The median; of an even number the lower one.
#[test]
fn what_is_usual_is_what_half_of_them_are_no_slower_than() {
    for (latencies, usual) in [
        (&[10, 400][..], 10),
        (&[30, 10, 20], 20),
        (&[40, 10, 30, 20], 20),
        (&[50, 10, 40, 20, 30], 30),
    ] {
        let slow = Slow::new();
        learn(&slow, 10_000, latencies);
        assert!(is_about(slow.usual(), usual), "{latencies:?}");
        let above = slow.usual() + BY;
        assert!(!slow.is_slow(above), "{latencies:?}");
        assert!(slow.is_slow(above + Duration::from_nanos(1)));
    }
    // One alone is compared with nobody.
    let slow = Slow::new();
    learn(&slow, 10_000, &[10]);
    assert!(!slow.is_slow(Duration::MAX));
}

#[test]
fn what_is_usual_is_learned_once_a_second() {
    let slow = Slow::new();
    learn(&slow, 500, &[10, 10]);
    assert!(is_about(slow.usual(), 10), "in the first second as well");
    learn(&slow, 1_499, &[20, 20]);
    assert!(is_about(slow.usual(), 10), "999 ms later");
    learn(&slow, 1_500, &[30, 30]);
    assert!(is_about(slow.usual(), 30), "a second later");
    learn(&slow, 9_000, &[40, 40]);
    assert!(is_about(slow.usual(), 40), "long after that");
}

#[test]
fn a_share_has_a_digit_after_the_point_where_it_needs_one() {
    for (share, text) in [
        (0.0, "0 %"),
        (0.004, "0.4 %"),
        (0.0994, "9.9 %"),
        (0.0996, "10 %"),
        (0.3, "30 %"),
        (1.0, "100 %"),
    ] {
        assert_eq!(Percent(share).to_string(), text);
    }
}
