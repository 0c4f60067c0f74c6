//! While a limit is in force: rounds of measuring what it does.

use std::collections::VecDeque;

use super::open::Alarm;
use super::{Answers, Seen};

/// A limit, and what is known of its effect.
#[derive(Debug)]
pub(super) struct Limited {
    limit: f64,
    /// The usual latency from before, until it is contradicted or out of date.
    seed: Option<f64>,
    /// Newest last.
    rounds: VecDeque<Round>,
    done: u32,
    stage: Stage,
    /// More in flight were not answered faster.
    proven: bool,
    /// Nanoseconds since somebody had to wait.
    idle: f64,
}

/// What was measured at one limit, while it was in use.
#[derive(Clone, Copy, Debug)]
struct Round {
    /// Mean number of requests in flight.
    load: f64,
    /// Answers per nanosecond.
    rate: f64,
    answers: Answers,
}

#[derive(Debug)]
enum Stage {
    /// What was in flight when the limit changed has to be answered first: so many.
    Settling { left: f64 },
    Measuring {
        time: f64,
        loads: f64,
        answers: Answers,
    },
}

/// What follows a look.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    Stay,
    /// There is no need for a limit. `base`: what turned out to be usual.
    Open { base: Option<(f64, f64)> },
}

/// Rounds that are remembered.
const ROUNDS: usize = 12;
/// Every so many rounds fewer are let in, to see what an answer takes without a crowd.
const DIP_EVERY: u32 = 6;
const DIP: f64 = 0.7;
/// What the limit allows beyond what the backends can work on: once proven, and before.
const HEADROOM: f64 = 1.15;
const LEAP: f64 = 2.0;
/// Answers that make a round, at least.
const ENOUGH: f64 = 30.0;
/// Loads that differ by this factor can be compared.
const APART: f64 = 1.25;
/// Nobody waits for so long, and the limit goes: in nanoseconds, and in usual latencies.
const IDLE: f64 = 1e9;

impl Limited {
    pub(super) fn begin(alarm: &Alarm, seen: &Seen) -> Self {
        let load = f64::from(seen.pending);
        let mut rounds = VecDeque::new();
        let mut limit = load;
        if let Some(rate) = alarm.now {
            // What the requests in flight will take: nobody has seen it yet.
            let answers = Answers { count: 1, total: load / rate, logs: (load / rate).log2() };
            rounds.push_back(Round { load, rate, answers });
            limit = (load / 2.0).max(allowed(rate * alarm.base, HEADROOM));
        }
        let mut new = Self {
            limit: 0.0,
            seed: Some(alarm.base),
            rounds,
            done: 0,
            stage: Stage::Settling { left: 0.0 },
            proven: false,
            idle: 0.0,
        };
        new.set(limit, seen);
        new
    }

    pub(super) fn limit(&self) -> u32 {
        self.limit as u32
    }

    /// Answers per second, if it is proven that more in flight would not make them more.
    pub(super) fn proven(&self) -> Option<f64> {
        let best = self.best()?;
        self.proven.then_some(best * 1e9)
    }

    pub(super) fn look(&mut self, past: f64, seen: &Seen) -> Next {
        let used = seen.waiting > 0 || f64::from(seen.pending) >= 0.9 * self.limit.floor();
        if seen.waiting > 0 {
            self.idle = 0.0;
        } else {
            self.idle += past;
        }
        if !self.proven && self.idle > 0.0 && !used {
            return self.open();
        }
        if self.idle > IDLE.max(10.0 * self.least().unwrap_or(0.0)) {
            return self.open();
        }
        match &mut self.stage {
            Stage::Settling { left } => {
                *left -= f64::from(seen.answers.count);
                if *left <= 0.0 && f64::from(seen.pending) <= self.limit + 1.0 {
                    self.stage = Stage::Measuring { time: 0.0, loads: 0.0, answers: Answers::default() };
                }
            }
            Stage::Measuring { .. } if !used => {
                self.stage = Stage::Measuring { time: 0.0, loads: 0.0, answers: Answers::default() };
            }
            Stage::Measuring { time, loads, answers } => {
                *time += past;
                *loads += past * f64::from(seen.pending);
                answers.add(&seen.answers);
                if f64::from(answers.count) >= ENOUGH.max(self.limit) {
                    let round = Round { load: *loads / *time, rate: f64::from(answers.count) / *time, answers: *answers };
                    self.judge(round, seen);
                }
            }
        }
        Next::Stay
    }

    fn judge(&mut self, round: Round, seen: &Seen) {
        self.done += 1;
        if self.contradicted(&round) {
            self.seed = None;
            self.rounds.clear();
            self.proven = false;
        }
        if let Some(more_helps) = self.compare(&round) {
            self.proven = !more_helps;
        }
        if !self.proven && self.seed.is_some_and(|seed| round.answers.mean() > 2.0 * seed) {
            self.seed = None;
        }
        self.rounds.push_back(round);
        if self.rounds.len() > ROUNDS {
            self.rounds.pop_front();
            self.seed = None;
        }
        let (Some(best), Some(least)) = (self.best(), self.least()) else { return };
        let headroom = if self.proven { HEADROOM } else { LEAP };
        let mut limit = allowed(best * least, headroom);
        if self.proven && self.done % DIP_EVERY == DIP_EVERY - 1 {
            limit *= DIP;
        }
        self.set(limit, seen);
    }

    /// Slower and less than anything remembered: another time has begun.
    fn contradicted(&self, round: &Round) -> bool {
        let Some(rate) = self.rounds.iter().map(|one| one.rate).reduce(f64::min) else {
            return false;
        };
        let slowest = self.rounds.iter().map(|one| one.answers.mean()).fold(0.0, f64::max);
        round.rate < 0.6 * rate && round.answers.mean() > 1.5 * slowest
    }

    /// Whether more in flight are answered faster, by the rounds that can tell.
    fn compare(&self, round: &Round) -> Option<bool> {
        let (mut votes, mut sum) = (0, 0.0);
        for other in &self.rounds {
            let (low, high) = if other.load < round.load { (other, round) } else { (round, other) };
            let ratio = high.load / low.load;
            if ratio >= APART {
                votes += 1;
                sum += (high.rate / low.rate - 1.0) / (ratio - 1.0);
            }
        }
        (votes > 0).then(|| sum / f64::from(votes) > 0.5)
    }

    fn set(&mut self, limit: f64, seen: &Seen) {
        self.limit = limit.max(f64::from(seen.floor)).min(f64::from(u32::MAX - 1));
        self.stage = Stage::Settling { left: f64::from(seen.pending) };
    }

    fn best(&self) -> Option<f64> {
        self.rounds.iter().map(|round| round.rate).reduce(f64::max)
    }

    fn least(&self) -> Option<f64> {
        let measured = self.rounds.iter().map(|round| round.answers.mean());
        measured.chain(self.seed).reduce(f64::min)
    }

    fn open(&self) -> Next {
        let least = self.rounds.iter().min_by(|a, b| a.answers.mean().total_cmp(&b.answers.mean()));
        let base = least.filter(|_| !self.proven).map(|round| (round.answers.mean(), round.answers.mean_log()));
        Next::Open { base }
    }
}

/// What may be in flight where `work` can be worked on.
fn allowed(work: f64, headroom: f64) -> f64 {
    headroom * work + work.max(1.0).sqrt()
}
