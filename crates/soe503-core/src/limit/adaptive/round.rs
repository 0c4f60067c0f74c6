//! A round: what was measured at one limit, while it was in use.

use super::Answers;

/// What was measured at one limit, while it was in use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    /// Mean number of requests in flight.
    pub(super) load: f64,
    /// Answers per nanosecond.
    pub(super) rate: f64,
}

#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) time: f64,
    /// Requests in flight × time.
    pub(super) loads: f64,
    pub(super) answers: Answers,
}

/// Answers that make a round, if they all take the same: once proven, before, and at most.
const ENOUGH: f64 = 30.0;
pub(super) const A_FEW: f64 = 15.0;
const PLENTY: f64 = 400.0;
/// A round of a limit that is proven takes so many times as many answers as may be in flight.
const TURNS: f64 = 3.0;
/// A count of answers in a round is not wrong by more than this factor.
const BURSTS: f64 = 1.5;

impl Round {
    /// Answers come in bursts, which a count in a time would be too many or too few of: their number
    /// is told from what they took, by Little's law. Requests that are never answered would make that
    /// too many, but the count bounds it.
    pub(super) fn of(sums: &Sums) -> Self {
        let load = (sums.loads / sums.time).max(1.0);
        let counted = f64::from(sums.answers.count) / sums.time;
        Self {
            load,
            rate: (load / sums.answers.mean()).min(BURSTS * counted),
        }
    }

    /// What an answer took in the mean.
    pub(super) fn latency(&self) -> f64 {
        self.load / self.rate
    }
}

/// How many answers a mean needs to be worth something: more if they differ much.
pub(super) fn enough(answers: &Answers, usual: f64, limit: f64, proven: bool) -> f64 {
    let (turns, few) = if proven {
        (TURNS, ENOUGH)
    } else {
        (1.0, A_FEW)
    };
    let seen = match answers.count {
        0 => 1.0,
        _ => answers.mean() / answers.mean_log().exp2(),
    };
    // If there are few slow ones, none may have come yet.
    let spread = seen.max(usual);
    let even = (few * spread * spread).min(PLENTY);
    even.max(turns * limit)
}

/// What may be in flight where `work` can be worked on.
pub(super) fn allowed(work: f64, headroom: f64) -> f64 {
    headroom * work + work.max(1.0).sqrt()
}
