//! Each threshold of the advice from both sides, and the words.

use core::time::Duration;

use soe503_core::Cause;
use soe503_core::advice::{
    Advice, Kind, Latencies, Observed, Patience, RouteSettings, Settings, Value, advise,
};
use soe503_core::diagnosis::rules::Late;

const ROUTE: RouteSettings = RouteSettings {
    attempts: 3,
    attempt_timeout: Duration::from_secs(5),
    timeout: Duration::from_secs(15),
};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn within(millis: u64) -> Latencies {
    Latencies {
        count: 1000,
        p999: Some(ms(millis)),
    }
}

/// A pool of which nothing is known but these settings.
fn pool(routes: &[RouteSettings]) -> Observed<'_> {
    Observed {
        window: ms(600_000),
        requests: 100_000,
        backends: 3,
        settings: Settings {
            routes,
            idle_timeout: ms(60_000),
            max_in_flight: 100,
            ..Settings::default()
        },
        ..Observed::default()
    }
}

/// What is advised, and the value to set.
fn told(observed: &Observed<'_>) -> Vec<(Kind, Option<Value>)> {
    let all = advise(observed).into_iter();
    all.map(|advice| (advice.kind, advice.set)).collect()
}

fn only(observed: &Observed<'_>) -> Advice {
    let mut all = advise(observed);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

fn time(millis: u64) -> Option<Value> {
    Some(Value::Time(ms(millis)))
}

/// What an attempt needs: half as much again as 999 of 1000 take, where that is more than a twentieth beyond what is
/// allowed; else it was cut off there.
#[test]
fn an_attempt_needs_half_as_much_again_as_it_takes() {
    for (attempts, allowed, p999, needed) in [
        (3, 5_000, 6_000, 9_000),
        (3, 5_000, 5_251, 7_900),
        (3, 5_000, 5_250, 10_000),
        (3, 50, 67, 110),
        (3, 50, 66, 99),
        (1, 15_000, 16_000, 24_000),
        (1, 15_000, 6_000, 30_000),
    ] {
        let route = RouteSettings {
            attempts,
            attempt_timeout: ms(if attempts == 1 { 5_000 } else { allowed }),
            timeout: ms(if attempts == 1 { allowed } else { 100_000 }),
        };
        let routes = [route];
        let observed = Observed {
            late: Late { came: 3, of: 3 },
            attempts: within(p999),
            ..pool(&routes)
        };
        let kind = match attempts {
            1 => Kind::TimeoutShort,
            _ => Kind::AttemptTimeoutShort,
        };
        assert_eq!(told(&observed), [(kind, time(needed))], "{allowed}, {p999}");
    }
}

/// Nine seconds for an attempt are eighteen for the request.
#[test]
fn a_request_needs_time_for_two_attempts() {
    for (timeout, short) in [(17_999, true), (18_000, false)] {
        let routes = [RouteSettings {
            timeout: ms(timeout),
            ..ROUTE
        }];
        let observed = Observed {
            late: Late { came: 1, of: 3 },
            attempts: within(6_000),
            ..pool(&routes)
        };
        let told = told(&observed);
        assert_eq!(told[0], (Kind::AttemptTimeoutShort, time(9_000)));
        let whole = (Kind::TimeoutShort, time(18_000));
        assert_eq!(told[1..].contains(&whole), short, "{timeout}");
    }
}

#[test]
fn what_is_late_is_told_with_its_numbers() {
    let routes = [ROUTE];
    let late = Observed {
        late: Late { came: 7, of: 9 },
        ..pool(&routes)
    };
    assert_eq!(
        advise(&late)[0].why,
        "7 of 9 attempts that took longer than they may were answered well all the same"
    );
    let failed = [(Cause::ConfigTimeoutTooShort, 4)];
    let proven = Observed {
        failed: &failed,
        ..pool(&routes)
    };
    assert_eq!(
        advise(&proven)[0].why,
        "4 requests failed although their answers were on the way"
    );
}

/// A backend hangs; 999 of 1000 answers come within so many milliseconds.
fn hung(route: RouteSettings, backends: u32, usual: u64) -> Option<Value> {
    let (routes, failed) = ([route], [(Cause::DependencyResponseTimeout, 9)]);
    let observed = Observed {
        failed: &failed,
        answers: within(usual),
        backends,
        ..pool(&routes)
    };
    let told = advise(&observed);
    assert!(told.len() < 2, "{told:#?}");
    let advice = told.into_iter().next()?;
    assert_eq!(advice.kind, Kind::AttemptTimeoutLong);
    advice.set
}

#[test]
fn an_attempt_that_hangs_leaves_time_for_another() {
    let route = |attempts, attempt_timeout, timeout| RouteSettings {
        attempts,
        attempt_timeout: ms(attempt_timeout),
        timeout: ms(timeout),
    };
    for (route_, backends, usual, set) in [
        (route(3, 5_000, 6_000), 2, 60, time(90)),
        (route(3, 5_000, 6_000), 1, 60, None),
        (route(2, 5_000, 6_000), 3, 60, time(90)),
        (route(1, 5_000, 1_000), 3, 60, None),
        // All fit: three times two seconds are six.
        (route(3, 2_000, 6_000), 3, 60, None),
        (route(3, 2_001, 6_000), 3, 60, time(90)),
        // Never less than fifty milliseconds,
        (route(3, 5_000, 6_000), 3, 10, time(50)),
        // nor more than its share of the time: two of six seconds.
        (route(3, 4_000, 6_000), 3, 1_500, time(2_000)),
        (route(3, 3_900, 6_000), 3, 1_500, None),
        (route(3, 4_000, 6_000), 3, 2_000, time(2_000)),
        (route(3, 4_000, 6_000), 3, 2_001, None),
    ] {
        let got = hung(route_, backends, usual);
        assert_eq!(got, set, "{route_:?}, {backends} backends, {usual} ms");
    }
}

#[test]
fn what_hangs_is_told_with_its_numbers() {
    let routes = [RouteSettings {
        timeout: ms(6_000),
        ..ROUTE
    }];
    let failed = [(Cause::DependencyResponseTimeout, 9)];
    let observed = Observed {
        failed: &failed,
        answers: within(60),
        attempts: within(40),
        ..pool(&routes)
    };
    let advice = only(&observed);
    assert_eq!(
        advice.why,
        "999 of 1000 answers come within 40 ms, and a backend that hangs is waited for 5 s of the 6 s that a request has"
    );
    assert_eq!((advice.route, advice.would_have_saved), (Some(0), 9));
    // Fewer than a thousand say nothing about one in a thousand.
    let few = Observed {
        answers: Latencies {
            count: 999,
            ..within(60)
        },
        attempts: Latencies::default(),
        ..observed
    };
    assert_eq!(advise(&few), []);
}

#[test]
fn idle_connections_are_given_up_before_the_backend_does() {
    let routes = [ROUTE];
    let of = |usable, said| Observed {
        patience: Some(Patience {
            backend: "web-1".into(),
            usable,
            said,
        }),
        ..pool(&routes)
    };
    let advice = only(&of(ms(4_000), true));
    assert_eq!(advice.set, time(4_000));
    assert_eq!(
        advice.why,
        "web-1 says that it keeps idle connections for 5 s"
    );
    assert_eq!(
        only(&of(ms(4_000), false)).why,
        "web-1 closes connections that were idle for 5 s"
    );
    for (usable, set) in [
        (ms(59_999), time(59_000)),
        (ms(60_000), None),
        (ms(60_999), None),
        (Duration::MAX, None),
    ] {
        let advice = advise(&of(usable, true));
        assert_eq!(advice.first().and_then(|a| a.set), set, "{usable:?}");
    }
}

#[test]
fn a_limit_is_what_backends_work_on_at_once() {
    let routes = [ROUTE];
    for (refused, knee, advice) in [
        (5, None, Some((Kind::LimitLow, 200))),
        (5, Some(101), Some((Kind::LimitLow, 101))),
        (5, Some(100), Some((Kind::LimitLow, 200))),
        (5, Some(30), Some((Kind::LimitLow, 200))),
        (0, Some(50), Some((Kind::LimitHigh, 50))),
        (0, Some(51), None),
        (0, Some(0), None),
        (0, None, None),
    ] {
        let failed = [(Cause::ConfigLimitTooLow, refused)];
        let observed = Observed {
            failed: &failed,
            knee,
            ..pool(&routes)
        };
        let told = told(&observed);
        let expected = advice.map(|(kind, set)| (kind, Some(Value::Count(set))));
        assert_eq!(told.first().copied(), expected, "{refused}, {knee:?}");
    }
}

/// 100,000 requests in ten minutes are 1666 in ten seconds.
#[test]
fn rates_need_fewer_requests_than_come() {
    for (minimum, window, set) in [
        (1667, 10_000, Some(833)),
        (1666, 10_000, None),
        (2, 3, Some(1)),
        (1, 3, None),
    ] {
        let failed = [(Cause::DependencyUpstreamError, 1)];
        let routes = [ROUTE];
        let mut observed = Observed {
            failed: &failed,
            ..pool(&routes)
        };
        observed.settings.breaker = Some((minimum, ms(window)));
        let told = told(&observed);
        let expected = set.map(|set| (Kind::BreakerNeverLooks, Some(Value::Count(set))));
        assert_eq!(told.first().copied(), expected, "{minimum} in {window} ms");
    }
}

#[test]
fn checks_are_no_more_than_requests() {
    let routes = [ROUTE];
    for (window, requests, checks, set) in [
        (600_000, 100, 101, time(2_100)),
        (600_000, 100, 100, None),
        (599_999, 100, 200, None),
        (600_000, 100, 400, time(8_000)),
        (600_000, 0, 400, time(30_000)),
    ] {
        let mut observed = Observed {
            window: ms(window),
            requests,
            checks,
            ..pool(&routes)
        };
        observed.settings.check_interval = Some(ms(2_000));
        let told = told(&observed);
        let expected = set.map(|set| (Kind::ChecksCostMore, Some(set)));
        assert_eq!(told.first().copied(), expected, "{checks}, {requests}");
    }
}

#[test]
fn callers_that_retry_are_a_fifth_and_twenty() {
    let routes = [
        ROUTE,
        RouteSettings {
            attempts: 1,
            ..ROUTE
        },
    ];
    for (looked, again, told_) in [(100, 20, true), (101, 20, false), (95, 19, false)] {
        let observed = Observed {
            looked,
            again,
            ..pool(&routes)
        };
        let told = told(&observed);
        let once = (Kind::RetriesAtTwoLayers, Some(Value::Count(1)));
        let expected: &[_] = if told_ { &[once] } else { &[] };
        assert_eq!(told, expected, "{again} of {looked}");
    }
}
