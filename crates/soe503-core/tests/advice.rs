//! Figures and what they advise.

use core::time::Duration;
use std::collections::BTreeSet;

use soe503_core::Cause;
use soe503_core::advice::{
    Advice, Kind, Latencies, Observed, Patience, RouteSettings, Settings, advise,
};
use soe503_core::diagnosis::rules::Late;

const ROUTE: RouteSettings = RouteSettings {
    attempts: 3,
    attempt_timeout: Duration::from_secs(5),
    timeout: Duration::from_secs(15),
};
/// All its attempts do not fit.
const HASTY: RouteSettings = RouteSettings {
    timeout: Duration::from_secs(6),
    ..ROUTE
};
const ONCE: RouteSettings = RouteSettings {
    attempts: 1,
    ..ROUTE
};
const SECOND: Duration = Duration::from_secs(1);
const MINUTES: Duration = Duration::from_secs(600);

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn within(p999: Duration) -> Latencies {
    Latencies {
        count: 1000,
        p999: Some(p999),
    }
}

/// A pool of three that is well, with the defaults.
fn well(routes: &[RouteSettings]) -> Observed<'_> {
    Observed {
        window: MINUTES,
        requests: 100_000,
        attempts: within(millis(40)),
        answers: within(millis(50)),
        backends: 3,
        settings: Settings {
            routes,
            idle_timeout: 4 * SECOND,
            max_in_flight: 10_000,
            check_interval: Some(2 * SECOND),
            breaker: Some((20, 10 * SECOND)),
        },
        checks: 900,
        ..Observed::default()
    }
}

/// Each advice as it would be written, with what it would have saved.
fn told(all: &[Advice]) -> Vec<(&'static str, String, u64)> {
    let told = all.iter().map(|advice| {
        let set = advice.set.map_or_else(String::new, |set| set.to_string());
        (advice.kind.id(), set, advice.would_have_saved)
    });
    told.collect()
}

fn row(kind: &'static str, set: &str, saved: u64) -> (&'static str, String, u64) {
    (kind, set.to_owned(), saved)
}

#[test]
fn a_pool_that_is_well_is_left_alone() {
    assert_eq!(advise(&well(&[ROUTE, HASTY, ONCE])), []);
    assert_eq!(advise(&Observed::default()), []);
}

#[test]
fn timeouts_that_are_too_short() {
    use Cause::ConfigTimeoutTooShort as Short;
    let short = [(Short, 7)];
    let late = |came, of| Late { came, of };
    /// Late attempts, failures, the attempts' p99.9, the route; what is advised.
    type Row<'a> = (
        Late,
        &'a [(Cause, u64)],
        Latencies,
        RouteSettings,
        &'a [(&'static str, String, u64)],
    );
    let rows: [Row<'_>; 8] = [
        // Of three, one came: proof enough to say so.
        (
            late(1, 3),
            &[],
            within(6 * SECOND),
            ROUTE,
            &[
                row("attempt_timeout_short", "\"9s\"", 0),
                row("timeout_short", "\"18s\"", 0),
            ],
        ),
        (late(1, 4), &[], within(6 * SECOND), ROUTE, &[]),
        (late(2, 2), &[], within(6 * SECOND), ROUTE, &[]),
        (
            late(0, 0),
            &short,
            within(6001 * millis(1)),
            ROUTE,
            &[
                row("attempt_timeout_short", "\"9100ms\"", 7),
                row("timeout_short", "\"19s\"", 7),
            ],
        ),
        // Cut off at what is allowed: how long they take is not known.
        (
            late(0, 0),
            &short,
            within(5 * SECOND),
            RouteSettings {
                timeout: 60 * SECOND,
                ..ROUTE
            },
            &[row("attempt_timeout_short", "\"10s\"", 7)],
        ),
        // Too few for a percentile.
        (
            late(0, 0),
            &short,
            Latencies {
                count: 999,
                p999: Some(20 * SECOND),
            },
            RouteSettings {
                timeout: 60 * SECOND,
                ..ROUTE
            },
            &[row("attempt_timeout_short", "\"10s\"", 7)],
        ),
        // One attempt has all of the time.
        (
            late(0, 0),
            &short,
            within(20 * SECOND),
            ONCE,
            &[row("timeout_short", "\"30s\"", 7)],
        ),
        (late(0, 0), &[], within(20 * SECOND), ONCE, &[]),
    ];
    for (late, failed, attempts, route, expected) in rows {
        let routes = [route];
        let observed = Observed {
            late,
            failed,
            attempts,
            ..well(&routes)
        };
        assert_eq!(told(&advise(&observed)), expected, "{observed:?}");
    }
}

#[test]
fn an_attempt_that_leaves_no_time_for_another() {
    use Cause::DependencyResponseTimeout as Hung;
    let hung = [(Hung, 9)];
    let advised = |observed: &Observed<'_>| told(&advise(observed));
    let routes = [HASTY];
    let base = Observed {
        failed: &hung,
        ..well(&routes)
    };
    assert_eq!(advised(&base), [row("attempt_timeout_long", "\"60ms\"", 9)]);
    // Attempts that hang are in their own percentile: answers are not.
    let spoiled = Observed {
        attempts: within(5 * SECOND),
        ..base.clone()
    };
    assert_eq!(
        advised(&spoiled),
        [row("attempt_timeout_long", "\"75ms\"", 9)]
    );
    // No shorter than a healthy process may pause, no longer than its share.
    let fast = Observed {
        attempts: within(millis(1)),
        ..base.clone()
    };
    assert_eq!(advised(&fast), [row("attempt_timeout_long", "\"50ms\"", 9)]);
    let slow = Observed {
        attempts: within(1600 * millis(1)),
        answers: within(1600 * millis(1)),
        ..base.clone()
    };
    assert_eq!(advised(&slow), [row("attempt_timeout_long", "\"2s\"", 9)]);
    for silent in [
        Observed {
            failed: &[],
            ..base.clone()
        },
        Observed {
            backends: 1,
            ..base.clone()
        },
        Observed {
            attempts: Latencies {
                count: 999,
                p999: Some(millis(40)),
            },
            answers: Latencies::default(),
            ..base.clone()
        },
        Observed {
            settings: Settings {
                routes: &[ROUTE, ONCE],
                ..base.settings
            },
            ..base.clone()
        },
    ] {
        assert_eq!(advised(&silent), [], "{silent:?}");
    }
}

