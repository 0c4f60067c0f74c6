//! The breaker against a model that remembers everything and adds nothing up in advance.
//!
//! The model keeps a list of all requests with what is known about each, and derives every answer
//! from that list when it is asked: no counters, no ring, no totals.

mod breaker_support;

use std::time::Duration;

use breaker_support::*;
use proptest::prelude::*;
use soe503_core::breaker::{Breaker, BreakerConfig, Permit, State, Window};
use soe503_core::{Outcome, Ratio, Tick, Verdict};

/// One request, as the model remembers it.
#[derive(Debug)]
struct Request {
    /// The period it was let in.
    period: usize,
    /// It is a probe, or counted by a closed circuit.
    counts: bool,
    admitted: Tick,
    head: Option<Tick>,
    result: Option<Outcome>,
    /// When it ended, with or without a result, and after how many others.
    ended: Option<(Tick, usize)>,
    slow: bool,
}

/// The time between two changes of state.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Period {
    Closed,
    Open { until: Tick },
    HalfOpen { began: Tick },
    ForcedOpen,
    ForcedClosed,
}

struct Model {
    config: BreakerConfig,
    periods: Vec<Period>,
    requests: Vec<Request>,
    ends: usize,
    /// A reset on a closed circuit: results before this many ends are forgotten.
    forgotten: usize,
}

impl Model {
    fn period(&self) -> Period {
        *self.periods.last().unwrap()
    }

    fn state(&self) -> State {
        match self.period() {
            Period::Closed | Period::ForcedClosed => Closed,
            Period::Open { .. } | Period::ForcedOpen => Open,
            Period::HalfOpen { .. } => HalfOpen,
        }
    }

