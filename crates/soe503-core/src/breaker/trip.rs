//! Why a circuit is open.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use super::knock::Knocked;
use super::window::CauseCounts;
use crate::cause::Cause;
use crate::{Ratio, Tick};

/// Why a circuit opened, kept for as long as it is open.
///
/// Made once per opening and shared by reference with every refusal, so that refusing does not
/// count anything up again (rule R17: the root is kept with the breaker, not looked up later).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Trip {
    /// The rule that opened the circuit. If several were met by the same result, the first of:
    /// consecutive failures, failure rate, slow rate.
    pub rule: TripRule,
    /// Every rule that the same result met, `rule` among them.
    pub rules: Vec<TripRule>,
    /// The rule as a cause: `circuit_open/*`, or `maintenance/admin_disabled` for an operator.
    pub cause: Cause,
    /// What is wrong now, by the newest evidence: what knocking found, else the majority cause of
    /// the probes that failed last, else of the failures that opened the circuit.
    pub root: Option<Cause>,
    /// The majority cause of the failures that opened the circuit.
    pub opened_by: Option<Cause>,
    /// The causes of the failures that counted towards `rule`, the most frequent first.
    pub causes: CauseCounts,
    /// When the circuit opened first, before any probe.
    pub at: Tick,
    /// How often probes have failed since.
    pub reopened: u32,
    /// The last probe that failed since the circuit opened.
    pub last_probe: Option<FailedProbe>,
    /// What knocking at the backends found since the last probe that told a cause.
    pub knocked: Option<Knocked>,
}

/// A rule, with the numbers that met it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TripRule {
    /// Failures without a success between them.
    ConsecutiveFailures {
        /// How many.
        failures: u32,
        /// The share of failures among the results that followed a failure before; what chance makes
        /// of that share is no reason to open. Zero: none did.
        usual: Ratio,
    },
    /// The share of failed results in the window.
    FailureRate {
        /// Failed results in the window.
        failed: u64,
        /// All results in the window.
        total: u64,
        /// The share that opens.
        threshold: Ratio,
    },
    /// The share of slow results in the window.
    SlowRate {
        /// Slow results in the window.
        slow: u64,
        /// All results in the window.
        total: u64,
        /// The share that opens.
        threshold: Ratio,
        /// From when on a result is slow.
        slow_request: Duration,
    },
    /// An operator opened it.
    Forced {
        /// The operator's words.
        why: Arc<str>,
    },
}

/// A probe that kept the circuit from closing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedProbe {
    /// When its result came in, or when we stopped waiting for it.
    pub at: Tick,
    /// Why it failed. `None`: it never came back (`half_open_timeout`).
    pub cause: Option<Cause>,
}

// === impl TripRule ===

impl TripRule {
    /// The rule as a cause.
    pub const fn cause(&self) -> Cause {
        match self {
            Self::ConsecutiveFailures { .. } => Cause::CircuitConsecutiveFailures,
            Self::FailureRate { .. } | Self::SlowRate { .. } => Cause::CircuitFailureRate,
            Self::Forced { .. } => Cause::MaintenanceAdminDisabled,
        }
    }
}

/// What happened, as one clause: `5 consecutive failures`, `12 of 20 requests failed (limit 50%)`.
impl fmt::Display for TripRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConsecutiveFailures { failures, usual } => {
                write!(f, "{failures} consecutive failures")?;
                if *usual == Ratio::ZERO {
                    return Ok(());
                }
                write!(f, " (before, {usual} of what followed a failure failed)")
            }
            Self::FailureRate {
                failed,
                total,
                threshold,
            } => write!(f, "{failed} of {total} requests failed (limit {threshold})"),
            Self::SlowRate {
                slow,
                total,
                threshold,
                slow_request,
            } => write!(
                f,
                "{slow} of {total} requests took {slow_request:?} or longer (limit {threshold})"
            ),
            Self::Forced { why } => write!(f, "opened by an operator: {why}"),
        }
    }
}

// === impl Trip ===

impl Trip {
    /// The first opening. `met` holds at least one rule, the most telling first.
    pub(super) fn opened(
        at: Tick,
        rule: TripRule,
        met: Vec<TripRule>,
        causes: CauseCounts,
    ) -> Self {
        let root = causes.majority();
        Self {
            cause: rule.cause(),
            rule,
            rules: met,
            root,
            opened_by: root,
            causes,
            at,
            reopened: 0,
            last_probe: None,
            knocked: None,
        }
    }

    /// An operator's opening.
    pub(super) fn forced(at: Tick, why: Arc<str>) -> Self {
        let rule = TripRule::Forced { why };
        Self::opened(at, rule.clone(), vec![rule], CauseCounts::default())
    }

    /// The same opening after probes have failed: why it opened stays, what is wrong now is news.
    ///
    /// But a probe on an old connection that may have been closed for its age says nothing new; nor does one that was not
    /// answered in time, unless the one before it was not either: its request may have had little time left.
    pub(super) fn reopened(&self, probe: FailedProbe, majority: Option<Cause>) -> Self {
        let before = self.last_probe.and_then(|probe| probe.cause);
        let may_be_chance = |cause: Cause| {
            cause == Cause::ConfigKeepaliveMismatch
                || cause == Cause::DependencyResponseTimeout && before != Some(cause)
        };
        let news = majority.filter(|cause| self.root.is_none() || !may_be_chance(*cause));
        Self {
            root: news.or(self.root),
            reopened: self.reopened.saturating_add(1),
            last_probe: Some(probe),
            knocked: self.knocked.filter(|_| news.is_none()),
            ..self.clone()
        }
    }

    /// The same opening after an early probe has failed.
    pub(super) fn probed(&self, probe: FailedProbe) -> Self {
        let reopened = self.reopened;
        Self {
            reopened,
            ..self.reopened(probe, probe.cause)
        }
    }

    /// The same opening after knocks have failed: what is wrong now is what they met.
    pub(super) fn knocked(&self, knocked: Knocked) -> Self {
        Self {
            root: Some(knocked.cause),
            knocked: Some(knocked),
            ..self.clone()
        }
    }
}
