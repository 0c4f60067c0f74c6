//! Health checks that cost much, see late, or see nothing.

use std::time::Duration;

use super::{
    KeyPath, Lint, Severity,
    hit::{Hit, Hits},
    look::Look,
    round,
};
use crate::config::{HealthCheck, PoolConfig, Probe};

/// Checks that come more often than this are traffic of their own.
const OFTEN: Duration = Duration::from_millis(500);
/// The default of `interval`.
const INTERVAL: Duration = Duration::from_secs(2);
/// A check that takes longer to notice is too late for anybody.
const LATE: Duration = Duration::from_secs(30);

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "check_often",
        severity: Severity::Note,
        key: "pools.NAME.health_check.interval",
        wrong: "Each proxy asks each backend more than twice a second, whether or not there is traffic. What requests show is noticed \
                at once anyway, and `fast_interval` holds while there is a doubt.",
        set: "`\"2s\"`",
        look: check_often,
    },
    Lint {
        id: "check_late",
        severity: Severity::Warning,
        key: "pools.NAME.health_check.interval",
        wrong: "`interval` and `fall` times `fast_interval` are longer than half a minute: so long a backend that its check finds dead \
                stays in rotation.",
        set: "what makes it half a minute, or less",
        look: check_late,
    },
    Lint {
        id: "check_shorter_than_connect",
        severity: Severity::Warning,
        key: "pools.NAME.health_check.timeout",
        wrong: "A check has less time than a request has to connect: a backend that serves requests may fail its checks.",
        set: "`connect_timeout` of the pool, and `interval` no shorter",
        look: check_shorter_than_connect,
    },
    Lint {
        id: "check_expects_errors",
        severity: Severity::Warning,
        key: "pools.NAME.health_check.expect",
        wrong: "An answer with 500 or 503 passes the check: a backend that says that it is not well stays in rotation.",
        set: "`\"200-399\"`",
        look: check_expects_errors,
    },
];

fn checked<'a>(look: &Look<'a>) -> impl Iterator<Item = (&'a PoolConfig, &'a HealthCheck)> {
    look.pools()
        .filter_map(|pool| Some((pool, pool.health_check.as_ref()?)))
}

fn check_often(look: &Look<'_>, hits: &mut Hits) {
    for (pool, check) in checked(look).filter(|(_, check)| check.interval < OFTEN) {
        let backends = pool.backends.len();
        let rate = backends as f64 / check.interval.as_secs_f64();
        let said = format!(
            "{rate:.0} checks per second for {backends} backend{}, from each proxy",
            if backends == 1 { "" } else { "s" }
        );
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "health_check.interval"),
                round::toml(check.interval),
                said,
            )
            .set("health_check.interval", round::toml(INTERVAL)),
        );
    }
}

fn check_late(look: &Look<'_>, hits: &mut Hits) {
    for (pool, check) in checked(look) {
        let settling = check.fast_interval * check.fall.get();
        let notices = check.interval + settling;
        if notices <= LATE {
            continue;
        }
        let said = format!(
            "a backend that is dead is noticed by its check after {}",
            round::told(notices)
        );
        let hit = Hit::new(
            KeyPath::pool(&pool.name, "health_check.interval"),
            round::toml(check.interval),
            said,
        );
        hits.push(match LATE.checked_sub(settling) {
            Some(left) if left > check.fast_interval => {
                hit.set("health_check.interval", round::toml(round::down(left)))
            }
            _ => hit.set("health_check.fall", "3").also(
                KeyPath::pool(&pool.name, "health_check.fall"),
                "as many bad checks in a row",
            ),
        });
    }
}

fn check_shorter_than_connect(look: &Look<'_>, hits: &mut Hits) {
    for (pool, check) in checked(look) {
        if check.timeout >= pool.connect_timeout {
            continue;
        }
        let said = format!(
            "a check may take {}, and connecting for a request {}",
            round::told(check.timeout),
            round::told(pool.connect_timeout)
        );
        let hit = Hit::new(
            KeyPath::pool(&pool.name, "health_check.timeout"),
            round::toml(check.timeout),
            said,
        )
        .set("health_check.timeout", round::toml(pool.connect_timeout))
        .also(KeyPath::pool(&pool.name, "connect_timeout"), "of the pool");
        hits.push(match check.interval < pool.connect_timeout {
            true => hit.advice("`interval` must not be shorter than that"),
            false => hit,
        });
    }
}

fn check_expects_errors(look: &Look<'_>, hits: &mut Hits) {
    for (pool, check) in checked(look) {
        let Probe::Http { expect, .. } = &check.probe else {
            continue;
        };
        let Some(bad) = [503, 500].into_iter().find(|bad| expect.contains(*bad)) else {
            continue;
        };
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "health_check.expect"),
                format!("\"{expect}\""),
                format!("a backend that answers its check with {bad} counts as well"),
            )
            .set("health_check.expect", "\"200-399\""),
        );
    }
}
