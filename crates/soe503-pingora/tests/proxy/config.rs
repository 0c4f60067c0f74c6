//! Settings that are refused, and with which words.

use std::time::Duration;

use soe503::Explainer;
use soe503_core::Ratio;
use soe503_pingora::{Config, InvalidConfig};

fn refused(config: Config) -> InvalidConfig {
    let built = config.build("app", Vec::new(), Explainer::builder("edge"));
    built.expect_err("this makes no sense")
}

#[test]
fn a_number_without_sense() {
    let mut config = Config::default();
    config.breaker.probes = 0;
    let refused = refused(config);
    assert!(matches!(refused, InvalidConfig::Breaker(_)), "{refused:?}");
}

#[test]
fn an_attempt_that_may_take_as_long_as_its_request() {
    let config = Config {
        timeout: Duration::from_secs(2),
        ..Config::default()
    };
    assert_eq!(
        refused(config.clone()).to_string(),
        "retry.attempt_timeout is 5s, expected less than 2s, the timeout.total: an attempt that may take as long as its \
         request leaves no time for another; use 666ms"
    );
    let mut once = config.clone();
    once.retry.attempts = 1;
    let built = once.build("app", Vec::new(), Explainer::builder("edge"));
    assert!(built.is_ok(), "there is no other: {built:?}");
    let mut nearest = config;
    nearest.retry.attempt_timeout = Some(Duration::from_millis(666));
    let built = nearest.build("app", Vec::new(), Explainer::builder("edge"));
    assert!(built.is_ok(), "as was said: {built:?}");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let mut config = Config {
        timeout: Duration::from_secs(2),
        ..Config::default()
    };
    config.budget.ratio = Ratio::ZERO;
    config.budget.min_per_second = 0;
    config.breaker.slow_rate = Some(Ratio::percent(50));
    config.breaker.slow_request = Duration::from_secs(2);
    let InvalidConfig::Stack(error) = refused(config) else {
        panic!("not of the stack");
    };
    let settings: Vec<_> = error.problems().iter().map(|one| one.setting).collect();
    assert_eq!(
        settings,
        [
            "retry.attempt_timeout",
            "retry.budget",
            "circuit_breaker.slow_request"
        ]
    );
}
