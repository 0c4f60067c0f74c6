//! Retries that cannot happen, and retries that cost too much.

use super::{
    KeyPath, Lint, Severity,
    hit::{Hit, Hits},
    layers::retries_at_two_layers,
    look::{Look, last_begins, pauses},
    round,
};
use crate::config::{PoolConfig, Ratio};

/// Retries may add so much to the load, or more: an outage is made worse by them.
const MUCH: Ratio = Ratio::percent(50);
/// The default of `retry_budget.ratio`.
const RATIO: &str = "0.2";

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "retries_do_not_fit",
        severity: Severity::Warning,
        key: "routes.retry.attempt_timeout",
        wrong: "If the attempts before take all of their time, the last one has less than half of its own, or none at all.",
        set: "`timeout`, less the pauses, divided by `attempts`",
        look: retries_do_not_fit,
    },
    Lint {
        id: "budget_of_nothing",
        severity: Severity::Warning,
        key: "pools.NAME.retry_budget.ratio",
        wrong: "The budget pays for no retry, so `attempts` of its routes mean nothing.",
        set: "`0.2`, or `attempts = 1` if nothing is to be retried",
        look: budget_of_nothing,
    },
    Lint {
        id: "budget_of_everything",
        severity: Severity::Warning,
        key: "pools.NAME.retry_budget.ratio",
        wrong: "Retries may add half of the traffic or more: a pool that is overloaded gets that on top.",
        set: "`0.2`",
        look: budget_of_everything,
    },
    Lint {
        id: "retries_at_two_layers",
        severity: Severity::Warning,
        key: "routes.retry.attempts",
        wrong: "A backend of its pool is a listener of this same proxy, whose routes all try again: attempts multiply, as nobody tells the \
                inner ones how many are left.",
        set: "`1`; or `proxy = true` in the pool and its address in `forwarded.trust` of the listener, which tells them",
        look: retries_at_two_layers,
    },
    Lint {
        id: "ride_out_without_retries",
        severity: Severity::Warning,
        key: "pools.NAME.ride_out",
        wrong: "Requests that wait for the pool are those that may be tried again, and none of its routes has more than one attempt.",
        set: "`retry.attempts = 2` or more in a route, or `ride_out = \"0s\"`",
        look: ride_out_without_retries,
    },
    Lint {
        id: "hedge_without_retries",
        severity: Severity::Warning,
        key: "pools.NAME.hedge.enabled",
        wrong: "A hedge is one of the `retry.attempts`, and none of its routes has more than one.",
        set: "`retry.attempts = 2` or more in a route, or `false`",
        look: hedge_without_retries,
    },
];

fn retries_do_not_fit(look: &Look<'_>, hits: &mut Hits) {
    for to in look.routes() {
        let (retry, total) = (&to.route.retry, to.route.timeout);
        let attempts = retry.attempts.get();
        // That one has a lint of its own.
        if attempts < 2 || retry.attempt_timeout >= total {
            continue;
        }
        let begins = last_begins(to.route);
        let left = total.saturating_sub(begins);
        if left >= retry.attempt_timeout / 2 {
            continue;
        }
        let said = match left.is_zero() {
            true => format!(
                "there is no time for attempt {attempts} of {attempts} after those before it: {} are over by then",
                round::told(total)
            ),
            false => format!(
                "attempt {attempts} of {attempts} has {} left, and {} for itself",
                round::told(round::down(left)),
                round::told(retry.attempt_timeout)
            ),
        };
        let share = total.saturating_sub(pauses(to.route)) / u32::from(attempts);
        let hit = Hit::new(
            KeyPath::route(to.number, "retry.attempt_timeout"),
            round::toml(retry.attempt_timeout),
            said,
        )
        .also(
            KeyPath::route(to.number, "timeout"),
            "all attempts together",
        );
        hits.push(match share.as_millis() {
            0 => hit.advice("`backoff_base` and `backoff_max` take all of the time: lower them"),
            _ => hit
                .set("retry.attempt_timeout", round::toml(round::down(share)))
                .advice("or a longer `timeout`, or fewer `attempts`"),
        });
    }
}

fn budget_of_nothing(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools() {
        let budget = &pool.retry_budget;
        let pays = budget.ratio != Ratio::ZERO || budget.min_per_second > 0;
        if pays || !retries(look, pool) {
            continue;
        }
        let said = format!("nothing of the pool `{}` is ever retried", pool.name);
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "retry_budget.ratio"),
                budget.ratio.as_f64().to_string(),
                said,
            )
            .set("retry_budget.ratio", RATIO),
        );
    }
}

fn budget_of_everything(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools().filter(|pool| retries(look, pool)) {
        let ratio = pool.retry_budget.ratio;
        if ratio < MUCH {
            continue;
        }
        let percent = ratio.parts_per_million() / 10_000;
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "retry_budget.ratio"),
                ratio.as_f64().to_string(),
                format!("retries may add {percent} % to what the backends have to do, at the worst moment"),
            )
            .set("retry_budget.ratio", RATIO),
        );
    }
}

fn ride_out_without_retries(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools() {
        let key = KeyPath::pool(&pool.name, "ride_out");
        // Who has not asked for it does not miss it.
        if pool.ride_out.is_zero() || retries(look, pool) || !look.is_written(&key) {
            continue;
        }
        let said = "nobody waits for the pool: none of its routes has a second attempt";
        let hit = Hit::new(key, round::toml(pool.ride_out), said);
        hits.push(with_route(hit, look, pool));
    }
}

fn hedge_without_retries(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools() {
        if pool.hedge.is_none() || retries(look, pool) {
            continue;
        }
        let said = "no request is hedged: none of its routes has a second attempt";
        let hit = Hit::new(KeyPath::pool(&pool.name, "hedge.enabled"), "true", said);
        hits.push(with_route(hit, look, pool));
    }
}

/// The value to set is a route's.
fn with_route(hit: Hit, look: &Look<'_>, pool: &PoolConfig) -> Hit {
    let hit = hit.set("retry.attempts", "2");
    match look.routes_to(pool).next() {
        Some(to) => hit.also(
            KeyPath::route(to.number, "retry.attempts"),
            "of this route, for example",
        ),
        None => hit,
    }
}

/// Whether a route to `pool` has a second attempt. A pool that only gets what others cannot serve might.
fn retries(look: &Look<'_>, pool: &PoolConfig) -> bool {
    let mut routes = look.routes_to(pool).peekable();
    routes.peek().is_none() || routes.any(|to| to.route.retry.attempts.get() > 1)
}
