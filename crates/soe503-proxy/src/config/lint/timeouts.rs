//! Timeouts that leave each other no time.

use std::time::Duration;

use super::{
    KeyPath, Lint, Severity,
    hit::{Hit, Hits},
    look::Look,
    round,
};

/// Many servers close connections that were idle for so long: Node.js, Apache httpd, uvicorn.
const USUAL_PATIENCE: Duration = Duration::from_secs(5);
/// The default of `idle_timeout`, and what is below that.
const IDLE: Duration = Duration::from_secs(4);
/// The default of `connect_timeout`: one lost packet of a connect (RFC 6298: 1 s) is not waited for.
const CONNECT: Duration = Duration::from_millis(500);
/// The default of `queue.max_wait`.
const WAIT: Duration = Duration::from_millis(250);

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "connect_not_below_total",
        severity: Severity::Warning,
        key: "pools.NAME.connect_timeout",
        wrong: "Connecting may take as long as the whole request of a route (`timeout`): a host that swallows packets costs \
                every request that meets it, and no other backend is tried.",
        set: "a quarter of the shortest `timeout` of its routes, 500 ms at most",
        look: connect_not_below_total,
    },
    Lint {
        id: "connect_not_below_attempt",
        severity: Severity::Warning,
        key: "pools.NAME.connect_timeout",
        wrong: "Connecting may take as long as an attempt (`retry.attempt_timeout`): what ends is the attempt, and it is told as a \
                backend that does not answer instead of one that cannot be reached.",
        set: "half of the shortest `attempt_timeout` of its routes, 500 ms at most",
        look: connect_not_below_attempt,
    },
    Lint {
        id: "attempt_not_below_total",
        severity: Severity::Warning,
        key: "routes.retry.attempt_timeout",
        wrong: "One attempt may take as long as the whole request: after a backend that does not answer there is no time for \
                another one. An `attempt_timeout` that is not set is the `timeout` where that is shorter.",
        set: "`timeout` divided by `attempts`",
        look: attempt_not_below_total,
    },
    Lint {
        id: "queue_not_below_total",
        severity: Severity::Warning,
        key: "pools.NAME.queue.max_wait",
        wrong: "Requests may wait for their turn as long as they may take in all: who waits that long has no time left.",
        set: "a quarter of the shortest `timeout` of its routes, 250 ms at most",
        look: queue_not_below_total,
    },
    Lint {
        id: "slow_request_not_below_total",
        severity: Severity::Warning,
        key: "pools.NAME.circuit_breaker.slow_request",
        wrong: "No request can be slow: all of its routes give up before that, so `slow_rate` never opens the circuit.",
        set: "half of the longest `timeout` of its routes",
        look: slow_request_not_below_total,
    },
    Lint {
        id: "grace_below_total",
        severity: Severity::Warning,
        key: "server.shutdown_grace",
        wrong: "A request may take longer than a stopping process waits for it: each deploy of the proxy cuts some off.",
        set: "the longest `timeout` of all routes",
        look: grace_below_total,
    },
    Lint {
        id: "backend_idle_long",
        severity: Severity::Note,
        key: "pools.NAME.idle_timeout",
        wrong: "Unused connections are kept for as long as, or longer than, many servers keep them (5 s): a request may meet one that \
                the backend is just closing. What a backend says (`Keep-Alive: timeout`) or shows is learned, but only afterwards.",
        set: "four fifths of what the backends keep them for; `\"4s\"` if that is not known. `lbctl doctor` says what was learned",
        look: backend_idle_long,
    },
];

fn connect_not_below_total(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools() {
        let Some(to) = look.hastiest(pool) else {
            continue;
        };
        let (connect, total) = (pool.connect_timeout, to.route.timeout);
        if connect < total {
            continue;
        }
        let said = format!(
            "connecting may take {}, and a whole request {}",
            round::told(connect),
            round::told(total)
        );
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "connect_timeout"),
                round::toml(connect),
                said,
            )
            .set(
                "connect_timeout",
                round::toml(round::down(total / 4).min(CONNECT)),
            )
            .also(
                KeyPath::route(to.number, "timeout"),
                "of this route, retries included",
            ),
        );
    }
}

fn connect_not_below_attempt(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools() {
        let connect = pool.connect_timeout;
        let shortest = look
            .routes_to(pool)
            .filter(|to| to.route.retry.attempts.get() > 1 && connect < to.route.timeout)
            .min_by_key(|to| to.route.retry.attempt_timeout);
        let Some(to) = shortest.filter(|to| connect >= to.route.retry.attempt_timeout) else {
            continue;
        };
        let attempt = to.route.retry.attempt_timeout;
        let said = format!(
            "connecting may take {}, and a whole attempt {}",
            round::told(connect),
            round::told(attempt)
        );
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "connect_timeout"),
                round::toml(connect),
                said,
            )
            .set(
                "connect_timeout",
                round::toml(round::down(attempt / 2).min(CONNECT)),
            )
            .also(
                KeyPath::route(to.number, "retry.attempt_timeout"),
                "of this route",
            ),
        );
    }
}

