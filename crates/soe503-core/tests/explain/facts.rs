//! What rules went by, in words: the numbers are those of the fact, in units that a person reads.

use std::time::Duration;

use soe503_core::Cause;
use soe503_core::diagnosis::Grade;
use soe503_core::diagnosis::rules::{Fact, Finding};
use soe503_core::explain::found_in_words;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn words(fact: Fact) -> String {
    let finding = Finding::new(Cause::OverloadPoolSaturated, Grade::Inferred).with(fact);
    let mut words = found_in_words(&finding);
    assert_eq!(words.len(), 1, "a sentence for each number");
    words.remove(0)
}

#[test]
fn rates_have_a_decimal_below_ten() {
    for (offered, usual, text) in [
        (9.94, 0.26, "9.9 requests/s come, usually 0.3"),
        (10.0, 9.0, "10 requests/s come, usually 9.0"),
        (1234.5, 10.4, "1234 requests/s come, usually 10"),
    ] {
        assert_eq!(words(Fact::Load { offered, usual }), text);
    }
}

#[test]
fn shares_are_whole_percents() {
    for (failed, of, others_failed, others_of, text) in [
        (
            1,
            3,
            0,
            0,
            "1 of 3 attempts failed (33 %), others: 0 of 0 (0 %)",
        ),
        (
            2,
            3,
            1,
            1,
            "2 of 3 attempts failed (67 %), others: 1 of 1 (100 %)",
        ),
        (
            7,
            1000,
            3,
            1000,
            "7 of 1000 attempts failed (1 %), others: 3 of 1000 (0 %)",
        ),
    ] {
        let chance = 0.000_012;
        let release = Fact::Group {
            release: "v42".into(),
            failed,
            of,
            others_failed,
            others_of,
            chance,
        };
        let zone = Fact::Zone {
            zone: "eu-1b".into(),
            failed,
            of,
            others_failed,
            others_of,
            chance,
        };
        assert_eq!(
            words(release),
            format!("release v42: {text}; by chance: 1e-5")
        );
        assert_eq!(words(zone), format!("zone eu-1b: {text}; by chance: 1e-5"));
    }
}

/// Latencies, and how many backends have them.
#[test]
fn what_is_slow_is_told_beside_what_is_usual() {
    let (backends, of) = (2, 3);
    for (fact, text) in [
        (
            Fact::Slower {
                p50: ms(900),
                usual: ms(30),
                backends,
                of,
            },
            "2 of 3 backends are slow: half of the answers take 900 ms or more, usually 30 ms",
        ),
        (
            Fact::Correlated {
                rho: 0.876,
                backends,
                of,
            },
            "latency rises with the requests in flight on 2 of 3 backends (rho 0.88)",
        ),
        (
            Fact::Shortfall {
                good: 4.0,
                offered: 40.0,
            },
            "4.0 of 40 requests/s are answered well",
        ),
        (
            Fact::Outlier {
                backend: "web-2".into(),
                p50: ms(900),
                others: ms(30),
                deviations: 41.6,
            },
            "web-2 takes 900 ms, the others 30 ms (42 deviations)",
        ),
        (
            Fact::Together {
                within: ms(3_000),
                backends,
            },
            "2 backends became slow within 3 s",
        ),
        (
            Fact::Together {
                within: ms(3),
                backends,
            },
            "2 backends became slow within 1 s",
        ),
        (
            Fact::Allowed {
                allowed: ms(100),
                p50: ms(120),
            },
            "100 ms are allowed, and half of the answers usually take 120 ms or more",
        ),
        (
            Fact::LateAnswers { came: 7, of: 9 },
            "7 of 9 that were waited for beyond their time were answered well",
        ),
    ] {
        assert_eq!(words(fact), text);
    }
}

