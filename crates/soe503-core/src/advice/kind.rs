//! The table of advice.

/// What is advised. Its identifier is never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// More time for an attempt.
    AttemptTimeoutShort,
    /// More time for a request.
    TimeoutShort,
    /// Less time for an attempt, so that another one fits.
    AttemptTimeoutLong,
    /// Idle connections are given up before the backend does.
    IdleTimeoutLong,
    /// A higher limit.
    LimitLow,
    /// A limit that backends can keep up with.
    LimitHigh,
    /// One layer retries, not two.
    RetriesAtTwoLayers,
    /// Fewer checks.
    ChecksCostMore,
    /// Rates that are looked at.
    BreakerNeverLooks,
    /// Another backend.
    SecondBackend,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KindInfo {
    /// The identifier.
    pub id: &'static str,
    /// The key, with dots, in the table of the route if `of_route`, else in that of the pool.
    pub key: &'static str,
    /// It is a key of a route.
    pub of_route: bool,
    /// What shows it.
    pub shown_by: &'static str,
    /// The value to set.
    pub set: &'static str,
}

// === impl Kind ===

impl Kind {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 10] = [
        Self::AttemptTimeoutShort,
        Self::TimeoutShort,
        Self::AttemptTimeoutLong,
        Self::IdleTimeoutLong,
        Self::LimitLow,
        Self::LimitHigh,
        Self::RetriesAtTwoLayers,
        Self::ChecksCostMore,
        Self::BreakerNeverLooks,
        Self::SecondBackend,
    ];

    /// Its row.
    pub const fn info(self) -> KindInfo {
        match self {
            Self::AttemptTimeoutShort => KindInfo {
                id: "attempt_timeout_short",
                key: "retry.attempt_timeout",
                of_route: true,
                shown_by: "A third of the attempts whose time was over were answered well a little later, or requests failed of `misconfiguration/timeout_too_short`.",
                set: "1.5 times what 999 of 1000 attempts take; twice what it is where they are cut off at it",
            },
            Self::TimeoutShort => KindInfo {
                id: "timeout_short",
                key: "timeout",
                of_route: true,
                shown_by: "The same, and the request has no time for the longer attempt and another one.",
                set: "twice that time, or that time where nothing is retried",
            },
            Self::AttemptTimeoutLong => KindInfo {
                id: "attempt_timeout_long",
                key: "retry.attempt_timeout",
                of_route: true,
                shown_by: "Requests failed of `dependency_failure/response_timeout`, their attempts do not fit into `timeout`, and answers take far less.",
                set: "1.5 times what 999 of 1000 answers take; `timeout` divided by `attempts` if that is less",
            },
            Self::IdleTimeoutLong => KindInfo {
                id: "idle_timeout_long",
                key: "idle_timeout",
                of_route: false,
                shown_by: "A backend says (`Keep-Alive: timeout`) or has shown that it gives up idle connections sooner.",
                set: "four fifths of what the least patient backend keeps them for",
            },
            Self::LimitLow => KindInfo {
                id: "limit_low",
                key: "max_in_flight",
                of_route: false,
                shown_by: "Requests failed of `misconfiguration/limit_too_low`: they were turned away while the backends had room.",
                set: "what the backends work on at once, if that was measured; else twice what it is",
            },
            Self::LimitHigh => KindInfo {
                id: "limit_high",
                key: "max_in_flight",
                of_route: false,
                shown_by: "It was measured how many requests the backends work on at once, and the limit is twice that or more.",
                set: "what was measured",
            },
            Self::RetriesAtTwoLayers => KindInfo {
                id: "retries_at_two_layers",
                key: "retry.attempts",
                of_route: true,
                shown_by: "A fifth of the requests that fail, and twenty, are retries of those who ask: attempts multiply.",
                set: "`1`, unless the callers can be told to leave retries to the proxy",
            },
            Self::ChecksCostMore => KindInfo {
                id: "checks_cost_more_than_traffic",
                key: "health_check.interval",
                of_route: false,
                shown_by: "There were more health checks than requests, in ten minutes or more.",
                set: "what makes them as many as there are requests; 30 s at most",
            },
            Self::BreakerNeverLooks => KindInfo {
                id: "breaker_never_looks",
                key: "circuit_breaker.minimum_requests",
                of_route: false,
                shown_by: "Requests failed, and fewer come in a `window` than the rates of the circuit breaker need.",
                set: "half of what comes in a `window`",
            },
            Self::SecondBackend => KindInfo {
                id: "second_backend",
                key: "backends",
                of_route: false,
                shown_by: "Requests failed because the only backend could not be reached.",
                set: "another backend",
            },
        }
    }

    /// The stable identifier.
    pub const fn id(self) -> &'static str {
        self.info().id
    }
}
