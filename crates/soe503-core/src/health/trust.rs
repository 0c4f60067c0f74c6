//! Checks against requests: who is believed.

use core::time::Duration;

use super::Doubt;
use crate::Tick;

/// What requests to a backend show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// When the last request was answered well, if one was since the check's failures began. An
    /// answer that says no (4xx, a redirect) shows that somebody is there, not that he serves.
    pub good_at: Option<Tick>,
    /// The last result was a failure.
    pub failing: bool,
    /// Requests took it out of rotation.
    pub ejected: bool,
    /// Of a hundred recent requests, ninety-nine took no longer.
    pub p99: Option<Duration>,
}

/// How long a good answer speaks against a check that fails.
pub const PROOF_LASTS: Duration = Duration::from_secs(60);

/// Whether requests overrule a check that leaves a [`Doubt`]: the backend stays in rotation, and the
/// check is what is broken (failure mode 13).
///
/// A good answer must be newer than the first failure of the check: an older one says nothing about
/// what happened since. Failures of requests do not end it, `overruled` as it is so far: for those
/// there is ejection, and a check that is known to be broken does not become right by them. For the
/// same reason such a check does not keep an ejected backend from its probe, neither its own nor, as
/// `elsewhere` says, that of the same pool.
pub fn overrules(
    doubt: &Doubt,
    traffic: &Traffic,
    overruled: bool,
    elsewhere: bool,
    now: Tick,
) -> bool {
    if traffic.ejected {
        return overruled || elsewhere;
    }
    let answered = |at| now.since(at) <= PROOF_LASTS;
    let fast = |within| traffic.p99.is_some_and(|p99| p99 <= within);
    traffic.good_at.is_some_and(answered)
        && (overruled || !traffic.failing)
        && doubt.within.is_none_or(fast)
}