    fn retry_at(&self) -> Option<Tick> {
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

    fn streak(&self) -> u32 {
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

    /// `(total, failed, slow)` of the window at `now`.
    fn window(&self, now: Tick) -> (u64, u64, u64) {
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
        self.config
            .consecutive_failures
            .is_some_and(|n| self.streak() >= n)
            || enough
                && (over(self.config.failure_rate, failed) || over(self.config.slow_rate, slow))
    }

    fn in_flight(&self) -> Vec<&Request> {
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
    fn admit(&mut self, now: Tick) -> Option<bool> {
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

    fn end(&mut self, n: usize, now: Tick, outcome: Outcome) {
        let slow = self.is_slow(&self.requests[n], now);
        let request = &mut self.requests[n];
        request.slow = slow;
        request.result = (outcome.verdict != Verdict::Ignore).then_some(outcome);
        request.ended = Some((now, self.ends));
        self.ends += 1;
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

    fn abandoned(&self, n: usize, now: Tick) -> Outcome {
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

// === what happens ===

#[derive(Clone, Debug)]
enum Event {
    Wait(u64),
    Admit,
    Head(prop::sample::Index),
    End(prop::sample::Index, Outcome),
    Abandon(prop::sample::Index),
    ForceOpen,
    ForceClosed,
    Reset,
}

fn any_event() -> impl Strategy<Value = Event> {
    let outcome = prop_oneof![
        4 => Just(Outcome::SUCCESS),
        5 => Just(Outcome::failure(REFUSED)),
        1 => Just(Outcome::degraded(TIMEOUT)),
        1 => Just(Outcome::IGNORE),
    ];
    let one = any::<prop::sample::Index>;
    prop_oneof![
        6 => (0_u64..400).prop_map(Event::Wait),
        2 => (400_u64..3000).prop_map(Event::Wait),
        20 => Just(Event::Admit),
        4 => one().prop_map(Event::Head),
        16 => (one(), outcome).prop_map(|(n, o)| Event::End(n, o)),
        3 => one().prop_map(Event::Abandon),
        1 => prop_oneof![Just(Event::ForceOpen), Just(Event::ForceClosed), Just(Event::Reset)],
    ]
}

prop_compose! {
    fn any_config()(
        consecutive_failures in prop::option::of(1_u32..5),
        failure_rate in prop::option::of(1_u32..=4),
        slow_rate in prop::option::of(1_u32..=4),
        window in prop_oneof![
            (4_u32..10).prop_map(Window::Count),
            (500_u64..3000).prop_map(|n| Window::Time(Duration::from_millis(n))),
        ],
        minimum_requests in 1_u32..5,
        probes in 1_u32..5,
        half_open_timeout in prop::option::of(300_u64..2000),
        abandon_after in prop::option::of(1_u64..1000),
    ) -> BreakerConfig {
        let quarters = |n: u32| Ratio::percent(25 * n);
        BreakerConfig {
            consecutive_failures,
            failure_rate: failure_rate.map(quarters),
            slow_rate: slow_rate.map(quarters),
            slow_request: Duration::from_millis(500),
            window,
            minimum_requests,
            open_for: Duration::from_millis(200),
            max_open_for: Duration::from_millis(1200),
            jitter: Ratio::ZERO,
            probes,
            half_open_timeout: half_open_timeout.map(Duration::from_millis),
            abandon_after: abandon_after.map(Duration::from_millis),
            shadow: false,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn agrees_with_the_model(
        config in any_config(),
        events in prop::collection::vec(any_event(), 1..120),
    ) {
        let breaker = Breaker::try_new("modelled", config.clone(), 1).unwrap();
        let mut model = Model {
            config,
            periods: vec![Period::Closed],
            requests: Vec::new(),
            ends: 0,
            forgotten: 0,
        };
        // By the request's number in the model.
        let mut flying: Vec<(usize, Permit)> = Vec::new();
        let mut now = Tick::from_secs(5);
        for event in events {
            match event {
                Event::Wait(millis) => now = now.after(Duration::from_millis(millis)),
                Event::Admit => {
                    let permit = breaker.admit(now).ok();
                    let probe = permit.as_ref().map(Permit::is_probe);
                    prop_assert_eq!(probe, model.admit(now), "let in");
                    flying.extend(permit.map(|p| (model.requests.len() - 1, p)));
                }
                Event::Head(which) if !flying.is_empty() => {
                    let which = which.index(flying.len());
                    let (n, permit) = &mut flying[which];
                    permit.responded(now);
                    model.requests[*n].head.get_or_insert(now);
                }
                Event::End(which, outcome) if !flying.is_empty() => {
                    let (n, permit) = flying.swap_remove(which.index(flying.len()));
                    permit.record(now, outcome);
                    model.end(n, now, outcome);
                }
                Event::Abandon(which) if !flying.is_empty() => {
                    let (n, permit) = flying.swap_remove(which.index(flying.len()));
                    permit.abandon(now);
                    model.end(n, now, model.abandoned(n, now));
                }
                Event::ForceOpen => {
                    breaker.force_open(now, "test");
                    model.periods.push(Period::ForcedOpen);
                }
                Event::ForceClosed => {
                    breaker.force_closed(now, "test");
                    model.periods.push(Period::ForcedClosed);
                }
                Event::Reset => {
                    breaker.reset(now);
                    if model.period() == Period::Closed {
                        model.forgotten = model.ends;
                    } else {
                        model.periods.push(Period::Closed);
                    }
                }
                _ => {}
            }
            let seen = breaker.snapshot(now);
            prop_assert_eq!(seen.state, model.state());
            prop_assert_eq!(seen.generation as usize, model.periods.len() - 1);
            prop_assert_eq!(seen.retry_at, model.retry_at());
            if model.period() == Period::Closed {
                prop_assert_eq!(seen.consecutive_failures, model.streak());
                if let Some(window) = seen.window {
                    let totals = (window.total, window.failed, window.slow);
                    prop_assert_eq!(totals, model.window(now));
                }
            }
            if let Period::HalfOpen { .. } = model.period() {
                prop_assert_eq!(seen.probes_in_flight as usize, model.in_flight().len());
            }
        }
    }
}
