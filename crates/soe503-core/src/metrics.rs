//! What is measured, and what that is called: the metrics that the proxy and the library share.
//!
//! The names, units and labels are one contract with everybody's dashboards, so they are in one place. The proxy has
//! more than these ([its page](https://github.com/soe503/soe503/blob/main/crates/soe503-proxy/docs/metrics.md));
//! the library publishes these with its feature `metrics`.

/// A metric, but for its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name, with its unit where it has one.
    pub name: &'static str,
    /// What kind of value it is.
    pub kind: Kind,
    /// The unit of its value.
    pub unit: &'static str,
    /// Its labels, in order.
    pub labels: &'static [&'static str],
    /// What it says, in a sentence.
    pub help: &'static str,
}

/// What kind of value a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counters of values up to each of several edges, their sum and their number.
    Histogram,
}

// === impl Kind ===

impl Kind {
    /// The word of Prometheus' text format.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

// --- Circuits ---

/// `soe503_circuit_state`.
pub const CIRCUIT_STATE: Metric = Metric {
    name: "soe503_circuit_state",
    kind: Kind::Gauge,
    unit: "0 or 1",
    labels: &["pool", "state"],
    help: "The state of the pool's circuit: 1 for the one it is in, 0 for the others.",
};

/// `soe503_circuit_transitions_total`.
pub const CIRCUIT_TRANSITIONS_TOTAL: Metric = Metric {
    name: "soe503_circuit_transitions_total",
    kind: Kind::Counter,
    unit: "transitions",
    labels: &["pool", "to"],
    help: "Changes of the pool's circuit, by the state it went to; the begin and end of an operator's override count, too.",
};

/// `soe503_circuit_refused_total`.
pub const CIRCUIT_REFUSED_TOTAL: Metric = Metric {
    name: "soe503_circuit_refused_total",
    kind: Kind::Counter,
    unit: "requests",
    labels: &["pool"],
    help: "Times that the pool's circuit refused a request, those included that wait and ask again; in shadow mode, those it would have.",
};

/// `soe503_waiting_requests`.
pub const WAITING_REQUESTS: Metric = Metric {
    name: "soe503_waiting_requests",
    kind: Kind::Gauge,
    unit: "requests",
    labels: &["pool"],
    help: "Requests that were refused and wait for the pool's circuit, or for a backend that is due back; and those that try after having waited.",
};

/// `soe503_waited_total`.
pub const WAITED_TOTAL: Metric = Metric {
    name: "soe503_waited_total",
    kind: Kind::Counter,
    unit: "requests",
    labels: &["pool", "result"],
    help: "Requests that were to wait, by what came of it: `answered`; `in_vain`, the pool was not back in time or the client left; `turned_away`, there was no place (`max_waiting`).",
};

// --- Retry budgets ---

/// `soe503_retry_budget_available`.
pub const RETRY_BUDGET_AVAILABLE: Metric = Metric {
    name: "soe503_retry_budget_available",
    kind: Kind::Gauge,
    unit: "retries",
    labels: &["pool"],
    help: "Retries that the pool's budget would allow now.",
};

/// `soe503_retry_budget_spent_total`.
pub const RETRY_BUDGET_SPENT_TOTAL: Metric = Metric {
    name: "soe503_retry_budget_spent_total",
    kind: Kind::Counter,
    unit: "retries",
    labels: &["pool"],
    help: "Retries made on the pool's budget.",
};

/// `soe503_retry_budget_refused_total`.
pub const RETRY_BUDGET_REFUSED_TOTAL: Metric = Metric {
    name: "soe503_retry_budget_refused_total",
    kind: Kind::Counter,
    unit: "retries",
    labels: &["pool"],
    help: "Retries that were not made because the budget was empty.",
};

// --- Hedging ---

/// `soe503_hedge_delay_seconds`.
pub const HEDGE_DELAY_SECONDS: Metric = Metric {
    name: "soe503_hedge_delay_seconds",
    kind: Kind::Gauge,
    unit: "seconds",
    labels: &["pool"],
    help: "After which time without an answer a request is sent to a second backend. Absent without `hedge`, and while too few answers are known.",
};

/// `soe503_hedges_total`.
pub const HEDGES_TOTAL: Metric = Metric {
    name: "soe503_hedges_total",
    kind: Kind::Counter,
    unit: "attempts",
    labels: &["pool", "result"],
    help: "Second attempts for requests that were late, by what came of them: `won`, answered first; `lost`, cancelled as the attempt before was answered; `failed`.",
};

/// `soe503_hedges_withheld_total`.
pub const HEDGES_WITHHELD_TOTAL: Metric = Metric {
    name: "soe503_hedges_withheld_total",
    kind: Kind::Counter,
    unit: "requests",
    labels: &["pool", "reason"],
    help: "Requests that were late and not sent to a second backend: `panic`, `circuit` (not closed), `probe` (of an ejected backend), `attempts_spent`, `no_other_backend`, `no_time_left` (before the deadline), `crowd` (all backends are slow), `budget_empty` (what is left is for retries).",
};

// --- Concurrency limits and their lines ---

/// `soe503_pool_in_flight`.
pub const POOL_IN_FLIGHT: Metric = Metric {
    name: "soe503_pool_in_flight",
    kind: Kind::Gauge,
    unit: "requests",
    labels: &["pool"],
    help: "Requests of the pool that are under way.",
};

/// `soe503_pool_in_flight_limit`.
pub const POOL_IN_FLIGHT_LIMIT: Metric = Metric {
    name: "soe503_pool_in_flight_limit",
    kind: Kind::Gauge,
    unit: "requests",
    labels: &["pool"],
    help: "How many requests of the pool may be under way: `max_in_flight`, or how many may wait for an answer if `soe503_pool_limit_source` says otherwise than `fixed`. More wait or are shed.",
};

/// `soe503_pool_limit_source`.
pub const POOL_LIMIT_SOURCE: Metric = Metric {
    name: "soe503_pool_limit_source",
    kind: Kind::Gauge,
    unit: "0 or 1",
    labels: &["pool", "source"],
    help: "Where the limit in force comes from: `fixed` is the configured one; `testing`: requests pile up, and whether fewer at once are answered as fast is being found out; `saturated`: more at once are not answered faster, as was measured; `shedding`: the overload keeps itself going (`soe503_pool_overload_stage`).",
};

/// `soe503_queue_depth`.
pub const QUEUE_DEPTH: Metric = Metric {
    name: "soe503_queue_depth",
    kind: Kind::Gauge,
    unit: "requests",
    labels: &["pool", "priority"],
    help: "Requests that wait for their turn, by their importance.",
};

/// `soe503_queue_oldest_seconds`.
pub const QUEUE_OLDEST_SECONDS: Metric = Metric {
    name: "soe503_queue_oldest_seconds",
    kind: Kind::Gauge,
    unit: "seconds",
    labels: &["pool"],
    help: "How long the request that waits longest has waited for its turn; 0 if none waits.",
};

/// `soe503_queue_admitted_total`.
pub const QUEUE_ADMITTED_TOTAL: Metric = Metric {
    name: "soe503_queue_admitted_total",
    kind: Kind::Counter,
    unit: "requests",
    labels: &["pool"],
    help: "Requests that had to wait for their turn and got it.",
};

/// `soe503_shed_total`.
pub const SHED_TOTAL: Metric = Metric {
    name: "soe503_shed_total",
    kind: Kind::Counter,
    unit: "requests",
    labels: &["pool", "priority"],
    help: "Requests that the pool's limit or its queue turned away, by their importance.",
};

// --- Throttles ---

/// `soe503_pool_throttled_total`.
pub const POOL_THROTTLED_TOTAL: Metric = Metric {
    name: "soe503_pool_throttled_total",
    kind: Kind::Counter,
    unit: "requests",
    labels: &["pool"],
    help: "Requests that were held back because the pool's backends refuse most for overload.",
};

/// `soe503_pool_throttle_ratio`.
pub const POOL_THROTTLE_RATIO: Metric = Metric {
    name: "soe503_pool_throttle_ratio",
    kind: Kind::Gauge,
    unit: "ratio",
    labels: &["pool"],
    help: "The share of the pool's requests that is held back now.",
};

// --- Rate limits ---

/// `soe503_rate_limit_requests_total`.
pub const RATE_LIMIT_REQUESTS_TOTAL: Metric = Metric {
    name: "soe503_rate_limit_requests_total",
    kind: Kind::Counter,
    unit: "requests",
    labels: &["limit", "result"],
    help: "Requests that the rate limit has seen. `shadowed`: beyond it, and let through as it only counts.",
};

/// `soe503_rate_limit_keys`.
pub const RATE_LIMIT_KEYS: Metric = Metric {
    name: "soe503_rate_limit_keys",
    kind: Kind::Gauge,
    unit: "callers",
    labels: &["limit"],
    help: "Callers that have used a part of their quota which has not come back yet.",
};

/// `soe503_rate_limit_displaced_total`.
pub const RATE_LIMIT_DISPLACED_TOTAL: Metric = Metric {
    name: "soe503_rate_limit_displaced_total",
    kind: Kind::Counter,
    unit: "callers",
    labels: &["limit"],
    help: "New callers that took over the place of a busy one, and its debt: `max_keys` is too small, or somebody invents keys.",
};

// --- Backends ---

/// `soe503_pool_panic`.
pub const POOL_PANIC: Metric = Metric {
    name: "soe503_pool_panic",
    kind: Kind::Gauge,
    unit: "0 or 1",
    labels: &["pool"],
    help: "1 while checks condemn so many backends that they are not believed: look at the health check first.",
};

/// `soe503_backend_state`.
pub const BACKEND_STATE: Metric = Metric {
    name: "soe503_backend_state",
    kind: Kind::Gauge,
    unit: "0 or 1",
    labels: &["pool", "backend", "state"],
    help: "The state of the backend: 1 for the one it is in, 0 for the others.",
};

/// `soe503_backend_in_flight`.
pub const BACKEND_IN_FLIGHT: Metric = Metric {
    name: "soe503_backend_in_flight",
    kind: Kind::Gauge,
    unit: "attempts",
    labels: &["pool", "backend"],
    help: "Attempts that run on the backend.",
};

/// `soe503_backend_requests_total`.
pub const BACKEND_REQUESTS_TOTAL: Metric = Metric {
    name: "soe503_backend_requests_total",
    kind: Kind::Counter,
    unit: "attempts",
    labels: &["pool", "backend"],
    help: "Attempts on the backend.",
};

/// `soe503_backend_failures_total`.
pub const BACKEND_FAILURES_TOTAL: Metric = Metric {
    name: "soe503_backend_failures_total",
    kind: Kind::Counter,
    unit: "attempts",
    labels: &["pool", "backend"],
    help: "Attempts on the backend that failed.",
};

/// All of them.
pub const ALL: &[&Metric] = &[
    &CIRCUIT_STATE,
    &CIRCUIT_TRANSITIONS_TOTAL,
    &CIRCUIT_REFUSED_TOTAL,
    &WAITING_REQUESTS,
    &WAITED_TOTAL,
    &RETRY_BUDGET_AVAILABLE,
    &RETRY_BUDGET_SPENT_TOTAL,
    &RETRY_BUDGET_REFUSED_TOTAL,
    &HEDGE_DELAY_SECONDS,
    &HEDGES_TOTAL,
    &HEDGES_WITHHELD_TOTAL,
    &POOL_IN_FLIGHT,
    &POOL_IN_FLIGHT_LIMIT,
    &POOL_LIMIT_SOURCE,
    &QUEUE_DEPTH,
    &QUEUE_OLDEST_SECONDS,
    &QUEUE_ADMITTED_TOTAL,
    &SHED_TOTAL,
    &POOL_THROTTLED_TOTAL,
    &POOL_THROTTLE_RATIO,
    &RATE_LIMIT_REQUESTS_TOTAL,
    &RATE_LIMIT_KEYS,
    &RATE_LIMIT_DISPLACED_TOTAL,
    &POOL_PANIC,
    &BACKEND_STATE,
    &BACKEND_IN_FLIGHT,
    &BACKEND_REQUESTS_TOTAL,
    &BACKEND_FAILURES_TOTAL,
];
