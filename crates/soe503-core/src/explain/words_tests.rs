//! Each kind of observation in its sentence.

use super::*;
use crate::diagnosis::Condition;
use crate::diagnosis::rules::Fact;
use crate::ledger::Refusal;
use crate::limit::{Class, Turned};
use crate::metastable::Why;
use crate::pool::Full;
use crate::rate::Quota;
use crate::throttle::Throttled;
use crate::{Ratio, Tick};

const REFUSED: Cause = Cause::DependencyConnectRefused;
const CIRCUIT: Cause = Cause::CircuitConsecutiveFailures;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn durations_read_well() {
    let rows = [
        (0, "0 µs"),
        (400, "400 µs"),
        (4_200, "4.2 ms"),
        (2_000, "2 ms"),
        (12_000, "12 ms"),
        (998_000, "998 ms"),
        (999_700, "1 s"),
        (1_500_000, "1.5 s"),
        (9_960_000, "10 s"),
        (12_000_000, "12 s"),
        (119_000_000, "119 s"),
        (3_000_000_000, "50 min"),
        (100_000_000_000, "28 h"),
    ];
    for (micros, text) in rows {
        assert_eq!(duration(Duration::from_micros(micros)), text);
    }
}

fn check(rows: &[(Evidence, &str)]) {
    for (observed, text) in rows {
        assert_eq!(evidence(observed, &Names::all()), *text);
    }
}

#[test]
fn circuits() {
    let circuit = |causes: &[(Cause, u32)]| Evidence::Circuit {
        rule: CIRCUIT,
        causes: causes.to_vec(),
        open_for: None,
        probe_in: None,
        last_probe: None,
        knocked: None,
    };
    let all = Evidence::Circuit {
        rule: CIRCUIT,
        causes: vec![
            (REFUSED, 5),
            (Cause::DependencyUpstream503, 3),
            (Cause::DependencyResponseTimeout, 2),
            (Cause::DependencyUpstreamError, 1),
        ],
        open_for: Some(ms(12_000)),
        probe_in: Some(ms(3_000)),
        last_probe: Some((ms(2_040), Cause::DependencyUpstream503)),
        knocked: Some((ms(40), REFUSED)),
    };
    check(&[
        (circuit(&[]), "circuit open (consecutive_failures)"),
        (
            circuit(&[(REFUSED, 0)]),
            "circuit open (consecutive_failures) after connect_refused",
        ),
        (
            all,
            "circuit open for 12 s (consecutive_failures) after 5 × connect_refused, 3 × upstream_503, \
             2 × response_timeout; last probe 2 s ago: upstream_503; knocked less than 0.1 s ago: connect_refused; \
             next probe in 3 s",
        ),
    ]);
}

#[test]
fn backends() {
    let backend = |address: Option<&str>, cause, since| Evidence::Backend {
        name: "web-1".into(),
        address: address.map(Into::into),
        condition: Condition::Ejected,
        cause,
        since,
    };
    check(&[
        (
            Evidence::Backends {
                total: 3,
                in_rotation: 1,
            },
            "1 of 3 backends in rotation",
        ),
        (backend(None, None, None), "web-1 ejected"),
        (
            backend(Some("10.0.3.11:8080"), Some(REFUSED), Some(ms(12_000))),
            "web-1 (10.0.3.11:8080) ejected for 12 s: dependency_failure/connect_refused",
        ),
        (
            Evidence::Component {
                name: "ledger".into(),
                output: Some("no route".into()),
                backends: 2,
                of: 3,
            },
            "ledger fails, say the health checks of 2 of 3 backends: no route",
        ),
    ]);
}

/// What a component says about itself is for operators.
#[test]
fn components_are_quoted_to_operators_only() {
    let component = Evidence::Component {
        name: "ledger".into(),
        output: Some("no route".into()),
        backends: 2,
        of: 3,
    };
    let diagnosis = crate::diagnosis::diagnose(
        &crate::ledger::Ledger::default(),
        &crate::diagnosis::Context::default(),
    );
    let ledger = crate::ledger::Ledger::default();
    let mut telling = super::super::Telling::new(&diagnosis, &ledger, "edge", "R1", 0);
    telling.exposure = super::super::Exposure::Internal;
    assert_eq!(
        evidence(&component, &Names::new(&telling)),
        "ledger fails, say the health checks of 2 of 3 backends"
    );
}

#[test]
fn limits() {
    let queue = |waited| Evidence::Queue {
        limit: 10,
        in_use: 9,
        waiting: 40,
        waited,
        class: Class::High,
    };
    let full = |backends, why, waited| {
        Evidence::BackendsFull(Full {
            why,
            backends,
            limit: 30,
            in_flight: 29,
            waiting: 7,
            waited,
            class: Class::Low,
        })
    };
    check(&[
        (
            Evidence::Limit {
                limit: 10,
                in_use: 12,
            },
            "12 in use of 10 allowed",
        ),
        (
            queue(ms(250)),
            "9 in use of 10 allowed, 40 waiting; turned away after 250 ms, priority high",
        ),
        (
            queue(Duration::ZERO),
            "9 in use of 10 allowed, 40 waiting; turned away, priority high",
        ),
        (
            full(3, Turned::AtOnce, Duration::ZERO),
            "all 3 backends together have 29 in flight of 30 allowed",
        ),
        (
            full(1, Turned::LineFull, Duration::ZERO),
            "the only backend has 29 in flight of 30 allowed, 7 waiting; turned away, priority low",
        ),
        (
            full(3, Turned::TooLate, ms(250)),
            "all 3 backends together have 29 in flight of 30 allowed, 7 waiting; turned away after 250 ms, priority low",
        ),
    ]);
}