fn attempt_not_below_total(look: &Look<'_>, hits: &mut Hits) {
    for to in look.routes() {
        let (retry, total) = (&to.route.retry, to.route.timeout);
        let attempts = retry.attempts.get();
        if attempts < 2 || retry.attempt_timeout < total {
            continue;
        }
        let said = format!(
            "one of {attempts} attempts may take all of the {} that they have together",
            round::told(total)
        );
        hits.push(
            Hit::new(
                KeyPath::route(to.number, "retry.attempt_timeout"),
                round::toml(retry.attempt_timeout),
                said,
            )
            .set(
                "retry.attempt_timeout",
                round::toml(round::down(total / u32::from(attempts))),
            )
            .advice(format!(
                "if one answer takes that long, `timeout` has to be {attempts} times as long instead"
            ))
            .also(KeyPath::route(to.number, "timeout"), "all attempts together"),
        );
    }
}

fn queue_not_below_total(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools().filter(|pool| pool.queue.max_waiting > 0) {
        let Some(to) = look.hastiest(pool) else {
            continue;
        };
        let (wait, total) = (pool.queue.max_wait, to.route.timeout);
        if wait < total {
            continue;
        }
        let said = format!(
            "a request may wait {} for its turn, and has {} in all",
            round::told(wait),
            round::told(total)
        );
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "queue.max_wait"),
                round::toml(wait),
                said,
            )
            .set(
                "queue.max_wait",
                round::toml(round::down(total / 4).min(WAIT)),
            )
            .also(KeyPath::route(to.number, "timeout"), "of this route"),
        );
    }
}

fn slow_request_not_below_total(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools() {
        let breaker = pool.circuit_breaker.as_ref();
        let slow = breaker.filter(|breaker| breaker.slow_rate.is_some());
        let longest = look.routes_to(pool).max_by_key(|to| to.route.timeout);
        let (Some(breaker), Some(to)) = (slow, longest) else {
            continue;
        };
        if breaker.slow_request < to.route.timeout {
            continue;
        }
        let said = format!(
            "no request can take {}: it is given up after {}",
            round::told(breaker.slow_request),
            round::told(to.route.timeout)
        );
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "circuit_breaker.slow_request"),
                round::toml(breaker.slow_request),
                said,
            )
            .set(
                "circuit_breaker.slow_request",
                round::toml(round::down(to.route.timeout / 2)),
            )
            .also(
                KeyPath::route(to.number, "timeout"),
                "the longest of its routes",
            ),
        );
    }
}

fn grace_below_total(look: &Look<'_>, hits: &mut Hits) {
    let grace = look.config.server.shutdown_grace;
    let Some(to) = look.routes().max_by_key(|to| to.route.timeout) else {
        return;
    };
    let total = to.route.timeout;
    if grace >= total {
        return;
    }
    let said = format!(
        "a stopping process waits {} for requests that may take {}",
        round::told(grace),
        round::told(total)
    );
    hits.push(
        Hit::new(KeyPath::top("server.shutdown_grace"), round::toml(grace), said)
            .set("server.shutdown_grace", round::toml(total))
            .advice("whatever stops the process must wait as long, and for `drain_delay`, before it kills it (Kubernetes: `terminationGracePeriodSeconds`)")
            .also(KeyPath::route(to.number, "timeout"), "the longest of all routes"),
    );
}

fn backend_idle_long(look: &Look<'_>, hits: &mut Hits) {
    // Proxies keep idle connections for long, and HTTP/2 says goodbye.
    let plain = look
        .pools()
        .filter(|pool| !pool.proxy && pool.protocol == crate::config::BackendProtocol::H1);
    for pool in plain.filter(|pool| pool.idle_timeout >= USUAL_PATIENCE) {
        let said = format!(
            "unused connections are kept for {}; many servers close them after {}",
            round::told(pool.idle_timeout),
            round::told(USUAL_PATIENCE)
        );
        hits.push(
            Hit::new(
                KeyPath::pool(&pool.name, "idle_timeout"),
                round::toml(pool.idle_timeout),
                said,
            )
            .set("idle_timeout", round::toml(IDLE))
            .advice("or four fifths of what the backends keep them for, if that is more"),
        );
    }
}