#[test]
fn idle_connections_that_the_backend_gives_up() {
    let lost = [(Cause::ConfigKeepaliveMismatch, 12)];
    let patience = |usable, said| Patience {
        backend: "app-1".into(),
        usable,
        said,
    };
    for (usable, expected) in [
        (
            1600 * millis(1),
            vec![row("idle_timeout_long", "\"1600ms\"", 12)],
        ),
        (4 * SECOND, vec![]),
        (9 * SECOND, vec![]),
    ] {
        let observed = Observed {
            patience: Some(patience(usable, true)),
            failed: &lost,
            ..well(&[])
        };
        assert_eq!(told(&advise(&observed)), expected);
    }
    let observed = Observed {
        patience: Some(patience(1600 * millis(1), true)),
        ..well(&[])
    };
    let why = &advise(&observed)[0].why;
    assert!(
        why.starts_with("app-1 says") && why.contains("2 s"),
        "{why}"
    );
}

#[test]
fn limits_from_the_knee() {
    let refused = [(Cause::ConfigLimitTooLow, 5)];
    for (knee, failed, limit, expected) in [
        (None, &refused[..], 100, vec![row("limit_low", "200", 5)]),
        (Some(350), &refused, 100, vec![row("limit_low", "350", 5)]),
        (Some(40), &refused, 100, vec![row("limit_low", "200", 5)]),
        (Some(50), &[], 100, vec![row("limit_high", "50", 0)]),
        (Some(51), &[], 100, vec![]),
        (None, &[], 100, vec![]),
    ] {
        let mut observed = Observed {
            knee,
            failed,
            ..well(&[])
        };
        observed.settings.max_in_flight = limit;
        assert_eq!(told(&advise(&observed)), expected, "{knee:?}");
    }
}

#[test]
fn what_counts_show() {
    let storm = [(Cause::OverloadRetryStorm, 30)];
    let routes = [ROUTE, ONCE];
    let again = |looked, again| Observed {
        looked,
        again,
        failed: &storm,
        ..well(&routes)
    };
    // Only the route that retries.
    let advised = advise(&again(100, 20));
    assert_eq!(told(&advised), [row("retries_at_two_layers", "1", 30)]);
    assert_eq!(advised[0].route, Some(0));
    assert_eq!(advise(&again(101, 20)), []);
    assert_eq!(advise(&again(19, 19)), []);

    let checked = |window, checks, requests| Observed {
        window,
        checks,
        requests,
        ..well(&routes)
    };
    let rarer = |set: &str| vec![row("checks_cost_more_than_traffic", set, 0)];
    for (window, checks, requests, expected) in [
        (MINUTES, 900, 300, rarer("\"6s\"")),
        (MINUTES, 900, 1, rarer("\"30s\"")),
        (MINUTES, 900, 0, rarer("\"30s\"")),
        (MINUTES, 900, 900, vec![]),
        (MINUTES - SECOND, 900, 0, vec![]),
    ] {
        let observed = checked(window, checks, requests);
        assert_eq!(told(&advise(&observed)), expected, "{checks} {requests}");
    }

    let broken = [(Cause::DependencyUpstreamError, 4)];
    let quiet = Observed {
        requests: 901,
        failed: &broken,
        ..well(&[])
    };
    // Fifteen in ten seconds.
    assert_eq!(told(&advise(&quiet)), [row("breaker_never_looks", "7", 0)]);
    assert_eq!(
        advise(&Observed {
            failed: &[],
            ..quiet.clone()
        }),
        []
    );
    assert_eq!(
        advise(&Observed {
            requests: 1200,
            ..quiet
        }),
        []
    );

    let refused = [
        (Cause::DependencyConnectRefused, 3),
        (Cause::DependencyHostUnreachable, 1),
    ];
    let alone = Observed {
        backends: 1,
        failed: &refused,
        ..well(&[])
    };
    assert_eq!(told(&advise(&alone)), [row("second_backend", "", 4)]);
    assert_eq!(
        advise(&Observed {
            backends: 2,
            ..alone
        }),
        []
    );
}

#[test]
fn what_would_have_saved_most_comes_first() {
    let failed = [
        (Cause::ConfigLimitTooLow, 5),
        (Cause::ConfigKeepaliveMismatch, 12),
    ];
    let observed = Observed {
        failed: &failed,
        patience: Some(Patience {
            backend: "app-1".into(),
            usable: SECOND,
            said: false,
        }),
        ..well(&[])
    };
    let saved: Vec<_> = advise(&observed)
        .iter()
        .map(|a| a.would_have_saved)
        .collect();
    assert_eq!(saved, [12, 5]);
}

#[test]
fn identifiers_are_unique() {
    let ids: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.id()).collect();
    assert_eq!(ids.len(), Kind::ALL.len());
}
