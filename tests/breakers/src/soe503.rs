//! The breaker of `soe503-core`, told the time.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use soe503_core::breaker::{self, Breaker, BreakerConfig, Permit};
use soe503_core::{Cause, Outcome, Ratio, Tick};

use super::model::Model;
use super::rows::{Op, Rules, State, Window};

/// A breaker and the requests that are under way.
#[derive(Debug)]
pub struct Soe503 {
    breaker: Breaker,
    permits: HashMap<u8, Permit>,
    now: Tick,
}

impl Soe503 {
    /// A breaker with these rules: without early probes, without jitter, without a longer run where failures are usual.
    ///
    /// # Panics
    /// If the rules are not valid.
    pub fn new(rules: &Rules) -> Self {
        Self {
            breaker: Breaker::try_new("rows", config(rules), 1).expect("valid rules"),
            permits: HashMap::new(),
            now: Tick::ZERO,
        }
    }

    fn at_once(&self, outcome: Outcome) -> bool {
        let admitted = self.breaker.admit(self.now);
        admitted
            .map(|permit| permit.record(self.now, outcome))
            .is_ok()
    }

    fn end(&mut self, id: u8, outcome: Outcome) {
        let _ = self.take(id).record(self.now, outcome);
    }

    fn take(&mut self, id: u8) -> Permit {
        self.permits.remove(&id).expect("under way")
    }
}

impl Model for Soe503 {
    fn step(&mut self, t: u64, op: Op) -> bool {
        self.now = Tick::from_millis(t);
        let bad = Outcome::failure(Cause::DependencyConnectRefused);
        match op {
            Op::Good => return self.at_once(Outcome::SUCCESS),
            Op::Bad => return self.at_once(bad),
            Op::Busy => return self.at_once(Outcome::degraded(Cause::OverloadUpstreamShedding)),
            Op::Skip => return self.at_once(Outcome::IGNORE),
            Op::Admit(id) => match self.breaker.admit(self.now) {
                Ok(permit) => drop(self.permits.insert(id, permit)),
                Err(refused) => {
                    assert_eq!(refused.state, self.breaker.state());
                    return false;
                }
            },
            Op::Head(id) => {
                let permit = self.permits.get_mut(&id).expect("under way");
                permit.responded(self.now);
            }
            Op::Succeed(id) => self.end(id, Outcome::SUCCESS),
            Op::Fail(id) => self.end(id, bad),
            Op::Ignore(id) => self.end(id, Outcome::IGNORE),
            Op::Abandon(id) => drop(self.take(id).abandon(self.now)),
            Op::Panic(id) => {
                let permit = self.take(id);
                let panicked = catch_unwind(AssertUnwindSafe(|| {
                    let _held = permit;
                    resume_unwind(Box::new("a bug"))
                }));
                assert!(panicked.is_err());
            }
            Op::Holds(..) | Op::Late(_) => {}
        }
        true
    }

    fn state(&self) -> State {
        let state = self.breaker.state();
        assert_eq!(self.breaker.snapshot(self.now).state, state);
        match state {
            breaker::State::Closed => State::Closed,
            breaker::State::Open => State::Open,
            breaker::State::HalfOpen => State::HalfOpen,
        }
    }

    fn holds(&self) -> Option<(u32, u32)> {
        let window = self.breaker.snapshot(self.now).window?;
        Some((window.total as u32, window.failed as u32))
    }

    fn late(&self) -> Option<u64> {
        Some(self.breaker.snapshot(self.now).stale)
    }
}

fn config(rules: &Rules) -> BreakerConfig {
    let defaults = BreakerConfig::default();
    BreakerConfig {
        consecutive_failures: rules.consecutive,
        max_consecutive_failures: rules.consecutive.unwrap_or(100),
        failure_rate: rules.failed.map(Ratio::percent),
        slow_rate: rules.slow.map(Ratio::percent),
        slow_request: Duration::from_millis(rules.slow_ms),
        window: match rules.window {
            Window::Count(size) => breaker::Window::Count(size),
            Window::Time(time) => breaker::Window::Time(Duration::from_millis(time)),
        },
        minimum_requests: rules.minimum,
        probe_interval: None,
        open_for: Duration::from_millis(rules.open_ms),
        max_open_for: Duration::from_millis(rules.max_open_ms),
        jitter: Ratio::ZERO,
        probes: rules.probes,
        half_open_timeout: rules.probe_timeout_ms.map(Duration::from_millis),
        abandon_after: rules.abandon_ms.map(Duration::from_millis),
        ..defaults
    }
}
