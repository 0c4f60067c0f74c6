//! Pools as a whole: panic, checks, the retry budget, the circuit and who waits for it.

use soe503_api::CircuitState;
use soe503_core::metrics;
use soe503_core::retry::Cut;

use super::{Family, Kind, Read};

pub(super) const ROWS: &[Family] = &[
    Family::of(
        &metrics::POOL_PANIC,
        Read::Pool(|pool, out| out.push(&[&pool.name], u8::from(pool.panic))),
    ),
    Family {
        name: "soe503_health_checks_total",
        kind: Kind::Counter,
        unit: "checks",
        labels: &["pool", "result"],
        help: "Health checks of the pool's backends. `not_made`: this proxy lacked a descriptor, a port or memory, which says nothing about the backend.",
        read: Read::Pool(|pool, out| {
            for (result, count) in &pool.checks {
                out.push(&[&pool.name, result], *count);
            }
        }),
    },
    Family::of(
        &metrics::RETRY_BUDGET_AVAILABLE,
        Read::Pool(|pool, out| out.push(&[&pool.name], pool.budget_available)),
    ),
    Family::of(
        &metrics::RETRY_BUDGET_SPENT_TOTAL,
        Read::Pool(|pool, out| out.push(&[&pool.name], pool.budget_spent)),
    ),
    Family::of(
        &metrics::RETRY_BUDGET_REFUSED_TOTAL,
        Read::Pool(|pool, out| out.push(&[&pool.name], pool.budget_refused)),
    ),
    Family {
        name: "soe503_retries_cut",
        kind: Kind::Gauge,
        unit: "",
        labels: &["pool", "reason"],
        help: "Whether nothing is retried: while most attempts fail (`most_fail`), or while retries would keep an overload going (`overload`).",
        read: Read::Pool(|pool, out| {
            for (why, reason) in [(Cut::MostFail, "most_fail"), (Cut::Overload, "overload")] {
                out.push(
                    &[&pool.name, &reason],
                    u64::from(pool.retries_cut == Some(why)),
                );
            }
        }),
    },
    Family::of(
        &metrics::CIRCUIT_STATE,
        Read::Pool(|pool, out| {
            for (state, word) in CIRCUIT_STATES {
                out.push(&[&pool.name, word], u8::from(pool.circuit == *state));
            }
        }),
    ),
    Family::of(
        &metrics::CIRCUIT_TRANSITIONS_TOTAL,
        Read::Pool(|pool, out| {
            for (state, word) in CIRCUIT_STATES {
                let counts = pool.transitions.iter().filter(|(to, _)| to == state);
                out.push(
                    &[&pool.name, word],
                    counts.map(|(_, count)| count).sum::<u64>(),
                );
            }
        }),
    ),
    Family::of(
        &metrics::CIRCUIT_REFUSED_TOTAL,
        Read::Pool(|pool, out| out.push(&[&pool.name], pool.circuit_refused)),
    ),
    Family::of(
        &metrics::WAITING_REQUESTS,
        Read::Pool(|pool, out| out.push(&[&pool.name], pool.waiting.taken)),
    ),
    Family::of(
        &metrics::WAITED_TOTAL,
        Read::Pool(|pool, out| {
            let room = &pool.waiting;
            out.push(&[&pool.name, &"answered"], room.answered);
            out.push(&[&pool.name, &"in_vain"], room.in_vain());
            out.push(&[&pool.name, &"turned_away"], room.turned_away);
        }),
    ),
];

const CIRCUIT_STATES: &[(CircuitState, &str)] = &[
    (CircuitState::Closed, "closed"),
    (CircuitState::Open, "open"),
    (CircuitState::HalfOpen, "half_open"),
];
