//! While a limit is in force: rounds of measuring what it does.

use std::collections::VecDeque;

use super::open::{Alarm, Usual};
use super::round::{A_FEW, Round, Sums, allowed, enough};
use super::trickle::Trickle;
use super::{Answers, Seen};

/// A limit, and what is known of its effect.
#[derive(Debug)]
pub(super) struct Limited {
    limit: f64,
    /// The usual latency from before, until it is contradicted or out of date.
    seed: Option<f64>,
    /// Newest last.
    rounds: VecDeque<Round>,
    /// All answers since the limit is in force.
    answers: Answers,
    /// How much latencies differ, as far as was seen before.
    spread: f64,
    done: u32,
    stage: Stage,
    /// More in flight were not answered faster.
    proven: bool,
    /// Nanoseconds since somebody had to wait.
    idle: f64,
    /// Nanoseconds since something was answered.
    silent: f64,
    /// While more are in flight than the limit allows.
    trickle: Option<Trickle>,
    /// In flight at the alarm.
    crowd: f64,
}

#[derive(Debug)]
enum Stage {
    /// What was in flight when the limit changed has to be answered first: so many.
    Settling(f64),
    Measuring(Sums),
}

/// What follows a look.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    Stay,
    /// There is no need for a limit.
    Open {
        /// What turned out to be usual, if anything did.
        usual: Option<Usual>,
        /// How many in flight turned out to be no crowd.
        excused: f64,
    },
}

/// Rounds that are remembered.
const ROUNDS: usize = 12;
/// Every so many rounds fewer are let in, to see what an answer takes without a crowd.
const DIP_EVERY: u32 = 6;
const DIP: f64 = 0.75;
/// What the limit allows beyond what the backends can work on: once proven, and before.
const HEADROOM: f64 = 1.15;
const LEAP: f64 = 2.0;
/// And once it has shown that more in flight are answered as much faster.
const STRIDE: f64 = 4.0;
/// The first limit, relative to what is in flight.
const FIRST: f64 = 0.4;
/// Loads that differ by this factor can be compared.
const APART: f64 = 1.25;
/// Nobody waits for so long, and the limit goes: in nanoseconds, and in usual latencies.
const IDLE: f64 = 1e9;
const IDLE_LATENCIES: f64 = 10.0;
/// Nothing is answered for so long, and the limit is halved.
const SILENT: f64 = 2e9;

impl Limited {
    pub(super) fn begin(alarm: &Alarm, seen: &Seen) -> Self {
        let load = f64::from(seen.pending);
        let mut rounds = VecDeque::new();
        let mut limit = load * FIRST;
        if let (Some(rate), Some(usual)) = (alarm.rate, alarm.usual) {
            rounds.push_back(Round { load, rate });
            limit = limit.max(allowed(rate * usual.mean, HEADROOM));
        }
        let trickle = alarm
            .usual
            .map(|usual| Trickle::new(usual.mean, usual.log, seen));
        let mut new = Self {
            limit: 0.0,
            seed: alarm.usual.map(|usual| usual.mean),
            rounds,
            answers: Answers::NONE,
            spread: alarm.usual.map_or(1.0, |usual| usual.spread()),
            done: 0,
            stage: Stage::Settling(0.0),
            proven: false,
            idle: 0.0,
            silent: 0.0,
            trickle,
            crowd: load,
        };
        new.set(limit, seen);
        new
    }

    pub(super) fn limit(&self) -> u32 {
        let trickle = self.trickle.as_ref().map_or(0.0, Trickle::limit);
        self.limit.max(trickle) as u32
    }

    /// Answers per second, if it is proven that more in flight would not make them more.
    pub(super) fn proven(&self) -> Option<f64> {
        let best = self.best()?;
        self.proven.then_some(best * 1e9)
    }