/// What is busy, and what limits do about it.
#[test]
fn loads_and_limits_are_told_with_their_numbers() {
    let (backends, of) = (2, 3);
    for (fact, text) in [
        (
            Fact::Busy {
                utilization: 0.954,
                backends,
                of,
            },
            "2 of 3 backends report that they are 95 % busy or more",
        ),
        (
            Fact::SayIdle {
                utilization: 0.126,
                backends,
                of,
            },
            "2 of 3 backends report that they are 13 % busy or less",
        ),
        (
            Fact::LimitTested,
            "with fewer requests at once the backends answer as many: they are saturated",
        ),
        (
            Fact::LimitLearned { limit: 24 },
            "the limit of 24 at once was learned from that, nobody has set it",
        ),
        (
            Fact::Limited {
                limited: 40,
                of: 100,
            },
            "limits of callers turned away 40 of 100 requests in the last five seconds",
        ),
        (
            Fact::Raise {
                limit: 10,
                to: 40,
                p50: ms(20),
            },
            "10 requests are allowed at once, and the backends take 20 ms as ever: 40 would do",
        ),
        (
            Fact::Bursts {
                in_use: 2.5,
                limit: 10,
            },
            "of 10 places 2.5 are in use on average: the limit is hit by bursts",
        ),
        (
            Fact::Repeated {
                ours: 30,
                clients: 20,
                first: 50,
            },
            "in ten seconds 30 retries of ours and about 20 of clients, for 50 first attempts",
        ),
        (
            Fact::Left { left: 5, of: 9 },
            "clients of 5 of 9 requests left before there was an answer",
        ),
        (
            Fact::Throttled {
                throttled: 7,
                periods: 10,
                lag: ms(90),
            },
            "this proxy was stopped by its processor quota in 7 of 10 periods of a second; its timers were up to 90 ms late",
        ),
        (
            Fact::Starved {
                pressure: 0.42,
                lag: ms(90),
            },
            "processors were short for 42 % of a second on this machine; timers were up to 90 ms late",
        ),
    ] {
        assert_eq!(words(fact), text);
    }
}

/// Who answers, and who does not.
#[test]
fn what_is_asked_beside_requests_is_told() {
    let (backend, within) = (|| "web-2".into(), ms(2_000));
    for (fact, text) in [
        (
            Fact::Everywhere { pools: 4, within },
            "all 4 pools that are asked fail, since 2 s of each other",
        ),
        (
            Fact::Echo {
                took: ms(1),
                lag: ms(2),
                late: false,
            },
            "this proxy answers itself over loopback within 1 ms, timers of its workers are up to 2 ms late: it is well, and what the pools share lies behind it",
        ),
        (
            Fact::Echo {
                took: ms(700),
                lag: ms(2),
                late: true,
            },
            "this proxy answers itself over loopback within 700 ms, timers of its workers are up to 2 ms late: it is late itself",
        ),
        (
            Fact::NoEcho { errno: None },
            "this proxy does not answer itself over loopback in time",
        ),
        (
            Fact::NoEcho { errno: Some(24) },
            "this proxy does not answer itself over loopback: EMFILE",
        ),
        (
            Fact::NoEcho { errno: Some(5) },
            "this proxy does not answer itself over loopback: errno 5",
        ),
        (
            Fact::StillAnswers { backend: backend() },
            "web-2 answers on established connections meanwhile",
        ),
        (
            Fact::AnswersElsewhere {
                backend: backend(),
                took: ms(3),
            },
            "the host of web-2 answers at another port within 3 ms",
        ),
        (
            Fact::SilentElsewhere { backend: backend() },
            "the host of web-2 does not answer at another port either",
        ),
        (
            Fact::CheckOverruled { backends: 1, of: 3 },
            "the health check of 1 of 3 backends fails, or did a moment ago, while they answer requests",
        ),
        (
            Fact::SameWords {
                backends: 2,
                of: 3,
                within,
            },
            "2 of 3 backends fail with the same words, since 2 s of each other",
        ),
        (
            Fact::OutTooLate {
                delay: ms(4_000),
                backends: 2,
                pre_stop: ms(10_000),
            },
            "2 backends refused for up to 4 s before they were taken out: a preStop delay of 10 s would have covered it",
        ),
        (
            Fact::SpeaksTls { backend: backend() },
            "web-2 is asked in plain text, and answers a TLS hello with a TLS record",
        ),
    ] {
        assert_eq!(words(fact), text);
    }
}
