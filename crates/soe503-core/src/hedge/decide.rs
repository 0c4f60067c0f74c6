//! Whether a request that is late is sent to a second backend.

use core::time::Duration;

/// Everything about a request that is late on which the decision depends.
///
/// Build it with [`Situation::usual`], and change what is not usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// The pool uses backends that are not in rotation.
    pub panic: bool,
    /// The pool's circuit is open or half-open.
    pub circuit_not_closed: bool,
    /// The attempt under way is the probe of an ejected backend.
    pub probe: bool,
    /// A backend is in rotation that the request has not tried, the attempt under way included.
    pub other_backend: bool,
    /// Another attempt is allowed: by the policy, and by the proxies before this one.
    pub attempt_left: bool,
    /// Time until the request's deadline; `None`: it has none.
    pub remaining: Option<Duration>,
    /// How long an attempt usually takes here (the pool's typical latency); zero if not known.
    pub expected: Duration,
}

/// Why a request that was late was not sent to a second backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Withheld {
    /// The pool is in panic.
    Panic,
    /// Its circuit is not closed.
    Circuit,
    /// It is the probe of an ejected backend, which is to show whether that is back.
    Probe,
    /// No backend in rotation is left that it has not tried.
    NoOtherBackend,
    /// All attempts are spent.
    AttemptsSpent,
    /// The deadline comes before an answer usually would.
    NoTimeLeft,
    /// Nobody is answered in time any more: the other backends are as slow.
    Crowd,
    /// What is left of the retry budget is kept for retries.
    BudgetEmpty,
}

// === impl Situation ===

impl Situation {
    /// All is well, another backend is there, and there is no deadline.
    pub const fn usual() -> Self {
        Self {
            panic: false,
            circuit_not_closed: false,
            probe: false,
            other_backend: true,
            attempt_left: true,
            remaining: None,
            expected: Duration::ZERO,
        }
    }

    /// The first reason not to, the budget aside.
    pub(super) fn against(&self) -> Option<Withheld> {
        let in_time = |remaining: Duration| self.expected < remaining;
        if self.panic {
            Some(Withheld::Panic)
        } else if self.circuit_not_closed {
            Some(Withheld::Circuit)
        } else if self.probe {
            Some(Withheld::Probe)
        } else if !self.attempt_left {
            Some(Withheld::AttemptsSpent)
        } else if !self.other_backend {
            Some(Withheld::NoOtherBackend)
        } else if !self.remaining.is_none_or(in_time) {
            Some(Withheld::NoTimeLeft)
        } else {
            None
        }
    }
}

// === impl Withheld ===

impl Withheld {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Panic,
        Self::Circuit,
        Self::Probe,
        Self::NoOtherBackend,
        Self::AttemptsSpent,
        Self::NoTimeLeft,
        Self::Crowd,
        Self::BudgetEmpty,
    ];

    /// For metrics and the admin API.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Circuit => "circuit",
            Self::Probe => "probe",
            Self::NoOtherBackend => "no_other_backend",
            Self::AttemptsSpent => "attempts_spent",
            Self::NoTimeLeft => "no_time_left",
            Self::Crowd => "crowd",
            Self::BudgetEmpty => "budget_empty",
        }
    }
}

/// Whether a request with this method may be under way twice at the same time: it asks for nothing to be
/// changed (RFC 9110 §9.2.1). `TRACE` is safe as well, and nobody waits for it.
pub fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}