#[test]
fn decisions() {
    let limited = Limited {
        name: "search".into(),
        quota: Quota::new(core::num::NonZeroU32::MIN, ms(2_000)),
        wait: ms(1_500),
        status: 429,
    };
    let notice = |end| Notice {
        target: "app".into(),
        reason: "new disks".into(),
        by: "ops".into(),
        link: None,
        start: 0,
        end,
    };
    let throttled = Throttled {
        requests: 60,
        accepted: 20,
        probability: Ratio::percent(30),
    };
    check(&[
        (
            Evidence::Quota(limited.into()),
            "the limit search allows 1 in 2 s and 1 at once; room again in 1.5 s",
        ),
        (
            Evidence::Throttle(throttled),
            "the backends accepted 20 of the last 60 requests: 30% are held back",
        ),
        (
            Evidence::Maintenance(notice(Some(60)).into()),
            "maintenance of app since 1970-01-01T00:00:00Z until 1970-01-01T00:01:00Z, by ops: new disks",
        ),
        (
            Evidence::Maintenance(notice(None).into()),
            "maintenance of app since 1970-01-01T00:00:00Z until it is ended by hand, by ops: new disks",
        ),
        (
            Evidence::Decision {
                cause: Cause::ConfigLoopDetected,
            },
            &format!("not tried: {}", Cause::ConfigLoopDetected.info().title),
        ),
    ]);
}

#[test]
fn overload_that_keeps_itself_going() {
    for (stage, done) in [
        (Stage::Normal, "nothing is cut"),
        (Stage::RetriesCut, "retries are cut"),
        (Stage::QueueCut, "retries and the wait are cut"),
        (Stage::Shedding, "no more is let in than is answered"),
    ] {
        let why = Why {
            goodput: 30.0,
            usual: 100.0,
            useful: 0.15,
            retry_share: 0.25,
        };
        let text = format!("the overload keeps itself going, so {done}: {why}");
        check(&[(Evidence::Metastable { stage, why }, &text)]);
    }
}

#[test]
fn what_was_measured() {
    check(&[
        (
            Evidence::Measured(Fact::LimitLearned { limit: 24 }),
            "the limit of 24 at once was learned from that, nobody has set it",
        ),
        (
            Evidence::Composition {
                causes: vec![
                    (REFUSED, 60),
                    (Cause::DependencyUpstream503, 20),
                    (Cause::DependencyResponseTimeout, 10),
                    (Cause::DependencyUpstreamError, 6),
                    (CIRCUIT, 4),
                ],
                of: 100,
            },
            "of 100 requests that failed in the last 30 s: 60 % connect_refused, 20 % upstream_503, \
             10 % response_timeout, 6 % upstream_error",
        ),
    ]);
}

#[test]
fn attempts_here_and_in_another_pool() {
    let attempt = |fault| Attempt {
        backend: Some("web-1".into()),
        elapsed: ms(12),
        fault: Some(fault),
        ..Attempt::begin(2, Tick::ZERO)
    };
    let hedge = Attempt {
        hedge: true,
        ..attempt(Fault::Closed)
    };
    let failover = |fault| Evidence::Failover {
        pool: "spare".into(),
        attempt: Box::new(attempt(fault)),
        cause: CIRCUIT,
    };
    let here = |attempt| Evidence::Attempt {
        attempt: Box::new(attempt),
        cause: Cause::DependencyResetBeforeResponse,
    };
    let open = Fault::Refused(Refusal::CircuitOpen {
        rule: CIRCUIT,
        root: None,
    });
    let title = CIRCUIT.info().title;
    check(&[
        (
            here(attempt(Fault::Closed)),
            "attempt 2 on web-1: connection closed by the backend after 12 ms",
        ),
        (
            here(hedge),
            "hedge, attempt 2 on web-1: connection closed by the backend after 12 ms",
        ),
        (
            failover(Fault::Closed),
            "instead in the pool spare: attempt 2 on web-1: connection closed by the backend after 12 ms",
        ),
        (
            failover(open),
            &format!("instead in the pool spare: not tried: {title}"),
        ),
    ]);
}

#[test]
fn what_speaks_against_a_cause() {
    for (why, text) in [
        (
            Because::Connected(Some(ms(3))),
            "TCP connect worked in 3 ms",
        ),
        (Because::Connected(None), "the connection was open already"),
        (
            Because::HostAnswered(ms(3)),
            "the host answered the connect after 3 ms",
        ),
        (Because::AcceptedBefore, "it accepted connections before"),
        (
            Because::NeverAccepted,
            "no backend that was tried ever accepted",
        ),
        (Because::Fresh, "the connection was fresh"),
        (
            Because::IdleOnly(ms(40)),
            "the connection had been idle for only 40 ms",
        ),
        (Because::NoneDraining(3), "none of 3 backends is draining"),
        (
            Because::LoadFlat(9.0, 12.0),
            "9.0 requests/s come, usually 12: the load has not risen",
        ),
        (
            Because::LoadRose(90.0, 12.0),
            "90 requests/s come, usually 12: the load has risen",
        ),
        (
            Because::OthersFine(1),
            "the other backend is as fast as usual",
        ),
        (
            Because::OthersFine(2),
            "the other 2 backends are as fast as usual",
        ),
        (
            Because::AsFastAsUsual(ms(30), ms(28)),
            "the backends take 30 ms, usually 28 ms",
        ),
    ] {
        assert_eq!(because(&why), text);
    }
}
