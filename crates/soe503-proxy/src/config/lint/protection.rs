//! Protection that never takes effect, or takes effect for too long.

use std::time::Duration;

use super::{
    KeyPath, Lint, Severity,
    hit::{Hit, Hits},
    look::Look,
    round,
};
use crate::config::{PoolConfig, Ratio, Window};

/// A rule that needs more requests per second than this is not for most pools.
const BUSY: f64 = 100.0;
/// Longer runs of failures hardly ever come to be.
const LONG_RUN: u32 = 1000;
/// The same for one backend among others.
const LONG_BACKEND_RUN: u32 = 100;
/// Longer than this a service that is back is not to be refused.
const LONG_OPEN: Duration = Duration::from_secs(30);

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "breaker_needs_traffic",
        severity: Severity::Warning,
        key: "pools.NAME.circuit_breaker.minimum_requests",
        wrong: "`failure_rate` and `slow_rate` are not looked at with fewer than 100 requests per second or more: they never open the \
                circuit of an ordinary pool.",
        set: "`20`; twice as many requests as that should come in a `window`",
        look: breaker_needs_traffic,
    },
    Lint {
        id: "breaker_never_opens",
        severity: Severity::Warning,
        key: "pools.NAME.circuit_breaker.consecutive_failures",
        wrong: "Only a thousand failures in a row or more open the circuit, and no other rule is on: so many requests fail first.",
        set: "`5`",
        look: breaker_never_opens,
    },
    Lint {
        id: "breaker_stays_open",
        severity: Severity::Warning,
        key: "pools.NAME.circuit_breaker.open_for",
        wrong: "Nothing looks whether the pool is back before `open_for` is over (`probe_interval` is 0), and that is half a minute or \
                longer: requests are refused although the pool is back.",
        set: "`\"1s\"`, or `probe_interval = \"30ms\"`",
        look: breaker_stays_open,
    },
    Lint {
        id: "ejection_never",
        severity: Severity::Warning,
        key: "pools.NAME.ejection.consecutive_failures",
        wrong: "A backend goes out only after a hundred failures in a row or more, and its failure rate is not looked at.",
        set: "`5`",
        look: ejection_never,
    },
    Lint {
        id: "nothing_takes_out",
        severity: Severity::Warning,
        key: "pools.NAME.ejection.enabled",
        wrong: "Neither requests nor checks take a backend out: one that is dead gets its share of the requests for ever.",
        set: "`true`, or a `health_check`",
        look: nothing_takes_out,
    },
];

fn breaker_needs_traffic(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools() {
        let Some(breaker) = &pool.circuit_breaker else {
            continue;
        };
        let rates = breaker.failure_rate.is_some() || breaker.slow_rate.is_some();
        let Window::Time(window) = breaker.window else {
            continue;
        };
        let needed = f64::from(breaker.minimum_requests.get()) / window.as_secs_f64();
        if !rates || needed < BUSY {
            continue;
        }
        let said = format!(
            "the rates of the circuit breaker are not looked at with fewer than {} requests in {}: {needed:.0} per second",
            breaker.minimum_requests,
            round::told(window)
        );
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "circuit_breaker.minimum_requests"),
                breaker.minimum_requests.to_string(),
                said,
            )
            .set("circuit_breaker.minimum_requests", "20"),
        );
    }
}

fn breaker_never_opens(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools() {
        let Some(breaker) = &pool.circuit_breaker else {
            continue;
        };
        let run = breaker.consecutive_failures.map(|run| run.get());
        let rates = breaker.failure_rate.is_some() || breaker.slow_rate.is_some();
        let Some(run) = run.filter(|run| *run >= LONG_RUN && !rates) else {
            continue;
        };
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "circuit_breaker.consecutive_failures"),
                run.to_string(),
                format!("{run} requests have to fail in a row before the circuit opens"),
            )
            .set("circuit_breaker.consecutive_failures", "5"),
        );
    }
}

fn breaker_stays_open(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools() {
        let Some(breaker) = &pool.circuit_breaker else {
            continue;
        };
        if breaker.probe_interval.is_some() || breaker.open_for < LONG_OPEN {
            continue;
        }
        let said = format!(
            "a circuit that has opened refuses everything for {}, also when the pool is back at once",
            round::told(breaker.open_for)
        );
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "circuit_breaker.open_for"),
                round::toml(breaker.open_for),
                said,
            )
            .set(
                "circuit_breaker.open_for",
                round::toml(Duration::from_secs(1)),
            )
            .also(
                KeyPath::pool(&pool.name, "circuit_breaker.probe_interval"),
                "nothing looks before that",
            ),
        );
    }
}

fn ejection_never(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools().filter(|pool| has_others(pool)) {
        let Some(ejection) = &pool.ejection else {
            continue;
        };
        let run = ejection.consecutive_failures.get();
        if run < LONG_BACKEND_RUN || ejection.failure_rate != Ratio::ZERO {
            continue;
        }
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "ejection.consecutive_failures"),
                run.to_string(),
                format!("a backend goes out after {run} failures in a row, and for nothing else"),
            )
            .set("ejection.consecutive_failures", "5")
            .also(
                KeyPath::pool(&pool.name, "ejection.failure_rate"),
                "this rule is off",
            ),
        );
    }
}

fn nothing_takes_out(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools().filter(|pool| has_others(pool)) {
        if pool.ejection.is_some() || pool.health_check.is_some() {
            continue;
        }
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "ejection.enabled"),
                "false",
                format!("a dead backend of `{}` stays in rotation: there is no ejection and no health check", pool.name),
            )
            .set("ejection.enabled", "true"),
        );
    }
}

/// One that is taken out has others that take over.
fn has_others(pool: &PoolConfig) -> bool {
    !super::look::is_alone(pool)
}
