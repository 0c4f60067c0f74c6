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

#[cfg(test)]
mod tests {
    use super::*;

    /// So many answers that all take `millis`.
    fn answers(count: u32, millis: f64) -> Answers {
        let nanos = millis * 1e6;
        Answers {
            count,
            total: f64::from(count) * nanos,
            logs: f64::from(count) * nanos.log2(),
        }
    }

    /// Little's law, and never more than half as many again as were counted.
    #[test]
    fn a_round_tells_a_rate_by_what_answers_took() {
        for (load, millis, per_second, took) in [
            // 10 in flight, 100 ms each: 100 per second, as were counted.
            (10.0, 100.0, 100.0, 100.0),
            (10.0, 125.0, 80.0, 125.0),
            // 10 in flight, 50 ms each would be 200 per second.
            (10.0, 50.0, 150.0, 10.0 / 0.150),
            // Less than one in flight is one.
            (0.5, 100.0, 10.0, 100.0),
        ] {
            let round = Round::of(&Sums {
                time: 2e9,
                loads: 2e9 * load,
                answers: answers(200, millis),
            });
            assert_eq!(round.load, load.max(1.0));
            let (rate, latency) = (round.rate * 1e9, round.latency() / 1e6);
            assert!((rate - per_second).abs() < 1e-6, "{load}, {millis}: {rate}");
            assert!((latency - took).abs() < 1e-6, "{load}, {millis}: {latency}");
        }
    }

    /// 15 answers before it is proven and as many as may be in flight, then 30 and three times as many; more in the
    /// square of how much they differ, at most 400.
    #[test]
    fn a_mean_needs_answers() {
        for (limit, spread, proven, needed) in [
            (5.0, 1.0, false, 15.0),
            (20.0, 1.0, false, 20.0),
            (5.0, 1.0, true, 30.0),
            (20.0, 1.0, true, 60.0),
            (5.0, 2.0, false, 60.0),
            (5.0, 2.0, true, 120.0),
            (5.0, 4.0, true, 400.0),
        ] {
            let what = format!("{limit}, {spread}, {proven}");
            for known in [Answers::default(), answers(10, 100.0)] {
                let got = enough(&known, spread, limit, proven);
                assert!((got - needed).abs() < 1e-6, "{what}: {got}");
            }
            // A mean of twice the typical one says as much as that this was usual.
            let mut uneven = answers(10, 100.0);
            uneven.total *= spread;
            let got = enough(&uneven, 1.0, limit, proven);
            assert!((got - needed).abs() < 1e-6, "{what}, as seen: {got}");
        }
    }

    #[test]
    fn what_is_allowed_leaves_room_for_chance() {
        for (work, headroom, limit) in [
            (100.0, 1.15, 125.0),
            (4.0, 2.0, 10.0),
            (0.25, 2.0, 1.5),
            (0.0, 2.0, 1.0),
        ] {
            let got = allowed(work, headroom);
            assert!((got - limit).abs() < 1e-9, "{work} by {headroom}: {got}");
        }
    }
}
