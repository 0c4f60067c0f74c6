//! Pools as a whole: panic, checks, the retry budget, the circuit and who waits for it.

use soe503_api::CircuitState;
use soe503_core::retry::Cut;

use super::{Family, Kind, Read};

pub(super) const ROWS: &[Family] = &[
    Family {
        name: "soe503_pool_panic",
        kind: Kind::Gauge,
        unit: "0 or 1",
        labels: &["pool"],
        help: "1 while checks condemn so many backends that they are not believed: look at the health check first.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], u8::from(pool.panic))),
    },
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
    Family {
        name: "soe503_retry_budget_available",
        kind: Kind::Gauge,
        unit: "retries",
        labels: &["pool"],
        help: "Retries that the pool's budget would allow now.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.budget_available)),
    },
    Family {
        name: "soe503_retry_budget_spent_total",
        kind: Kind::Counter,
        unit: "retries",
        labels: &["pool"],
        help: "Retries made on the pool's budget.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.budget_spent)),
    },
    Family {
        name: "soe503_retry_budget_refused_total",
        kind: Kind::Counter,
        unit: "retries",
        labels: &["pool"],
        help: "Retries that were not made because the budget was empty.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.budget_refused)),
    },
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
    Family {
        name: "soe503_circuit_state",
        kind: Kind::Gauge,
        unit: "0 or 1",
        labels: &["pool", "state"],
        help: "The state of the pool's circuit: 1 for the one it is in, 0 for the others.",
        read: Read::Pool(|pool, out| {
            for (state, word) in CIRCUIT_STATES {
                out.push(&[&pool.name, word], u8::from(pool.circuit == *state));
            }
        }),
    },
    Family {
        name: "soe503_circuit_transitions_total",
        kind: Kind::Counter,
        unit: "transitions",
        labels: &["pool", "to"],
        help: "Changes of the pool's circuit, by the state it went to; the begin and end of an operator's override count, too.",
        read: Read::Pool(|pool, out| {
            for (state, word) in CIRCUIT_STATES {
                let counts = pool.transitions.iter().filter(|(to, _)| to == state);
                out.push(
                    &[&pool.name, word],
                    counts.map(|(_, count)| count).sum::<u64>(),
                );
            }
        }),
    },
    Family {
        name: "soe503_circuit_refused_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool"],
        help: "Times that the pool's circuit refused a request, those included that wait and ask again; in shadow mode, those it would have.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.circuit_refused)),
    },
    Family {
        name: "soe503_waiting_requests",
        kind: Kind::Gauge,
        unit: "requests",
        labels: &["pool"],
        help: "Requests that were refused and wait for the pool's circuit, or for a backend that is due back; and those that try after having waited.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.waiting.taken)),
    },
    Family {
        name: "soe503_waited_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool", "result"],
        help: "Requests that were to wait, by what came of it: `answered`; `in_vain`, the pool was not back in time or the client left; `turned_away`, there was no place (`max_waiting`).",
        read: Read::Pool(|pool, out| {
            let room = &pool.waiting;
            out.push(&[&pool.name, &"answered"], room.answered);
            out.push(&[&pool.name, &"in_vain"], room.in_vain());
            out.push(&[&pool.name, &"turned_away"], room.turned_away);
        }),
    },
];

const CIRCUIT_STATES: &[(CircuitState, &str)] = &[
    (CircuitState::Closed, "closed"),
    (CircuitState::Open, "open"),
    (CircuitState::HalfOpen, "half_open"),
];
