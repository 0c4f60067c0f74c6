//! Client-side throttling: what is sent to backends that refuse, and what once they recover.

use std::time::Duration;

use soe503_core::throttle::{Throttle, ThrottleConfig};
use soe503_core::{Ratio, Tick};

/// Offers `per_second` requests for `seconds` to a backend that accepts `capacity` of them per second, and
/// refuses the rest. The requests that were sent, and those that were accepted.
fn offer(
    throttle: &Throttle,
    from: u64,
    seconds: u64,
    per_second: u64,
    capacity: u64,
) -> (u64, u64) {
    let mut random = fastrand_like(7);
    let (mut sent, mut accepted) = (0, 0);
    for second in from..from + seconds {
        let mut room = capacity;
        for request in 0..per_second {
            let now = Tick::from_millis(second * 1000 + request * 1000 / per_second);
            if throttle.admit(now, random()).is_err() {
                continue;
            }
            sent += 1;
            if room > 0 {
                room -= 1;
                accepted += 1;
            } else {
                throttle.refused(now);
            }
        }
    }
    (sent, accepted)
}

/// Numbers in `0..1` that look random: a linear congruential generator.
fn fastrand_like(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[test]
fn a_backend_that_accepts_everything_is_sent_everything() {
    let throttle = Throttle::new("app", ThrottleConfig::default());
    assert_eq!(offer(&throttle, 0, 300, 50, 50), (15_000, 15_000));
    // Half of it refused is still within k = 2.
    let (sent, _) = offer(&throttle, 300, 300, 50, 30);
    assert_eq!(sent, 15_000);
    assert_eq!(throttle.snapshot(Tick::from_secs(600)).throttled, 0);
}

#[test]
fn an_overloaded_backend_is_sent_about_k_times_what_it_accepts() {
    let throttle = Throttle::new("app", ThrottleConfig::default());
    offer(&throttle, 0, 240, 100, 10);
    // What it would have refused without: 90 per second.
    let (sent, accepted) = offer(&throttle, 240, 240, 100, 10);
    assert!((4_000..6_000).contains(&sent), "{sent}");
    assert!(accepted >= 2_200, "the backend stays busy: {accepted}");
    let seen = throttle.snapshot(Tick::from_secs(480));
    assert!((0.7..0.9).contains(&seen.probability.as_f64()), "{seen:?}");
}

#[test]
fn a_dead_end_is_still_probed_and_its_recovery_is_found() {
    let throttle = Throttle::new("app", ThrottleConfig::default());
    let (sent, _) = offer(&throttle, 0, 600, 100, 0);
    assert!((5_000..8_000).contains(&sent), "one in ten: {sent}");
    let ceiling = throttle.snapshot(Tick::from_secs(600)).probability;
    assert_eq!(ceiling, Ratio::percent(90));
    offer(&throttle, 600, 240, 100, 100);
    let (sent, _) = offer(&throttle, 840, 60, 100, 100);
    assert!(sent > 5_900, "all of it again: {sent}");
}

#[test]
fn few_requests_prove_nothing() {
    let throttle = Throttle::new("app", ThrottleConfig::default());
    for _ in 0..50 {
        assert!(throttle.admit(Tick::ZERO, 0.0).is_ok());
        throttle.refused(Tick::ZERO);
    }
    let held = throttle.admit(Tick::ZERO, 0.0).unwrap_err();
    assert_eq!((held.requests, held.accepted), (50, 0));
    assert_eq!(held.wait(), Duration::from_secs(10));
    // Two minutes later nobody remembers.
    assert!(throttle.admit(Tick::from_secs(121), 0.0).is_ok());
}

#[test]
fn what_is_out_of_range_becomes_the_nearest_that_makes_sense() {
    let mut config = ThrottleConfig::default();
    (config.k, config.window) = (0.5, Duration::ZERO);
    let throttle = Throttle::new("app", config);
    let config = throttle.config();
    assert!(config.k > 1.0 && !config.window.is_zero(), "{config:?}");
    assert_eq!(config.min_requests, 50);
    let mut own = ThrottleConfig::default();
    own.min_requests = 7;
    assert_eq!(Throttle::new("app", own).config().min_requests, 7);
}

#[test]
fn a_refusal_says_what_the_backends_accepted() {
    let throttle = Throttle::new("app", ThrottleConfig::default());
    for request in 0..60 {
        assert!(throttle.admit(Tick::ZERO, 0.999).is_ok());
        if request >= 20 {
            throttle.refused(Tick::ZERO);
        }
    }
    // (60 - 2 × 20) / (60 + 1).
    let probability = throttle.snapshot(Tick::ZERO).probability;
    assert_eq!(probability, Ratio::new(20.0 / 61.0).unwrap());
    let held = throttle.admit(Tick::ZERO, 0.0).unwrap_err();
    assert_eq!(
        held.to_string(),
        "held back: the backends accepted 20 of 60 requests"
    );
}
