//! Configurations: defaults, what is refused, and what is made of it all the same.

use std::time::Duration;

use proptest::prelude::*;
use soe503_core::breaker::{Breaker, BreakerConfig, ConfigError, Window};
use soe503_core::{Outcome, Ratio, Tick};

#[test]
fn the_defaults_are_the_documented_ones() {
    let secs = Duration::from_secs;
    let documented = BreakerConfig {
        consecutive_failures: Some(5),
        max_consecutive_failures: 100,
        failure_rate: None,
        slow_rate: None,
        slow_request: secs(1),
        window: Window::Time(secs(10)),
        minimum_requests: 20,
        probe_interval: Some(Duration::from_millis(30)),
        open_for: secs(1),
        max_open_for: secs(5),
        jitter: Ratio::new(0.1).unwrap(),
        probes: 3,
        half_open_timeout: Some(secs(10)),
        ride_out: secs(5),
        max_waiting: 4096,
        abandon_after: None,
        shadow: false,
    };
    assert_eq!(BreakerConfig::default(), documented);
    assert_eq!(documented.validate(), Ok(()));
}

#[test]
fn what_cannot_work_is_refused_and_names_its_key() {
    let ok = BreakerConfig::default;
    let zero = Duration::ZERO;
    let day = Duration::from_secs(86_400);
    let rows = [
        (
            "consecutive_failures",
            BreakerConfig {
                consecutive_failures: Some(0),
                ..ok()
            },
        ),
        (
            "failure_rate",
            BreakerConfig {
                failure_rate: Some(Ratio::ZERO),
                ..ok()
            },
        ),
        (
            "slow_rate",
            BreakerConfig {
                slow_rate: Some(Ratio::ZERO),
                ..ok()
            },
        ),
        (
            "slow_request",
            BreakerConfig {
                slow_request: zero,
                ..ok()
            },
        ),
        (
            "open_for",
            BreakerConfig {
                open_for: zero,
                ..ok()
            },
        ),
        (
            "max_open_for",
            BreakerConfig {
                max_open_for: Duration::from_millis(999),
                ..ok()
            },
        ),
        (
            "half_open_timeout",
            BreakerConfig {
                half_open_timeout: Some(zero),
                ..ok()
            },
        ),
        (
            "abandon_after",
            BreakerConfig {
                abandon_after: Some(zero),
                ..ok()
            },
        ),
        ("probes", BreakerConfig { probes: 0, ..ok() }),
        (
            "minimum_requests",
            BreakerConfig {
                minimum_requests: 0,
                ..ok()
            },
        ),
        (
            "window",
            BreakerConfig {
                window: Window::Count(0),
                ..ok()
            },
        ),
        (
            "window",
            BreakerConfig {
                window: Window::Count(65_537),
                ..ok()
            },
        ),
        (
            "window",
            BreakerConfig {
                window: Window::Time(Duration::from_micros(9_999)),
                ..ok()
            },
        ),
        (
            "window",
            BreakerConfig {
                window: Window::Time(day + Duration::from_secs(1)),
                ..ok()
            },
        ),
        (
            "minimum_requests",
            BreakerConfig {
                failure_rate: Some(Ratio::ONE),
                window: Window::Count(19),
                ..ok()
            },
        ),
    ];
    for (key, config) in rows {
        let error = config.validate().expect_err(key);
        assert_eq!(error.key(), key);
        assert!(error.to_string().starts_with(key), "{error}");
        assert!(Breaker::try_new("app", config.clone(), 1).is_err());
        assert_eq!(config.clamped().validate(), Ok(()), "{key}");
    }
}

#[test]
fn a_small_count_window_is_no_matter_while_no_rate_is_on() {
    let config = BreakerConfig {
        window: Window::Count(1),
        ..BreakerConfig::default()
    };
    assert_eq!(config.validate(), Ok(()));
    assert_eq!(config.clone().clamped(), config);
    let rated = BreakerConfig {
        slow_rate: Some(Ratio::ONE),
        ..config
    };
    let error = ConfigError::MinimumAboveWindow {
        minimum_requests: 20,
        window: 1,
    };
    assert_eq!(rated.validate(), Err(error));
}

fn any_duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        (0_u64..20_000_000_000).prop_map(Duration::from_nanos),
    ]
}

fn any_count() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(u32::MAX), 0_u32..70_000]
}

prop_compose! {
    fn any_config()(
        consecutive_failures in prop::option::of(any_count()),
        max_consecutive_failures in any_count(),
        failure_rate in prop::option::of(0_u32..=1_000_000),
        slow_rate in prop::option::of(0_u32..=1_000_000),
        window in prop_oneof![
            any_count().prop_map(Window::Count),
            any_duration().prop_map(Window::Time),
        ],
        minimum_requests in any_count(),
        probes in any_count(),
        durations in prop::array::uniform7(any_duration()),
        shadow: bool,
    ) -> BreakerConfig {
        let [slow_request, open_for, max_open_for, half_open_timeout, abandon_after, ..] = durations;
        BreakerConfig {
            consecutive_failures,
            max_consecutive_failures,
            failure_rate: failure_rate.map(Ratio::parts_per_million_of),
            slow_rate: slow_rate.map(Ratio::parts_per_million_of),
            slow_request,
            window,
            minimum_requests,
            probe_interval: Some(durations[5]),
            open_for,
            max_open_for,
            jitter: Ratio::ONE,
            probes,
            half_open_timeout: Some(half_open_timeout),
            ride_out: durations[6],
            max_waiting: max_consecutive_failures,
            abandon_after: Some(abandon_after),
            shadow,
        }
    }
}

proptest! {
    /// No configuration, however odd, makes a breaker panic; and what is accepted is used as it is.
    #[test]
    fn any_configuration_can_be_used(config in any_config(), times in prop::collection::vec(any::<u64>(), 0..40)) {
        let clamped = config.clone().clamped();
        prop_assert_eq!(clamped.validate(), Ok(()));
        if config.validate().is_ok() {
            prop_assert_eq!(&clamped, &config);
        }
        let breaker = Breaker::new("odd", config, 1);
        for (n, nanos) in times.into_iter().enumerate() {
            let now = Tick::from_nanos(nanos);
            if let Ok(mut permit) = breaker.admit(now) {
                if n % 3 == 0 {
                    permit.responded(now);
                }
                let outcome = Outcome::failure(soe503_core::Cause::DependencyConnectRefused);
                permit.record(now, if n % 2 == 0 { outcome } else { Outcome::SUCCESS });
            }
            breaker.snapshot(now);
        }
    }
}

#[test]
fn a_breaker_tells_what_it_was_configured_with() {
    let config = BreakerConfig {
        consecutive_failures: Some(7),
        ..BreakerConfig::default()
    };
    let breaker = Breaker::new("app", config.clone(), 1);
    assert_eq!(*breaker.config(), config);
}
