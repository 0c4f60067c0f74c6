//! What must hold, whatever goes wrong. Each is judged from the [`World`](crate::world::World)'s own
//! counts, and from what the handles show to anybody.

pub(crate) mod budget;
pub(crate) mod floor;
pub(crate) mod hedges;
pub(crate) mod permits;
pub(crate) mod recovery;

use std::fmt;

/// What does not hold, since when, and how one sees it.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) invariant: Invariant,
    pub(crate) at: u32,
    pub(crate) what: String,
}

/// The promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invariant {
    /// A request that must not run twice is not sent again once a byte of it went out.
    NoUnsafeReplay,
    /// No request is tried more often than the policy says.
    AttemptsBounded,
    /// Retries stay within what the requests pay for.
    BudgetKept,
    /// A request is under way twice only where it changes nothing, on two backends, and all is well.
    HedgesBounded,
    /// The head is there by the deadline.
    DeadlineKept,
    /// Each failure is one tagged answer, and none is a panic.
    FailuresTold,
    /// When nothing is wrong any more, each backend serves again and all requests succeed.
    Recovers,
    /// What has ended holds nothing: no backend, no probe's place, no slot.
    NoPermitLost,
    /// Nothing panics, neither the layers nor what simulates the rest.
    NoPanic,
    /// Passive evidence leaves the pool a backend to use, and takes out no more than it may.
    NotEmptied,
}

// === impl Invariant ===

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoUnsafeReplay => "no unsafe replay",
            Self::AttemptsBounded => "no more attempts than allowed",
            Self::BudgetKept => "the retry budget is never exceeded",
            Self::HedgesBounded => {
                "only safe requests are hedged, once at a time, and while all is well"
            }
            Self::DeadlineKept => "an answer by the deadline",
            Self::FailuresTold => "each failure is one tagged answer",
            Self::Recovers => "a healthy backend is reachable in the end",
            Self::NoPermitLost => "no permit is lost",
            Self::NoPanic => "nothing panics",
            Self::NotEmptied => "passive evidence does not empty the pool",
        })
    }
}
