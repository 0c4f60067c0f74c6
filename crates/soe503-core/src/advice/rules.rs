//! One function for each thing that figures show.

use core::time::Duration;

use super::{Advice, Kind, Observed, RouteSettings, Value};
use crate::cause::Cause;
use crate::explain;

/// A rule adds what it advises.
type Rule = fn(&Observed<'_>, &mut Vec<Advice>);

pub(super) const ALL: [Rule; 7] = [
    too_short,
    too_long,
    idle,
    limit,
    two_layers,
    checks,
    (breaker_and_backends as Rule),
];

/// One in a thousand is not known of fewer.
const ENOUGH: u64 = 1000;
/// As the diagnosis has it (rule R4): fewer late attempts say nothing,
const FEWEST_LATE: u64 = 3;
/// and one in so many has to have been answered well.
const LATE_SHARE: u64 = 3;
/// Counts that are to be typical need this time.
const LONG: Duration = Duration::from_secs(600);
/// Fewer failures of clients that ask again may be chance,
const FEWEST_AGAIN: u64 = 20;
/// and so may a smaller share than one in so many.
const AGAIN_SHARE: u64 = 5;
/// Checks are never so rare that nobody notices.
const RAREST: Duration = Duration::from_secs(30);
/// No timeout is shorter than a pause of a healthy process may be.
const SHORTEST: Duration = Duration::from_millis(50);

/// R4: answers come after their time.
fn too_short(observed: &Observed<'_>, all: &mut Vec<Advice>) {
    let late = observed.late;
    let proven = observed.failed_of(&[Cause::ConfigTimeoutTooShort]);
    let came = late.of >= FEWEST_LATE && late.came * LATE_SHARE >= late.of;
    if proven == 0 && !came {
        return;
    }
    for (index, route) in observed.settings.routes.iter().enumerate() {
        let needed = needed(observed, route);
        let why = match came {
            true => format!(
                "{} of {} attempts that took longer than they may were answered well all the same",
                late.came, late.of
            ),
            false => format!("{proven} requests failed although their answers were on the way"),
        };
        if route.attempts > 1 && route.attempt_timeout < needed {
            let kind = Kind::AttemptTimeoutShort;
            let now = Value::Time(route.attempt_timeout);
            all.push(of_route(
                kind,
                index,
                now,
                Value::Time(needed),
                &why,
                proven,
            ));
        }
        let whole = match route.attempts {
            1 => needed,
            _ => round_up(needed * 2),
        };
        if route.timeout < whole {
            let now = Value::Time(route.timeout);
            let set = Value::Time(whole);
            all.push(of_route(Kind::TimeoutShort, index, now, set, &why, proven));
        }
    }
}

/// What an attempt of `route` needs.
fn needed(observed: &Observed<'_>, route: &RouteSettings) -> Duration {
    let allowed = match route.attempts {
        1 => route.timeout,
        _ => route.attempt_timeout,
    };
    let seen = observed.attempts;
    match seen.p999.filter(|_| seen.count >= ENOUGH) {
        // Beyond what is allowed they were waited for, so that is what they take.
        Some(p999) if p999 > allowed + allowed / 20 => round_up(p999 * 3 / 2),
        // Cut off there, or not known.
        _ => round_up(allowed * 2),
    }
}

/// A backend that hangs has all of the time, and the next none.
fn too_long(observed: &Observed<'_>, all: &mut Vec<Advice>) {
    let hung = observed.failed_of(&[Cause::DependencyResponseTimeout]);
    if hung == 0 || observed.backends < 2 {
        return;
    }
    // Attempts that hang are among the attempts, and those that were saved take longer than an attempt: the less is nearer.
    let known = [observed.attempts, observed.answers].into_iter();
    let known = known.filter(|seen| seen.count >= ENOUGH);
    let Some(usual) = known.filter_map(|seen| seen.p999).min() else {
        return;
    };
    for (index, route) in observed.settings.routes.iter().enumerate() {
        let fit = route.attempt_timeout * route.attempts <= route.timeout;
        let set = round_up(usual * 3 / 2)
            .max(SHORTEST)
            .min(round_down(route.timeout / route.attempts.max(1)));
        if route.attempts < 2 || fit || set * 2 > route.attempt_timeout || set < usual {
            continue;
        }
        let why = format!(
            "999 of 1000 answers come within {}, and a backend that hangs is waited for {} of the {} that a request has",
            explain::duration(usual),
            explain::duration(route.attempt_timeout),
            explain::duration(route.timeout)
        );
        let now = Value::Time(route.attempt_timeout);
        let kind = Kind::AttemptTimeoutLong;
        all.push(of_route(kind, index, now, Value::Time(set), &why, hung));
    }
}

/// R8: the backend is less patient than we are.
fn idle(observed: &Observed<'_>, all: &mut Vec<Advice>) {
    let Some(patience) = &observed.patience else {
        return;
    };
    let set = round_down(patience.usable);
    if set >= observed.settings.idle_timeout {
        return;
    }
    let keeps = explain::duration(patience.usable * 5 / 4);
    let why = match patience.said {
        true => format!(
            "{} says that it keeps idle connections for {keeps}",
            patience.backend
        ),
        false => format!(
            "{} closes connections that were idle for {keeps}",
            patience.backend
        ),
    };
    all.push(Advice {
        kind: Kind::IdleTimeoutLong,
        route: None,
        now: Value::Time(observed.settings.idle_timeout),
        set: Some(Value::Time(set)),
        why,
        would_have_saved: observed.failed_of(&[Cause::ConfigKeepaliveMismatch]),
    });
}

/// R18, and the knee.
fn limit(observed: &Observed<'_>, all: &mut Vec<Advice>) {
    let limit = observed.settings.max_in_flight;
    let refused = observed.failed_of(&[Cause::ConfigLimitTooLow]);
    let (kind, set, why) = match observed.knee {
        _ if refused > 0 => (
            Kind::LimitLow,
            observed
                .knee
                .filter(|knee| *knee > limit)
                .unwrap_or_else(|| limit.saturating_mul(2)),
            format!("{refused} requests were turned away while the backends had room"),
        ),
        Some(knee) if knee > 0 && limit / 2 >= knee => (
            Kind::LimitHigh,
            knee,
            format!(
                "the backends work on {knee} requests at once, as was measured; more only wait there"
            ),
        ),
        _ => return,
    };
    all.push(Advice {
        kind,
        route: None,
        now: Value::Count(limit.into()),
        set: Some(Value::Count(set.into())),
        why,
        would_have_saved: refused,
    });
}

/// Those who ask retry as well.
fn two_layers(observed: &Observed<'_>, all: &mut Vec<Advice>) {
    let (looked, again) = (observed.looked, observed.again);
    if again < FEWEST_AGAIN || again * AGAIN_SHARE < looked {
        return;
    }
    let saved = observed.failed_of(&[Cause::OverloadRetryStorm]);
    let why = format!("{again} of {looked} requests that failed were retries of those who ask");
    for (index, route) in observed.settings.routes.iter().enumerate() {
        if route.attempts > 1 {
            let now = Value::Count(route.attempts.into());
            let kind = Kind::RetriesAtTwoLayers;
            all.push(of_route(kind, index, now, Value::Count(1), &why, saved));
        }
    }
}

/// Backends do more for checks than for requests.
fn checks(observed: &Observed<'_>, all: &mut Vec<Advice>) {
    let Some(interval) = observed.settings.check_interval else {
        return;
    };
    if observed.window < LONG || observed.checks <= observed.requests {
        return;
    }
    let times = observed.checks as f64 / observed.requests.max(1) as f64;
    let set = round_up(interval.mul_f64(times.min(1e6)).min(RAREST));
    if set <= interval {
        return;
    }
    all.push(Advice {
        kind: Kind::ChecksCostMore,
        route: None,
        now: Value::Time(interval),
        set: Some(Value::Time(set)),
        why: format!(
            "{} health checks, and {} requests",
            observed.checks, observed.requests
        ),
        would_have_saved: 0,
    });
}

/// What protects never takes effect, or has nowhere to send requests.
fn breaker_and_backends(observed: &Observed<'_>, all: &mut Vec<Advice>) {
    let failed: u64 = observed.failed.iter().map(|(_, count)| count).sum();
    if let Some((minimum, window)) = observed.settings.breaker
        && observed.window >= LONG
        && failed > 0
    {
        let share = window.as_secs_f64() / observed.window.as_secs_f64();
        let come = (observed.requests as f64 * share) as u64;
        let set = (come / 2).max(1);
        if come < u64::from(minimum) && set < u64::from(minimum) {
            all.push(Advice {
                kind: Kind::BreakerNeverLooks,
                route: None,
                now: Value::Count(minimum.into()),
                set: Some(Value::Count(set)),
                why: format!(
                    "{come} requests come in {}, and the rates need {minimum}",
                    explain::duration(window)
                ),
                would_have_saved: 0,
            });
        }
    }
    let unreached = observed.failed_of(&[
        Cause::DependencyConnectRefused,
        Cause::DependencyConnectTimeout,
        Cause::DependencyHostUnreachable,
        Cause::DependencyResetBeforeResponse,
    ]);
    if observed.backends == 1 && unreached > 0 {
        all.push(Advice {
            kind: Kind::SecondBackend,
            route: None,
            now: Value::Count(1),
            set: None,
            why: format!(
                "{unreached} requests failed because the only backend could not be reached"
            ),
            would_have_saved: unreached,
        });
    }
}

fn of_route(
    kind: Kind,
    route: usize,
    now: Value,
    set: Value,
    why: &str,
    would_have_saved: u64,
) -> Advice {
    Advice {
        kind,
        route: Some(route),
        now,
        set: Some(set),
        why: why.to_owned(),
        would_have_saved,
    }
}

/// With two digits in milliseconds, and not less than it is.
fn round_up(duration: Duration) -> Duration {
    let (millis, step) = in_steps(duration);
    let exact = duration.subsec_nanos().is_multiple_of(1_000_000);
    let millis = if exact { millis } else { millis + 1 };
    Duration::from_millis(millis.div_ceil(step) * step)
}

/// The same, and not more than it is.
fn round_down(duration: Duration) -> Duration {
    let (millis, step) = in_steps(duration);
    Duration::from_millis(millis / step * step)
}

fn in_steps(duration: Duration) -> (u64, u64) {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 2);
    let digits = millis.checked_ilog10().unwrap_or(0);
    (millis, 10_u64.pow(digits.saturating_sub(1)))
}
