//! A model of the breaker that adds nothing up in advance.
//!
//! It keeps a list of all requests with what is known about each, and derives every answer from that
//! list when it is asked: no counters, no ring, no running totals.

use soe503_core::breaker::{BreakerConfig, State, Window};
use soe503_core::{Outcome, Ratio, Tick, Verdict};

use crate::breaker_support::*;

/// One request, as the model remembers it.
#[derive(Debug)]
pub(crate) struct Request {
    /// The period it was let in.
    period: usize,
    /// It is a probe, or counted by a closed circuit.
    counts: bool,
    admitted: Tick,
    pub(crate) head: Option<Tick>,
    result: Option<Outcome>,
    /// When it ended, with or without a result, and after how many others.
    ended: Option<(Tick, usize)>,
    slow: bool,
    /// It ended in the period in which it was let in.
    in_time: bool,
}

/// The time between two changes of state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Period {
    Closed,
    Open { until: Tick },
    HalfOpen { began: Tick },
    ForcedOpen,
    ForcedClosed,
}

pub(crate) struct Model {
    config: BreakerConfig,
    pub(crate) periods: Vec<Period>,
    pub(crate) requests: Vec<Request>,
    pub(crate) ends: usize,
    /// A reset on a closed circuit: results before this many ends are forgotten.
    pub(crate) forgotten: usize,
    /// A reset: what was before says nothing about later runs.
    pub(crate) reset: usize,
}

impl Model {
    pub(crate) fn new(config: BreakerConfig) -> Self {
        Self {
            config,
            periods: vec![Period::Closed],
            requests: Vec::new(),
            ends: 0,
            forgotten: 0,
            reset: 0,
        }
    }

    pub(crate) fn period(&self) -> Period {
        *self.periods.last().unwrap()
    }

    pub(crate) fn state(&self) -> State {
        match self.period() {
            Period::Closed | Period::ForcedClosed => Closed,
            Period::Open { .. } | Period::ForcedOpen => Open,
            Period::HalfOpen { .. } => HalfOpen,
        }
    }

    pub(crate) fn retry_at(&self) -> Option<Tick> {
        match self.period() {
            Period::Open { until } => Some(until),
            _ => None,
        }
    }

    fn current(&self) -> impl DoubleEndedIterator<Item = &Request> {
        let period = self.periods.len();
        self.requests
            .iter()
            .filter(move |r| r.period == period && r.counts)
    }

    /// The results of this period, in the order in which they came.
    fn results(&self) -> Vec<&Request> {
        let mut results: Vec<_> = self
            .current()
            .filter(|r| r.result.is_some() && r.ended.unwrap().1 >= self.forgotten)
            .collect();
        results.sort_by_key(|r| r.ended.unwrap().1);
        results
    }

    pub(crate) fn streak(&self) -> u32 {
        let mut streak = 0;
        for request in self.results().iter().rev() {
            match request.result.unwrap().verdict {
                Verdict::Failure => streak += 1,
                Verdict::Degraded => {}
                _ => break,
            }
        }
        streak
    }

    /// How long a run has to be: what the runs of all closed periods since the last reset say.
    fn longest_run(&self, now: Tick) -> Option<u32> {
        let least = self.config.consecutive_failures?;
        let mut ended: Vec<&Request> = self
            .requests
            .iter()
            .filter(|r| r.counts && self.periods[r.period - 1] == Period::Closed)
            .filter(|r| r.in_time && r.result.is_some())
            .filter(|r| r.ended.unwrap().1 >= self.reset)
            .collect();
        ended.sort_by_key(|r| r.ended.unwrap().1);
        let epoch = |at: Tick| at.as_nanos() / 10_000_000_000;
        let (mut failed, mut good, mut run, mut seen, mut period) = (0_u32, 0_u32, 0, 0, 0);
        let mut fade = |to: u64, failed: &mut u32, good: &mut u32| {
            for _ in seen..to.max(seen) {
                (*failed, *good) = (*failed / 2, *good / 2);
            }
            seen = to.max(seen);
        };
        for request in ended {
            if request.period != period {
                (run, period) = (0, request.period);
            }
            match request.result.unwrap().verdict {
                Verdict::Failure => run += 1,
                Verdict::Success if run > 0 => {
                    fade(epoch(request.ended.unwrap().0), &mut failed, &mut good);
                    failed += run - 1;
                    good += 1;
                    run = 0;
                }
                _ => {}
            }
        }
        fade(epoch(now), &mut failed, &mut good);
        let usual = 1e-6_f64.powf(1.0 / f64::from(least)) * 0.999_999;
        let share = (f64::from(failed) + 4.0 * usual) / (f64::from(failed + good) + 4.0);
        let most = self.config.max_consecutive_failures.max(least);
        (least..most)
            .find(|n| share.powi(*n as i32) <= 1e-6)
            .or(Some(most))
    }

    /// `(total, failed, slow)` of the window at `now`.
    pub(crate) fn window(&self, now: Tick) -> (u64, u64, u64) {
        let results = self.results();
        let live: Vec<_> = match self.config.window {
            Window::Count(size) => results.iter().rev().take(size as usize).collect(),
            Window::Time(span) => {
                let width = span.as_nanos() as u64 / 10;
                let slice = now.as_nanos() / width;
                results
                    .iter()
                    .filter(|r| r.ended.unwrap().0.as_nanos() / width + 10 > slice)
                    .collect()
            }
        };
        let count = |f: &dyn Fn(&Request) -> bool| live.iter().filter(|r| f(r)).count() as u64;
        (count(&|_| true), count(&failed), count(&|r| r.slow))
    }

