//! Breaker tests as tables: `(t_ms, op, expected)` rows.

#![allow(dead_code, unused_imports, reason = "each test binary uses a part")]

use std::collections::HashMap;
use std::time::Duration;

use soe503_core::breaker::{Breaker, BreakerConfig, Permit, State, Window};
use soe503_core::{Cause, Outcome, Ratio, Tick};

/// What happens in a row. `u8` names a request that is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// A request that succeeds at once.
    Good,
    /// A request that fails at once.
    Bad,
    /// A request that is turned away by the service (429) at once.
    Busy,
    /// A request whose result says nothing.
    Skip,
    /// A request begins.
    Admit(u8),
    /// Its response head is here.
    Head(u8),
    /// Its response head is here, and says that it is slow, or is not.
    HeadAs(u8, bool),
    /// It succeeds.
    Succeed(u8),
    /// It fails.
    Fail(u8),
    /// It fails for this cause.
    FailAs(u8, Cause),
    /// It is turned away by the service.
    Degrade(u8),
    /// Its result says nothing.
    Ignore(u8),
    /// Its caller has gone.
    Abandon(u8),
    /// Its permit is dropped, and nobody says anything.
    Lose(u8),
    /// An operator opens the circuit.
    ForceOpen,
    /// An operator closes it.
    ForceClosed,
    /// An operator resets it.
    Reset,
    /// Nothing; somebody looks.
    Look,
}

/// What a row expects.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// The request is let in (if the row has one), and afterwards the circuit is in this state.
    Is(State),
    /// The request is refused, and afterwards the circuit is in this state.
    No(State),
}

pub(crate) use Expect::{Is, No};
pub(crate) use Op::*;
pub(crate) use State::{Closed, HalfOpen, Open};

pub(crate) type Row = (u64, Op, Expect);

pub(crate) const REFUSED: Cause = Cause::DependencyConnectRefused;
pub(crate) const RESET: Cause = Cause::DependencyResetBeforeResponse;
pub(crate) const TIMEOUT: Cause = Cause::DependencyResponseTimeout;

/// Consecutive rule of 3 whatever was before, no early probes, open for exactly 1 s, doubling to 4 s, two probes.
pub(crate) fn plain() -> BreakerConfig {
    BreakerConfig {
        consecutive_failures: Some(3),
        max_consecutive_failures: 3,
        probe_interval: None,
        open_for: secs(1),
        max_open_for: secs(4),
        jitter: Ratio::ZERO,
        probes: 2,
        ..BreakerConfig::default()
    }
}

/// A failure rate of one half over the last `size` results, and nothing else.
pub(crate) fn rated(size: u32, minimum_requests: u32) -> BreakerConfig {
    BreakerConfig {
        consecutive_failures: None,
        failure_rate: Some(Ratio::percent(50)),
        window: Window::Count(size),
        minimum_requests,
        ..plain()
    }
}

pub(crate) const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) const fn ms(n: u64) -> Tick {
    Tick::from_millis(n)
}

/// A breaker and the requests that are under way.
pub(crate) struct Bench {
    pub(crate) breaker: Breaker,
    permits: HashMap<u8, Permit>,
}

impl Bench {
    pub(crate) fn new(config: BreakerConfig) -> Self {
        Self {
            breaker: Breaker::try_new("bench", config, 1).expect("a valid configuration"),
            permits: HashMap::new(),
        }
    }

    pub(crate) fn run(&mut self, rows: &[Row]) -> &mut Self {
        for (n, &(t, op, expect)) in rows.iter().enumerate() {
            let admitted = self.step(ms(t), op);
            let (want, state) = match expect {
                Is(state) => (true, state),
                No(state) => (false, state),
            };
            let row = format!("row {n}: {:?}", rows[n]);
            assert_eq!(admitted, want, "{row}: let in");
            assert_eq!(self.breaker.state(), state, "{row}: state");
            assert_eq!(self.breaker.snapshot(ms(t)).state, state, "{row}: snapshot");
        }
        self
    }

    /// `false` if the row's request was refused.
    fn step(&mut self, now: Tick, op: Op) -> bool {
        let bad = Outcome::failure(REFUSED);
        let busy = Outcome::degraded(Cause::OverloadUpstreamShedding);
        match op {
            Good => return self.at_once(now, Outcome::SUCCESS),
            Bad => return self.at_once(now, bad),
            Busy => return self.at_once(now, busy),
            Skip => return self.at_once(now, Outcome::IGNORE),
            Admit(id) => match self.breaker.admit(now) {
                Ok(permit) => assert!(self.permits.insert(id, permit).is_none(), "{id} twice"),
                Err(refused) => {
                    assert_eq!(refused.state, self.breaker.state());
                    return false;
                }
            },
            Head(id) => self.permits.get_mut(&id).expect("under way").responded(now),
            HeadAs(id, slow) => {
                let permit = self.permits.get_mut(&id).expect("under way");
                permit.responded_as(now, slow);
            }
            Succeed(id) => drop(self.take(id).record(now, Outcome::SUCCESS)),
            Fail(id) => drop(self.take(id).record(now, bad)),
            FailAs(id, cause) => drop(self.take(id).record(now, Outcome::failure(cause))),
            Degrade(id) => drop(self.take(id).record(now, busy)),
            Ignore(id) => drop(self.take(id).record(now, Outcome::IGNORE)),
            Abandon(id) => drop(self.take(id).abandon(now)),
            Lose(id) => drop(self.take(id)),
            ForceOpen => drop(self.breaker.force_open(now, "test")),
            ForceClosed => drop(self.breaker.force_closed(now, "test")),
            Reset => drop(self.breaker.reset(now)),
            Look => {}
        }
        true
    }

    fn at_once(&self, now: Tick, outcome: Outcome) -> bool {
        self.breaker
            .admit(now)
            .map(|permit| permit.record(now, outcome))
            .is_ok()
    }

    fn take(&mut self, id: u8) -> Permit {
        self.permits.remove(&id).expect("under way")
    }

    pub(crate) fn stale(&self) -> u64 {
        self.breaker.snapshot(Tick::ZERO).stale
    }
}