    pub(super) fn look(&mut self, past: f64, seen: &Seen) -> Next {
        self.answers.add(&seen.answers);
        let used = seen.waiting > 0 || f64::from(seen.pending) >= 0.9 * self.limit.floor();
        self.idle = if seen.waiting > 0 {
            0.0
        } else {
            self.idle + past
        };
        let settled = IDLE.max(IDLE_LATENCIES * self.least().unwrap_or(0.0));
        if self.idle > settled || !self.proven && !used {
            return self.open();
        }
        self.silent = if seen.answers.count > 0 {
            0.0
        } else {
            self.silent + past
        };
        if self.silent > SILENT {
            self.silent = 0.0;
            self.set(self.limit / 2.0, seen);
            return Next::Stay;
        }
        match &mut self.stage {
            Stage::Settling(left) => {
                *left -= f64::from(seen.answers.count);
                let over = f64::from(seen.pending) > self.limit + 1.0;
                if !over {
                    self.trickle = None;
                }
                if let Some(trickle) = &mut self.trickle
                    && trickle.look(past, seen)
                {
                    return Next::Open {
                        usual: None,
                        excused: self.crowd.max(f64::from(seen.pending)),
                    };
                }
                if *left <= 0.0 && !over {
                    self.stage = Stage::Measuring(Sums::default());
                }
            }
            Stage::Measuring(_) if !used => {
                self.stage = Stage::Measuring(Sums::default());
            }
            Stage::Measuring(sums) => {
                sums.time += past;
                sums.loads += past * f64::from(seen.pending);
                sums.answers.add(&seen.answers);
                if f64::from(sums.answers.count)
                    < enough(&sums.answers, self.spread, self.limit, self.proven)
                {
                    return Next::Stay;
                }
                let round = Round::of(sums);
                self.judge(round, seen);
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
        let gain = self.gain(&round);
        if let Some(gain) = gain {
            self.proven = gain < 0.5;
        }
        if !self.proven && self.seed.is_some_and(|seed| round.latency() > 2.0 * seed) {
            self.seed = None;
        }
        self.rounds.push_back(round);
        if self.rounds.len() > ROUNDS {
            self.rounds.pop_front();
        }
        if self.done > DIP_EVERY {
            self.seed = None;
        }
        let (Some(best), Some(least)) = (self.best(), self.least()) else {
            return;
        };
        let headroom = match gain {
            _ if self.proven => HEADROOM,
            Some(gain) if gain > 0.8 => STRIDE,
            _ => LEAP,
        };
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
        let took = self.rounds.iter().map(|one| one.latency());
        let slowest = took.fold(0.0, f64::max);
        round.rate < 0.6 * rate && round.latency() > 1.5 * slowest
    }

    /// What more in flight bring, by the rounds that can tell: 1 if twice as many are answered twice as
    /// fast, 0 if that changes nothing.
    fn gain(&self, round: &Round) -> Option<f64> {
        let (mut gained, mut offered) = (0.0, 0.0);
        for other in &self.rounds {
            let (low, high) = if other.load < round.load {
                (other, round)
            } else {
                (round, other)
            };
            let ratio = high.load / low.load;
            if ratio >= APART {
                gained += high.rate / low.rate - 1.0;
                offered += ratio - 1.0;
            }
        }
        (offered > 0.0).then(|| gained / offered)
    }

    fn set(&mut self, limit: f64, seen: &Seen) {
        let floor = f64::from(seen.floor);
        self.limit = limit.max(floor).min(f64::from(u32::MAX - 1));
        self.stage = Stage::Settling(f64::from(seen.pending));
    }

    fn best(&self) -> Option<f64> {
        self.rounds.iter().map(|round| round.rate).reduce(f64::max)
    }

    fn least(&self) -> Option<f64> {
        let measured = self.rounds.iter().map(|round| round.latency());
        measured.chain(self.seed).reduce(f64::min)
    }

    fn open(&self) -> Next {
        // It was the latency that had changed, and not because of a crowd.
        let told = !self.proven && f64::from(self.answers.count) >= A_FEW;
        let usual = told.then(|| Usual::of(&self.answers));
        let excused = if self.proven { 0.0 } else { self.crowd };
        Next::Open { usual, excused }
    }
}

#[cfg(test)]
#[path = "judged_tests.rs"]
mod judged;
#[cfg(test)]
#[path = "limited_tests.rs"]
mod tests;