    fn trips(&self, now: Tick) -> bool {
        let (total, failed, slow) = self.window(now);
        let enough = total >= u64::from(self.config.minimum_requests);
        let over = |rate: Option<Ratio>, part: u64| {
            rate.is_some_and(|rate| part as f64 >= rate.as_f64() * total as f64 - 1e-9)
        };
        self.longest_run(now).is_some_and(|n| self.streak() >= n)
            || enough
                && (over(self.config.failure_rate, failed) || over(self.config.slow_rate, slow))
    }

    pub(crate) fn in_flight(&self) -> Vec<&Request> {
        self.current().filter(|r| r.ended.is_none()).collect()
    }

    fn taken(&self) -> usize {
        self.results().len() + self.in_flight().len()
    }

    /// How long the circuit opens now: doubled for each opening since it was closed last.
    fn open(&mut self, now: Tick) {
        let closed = |p: &Period| matches!(p, Period::Closed | Period::ForcedClosed);
        let since = self.periods.iter().rposition(closed).unwrap_or(0);
        let openings = self.periods[since..]
            .iter()
            .filter(|p| matches!(p, Period::Open { .. }))
            .count();
        let wait = self.config.open_for * 2_u32.pow(openings as u32);
        let until = now.after(wait.min(self.config.max_open_for));
        self.periods.push(Period::Open { until });
    }

    fn probe_verdict(&self) -> Option<bool> {
        let results = self.results();
        let bad = results.iter().filter(|r| failed(r) || r.slow).count() as f64;
        let rate = self.config.failure_rate.map_or(0.5, Ratio::as_f64);
        if bad >= rate * f64::from(self.config.probes) - 1e-9 {
            Some(false)
        } else {
            (results.len() >= self.config.probes as usize).then_some(true)
        }
    }

    /// `Some(probe)` if the request is let in.
    pub(crate) fn admit(&mut self, now: Tick) -> Option<bool> {
        if let Period::Open { until } = self.period()
            && now >= until
        {
            self.periods.push(Period::HalfOpen { began: now });
        }
        if let Period::HalfOpen { began } = self.period()
            && self.taken() >= self.config.probes as usize
        {
            self.wait_is_over(began, now);
        }
        let (let_in, probe) = match self.period() {
            Period::Closed | Period::ForcedClosed => (true, false),
            Period::Open { .. } | Period::ForcedOpen => (false, false),
            Period::HalfOpen { .. } => (self.taken() < self.config.probes as usize, true),
        };
        let_in.then(|| {
            self.requests.push(Request {
                period: self.periods.len(),
                counts: self.period() != Period::ForcedClosed,
                admitted: now,
                head: None,
                result: None,
                ended: None,
                slow: false,
                in_time: false,
            });
            probe
        })
    }

    /// A request finds every place taken.
    fn wait_is_over(&mut self, began: Tick, now: Tick) {
        let timely = |r: &&Request| r.head.is_some_and(|head| !self.is_slow(r, head));
        let news = self
            .current()
            // A permit that is dropped brings no news: nobody tells when.
            .flat_map(|r| {
                let head = r.head.filter(|&head| !self.is_slow(r, head));
                [Some(r.admitted), head, r.ended.map(|e| e.0)]
            })
            .flatten()
            .fold(began, Tick::max);
        let flying = self.in_flight();
        if flying.iter().all(timely) && now.since(news) >= self.config.slow_request {
            self.periods.push(Period::Closed);
        } else if self
            .config
            .half_open_timeout
            .is_some_and(|limit| now.since(news) >= limit)
        {
            self.open(now);
        }
    }

    fn is_slow(&self, request: &Request, now: Tick) -> bool {
        let age = request.head.unwrap_or(now).since(request.admitted);
        self.config.slow_rate.is_some() && age >= self.config.slow_request
    }

    pub(crate) fn end(&mut self, n: usize, now: Tick, outcome: Outcome) {
        let slow = self.is_slow(&self.requests[n], now);
        let request = &mut self.requests[n];
        request.slow = slow;
        request.result = (outcome.verdict != Verdict::Ignore).then_some(outcome);
        request.ended = Some((now, self.ends));
        self.ends += 1;
        request.in_time = request.period == self.periods.len();
        if request.period != self.periods.len() || !request.counts || request.result.is_none() {
            return;
        }
        match self.period() {
            Period::Closed if self.trips(now) => self.open(now),
            Period::HalfOpen { .. } => match self.probe_verdict() {
                Some(true) => self.periods.push(Period::Closed),
                Some(false) => self.open(now),
                None => {}
            },
            _ => {}
        }
    }

    pub(crate) fn abandoned(&self, n: usize, now: Tick) -> Outcome {
        let request = &self.requests[n];
        let slow = self.config.slow_rate.map(|_| self.config.slow_request);
        let limit = self.config.abandon_after.or(slow);
        if request.head.is_some() {
            Outcome::SUCCESS
        } else if limit.is_some_and(|limit| now.since(request.admitted) >= limit) {
            Outcome::failure(TIMEOUT)
        } else {
            Outcome::IGNORE
        }
    }
}

fn failed(request: &Request) -> bool {
    let verdict = request.result.unwrap().verdict;
    matches!(verdict, Verdict::Failure | Verdict::Degraded)
}
