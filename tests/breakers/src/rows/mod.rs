//! What a breaker has to do, as rows `(t, operation, expected)`.
//!
//! Facts and figures are those of the test-suites that each case names, in neutral terms: a manual
//! transition to open becomes a failure under a rule of one, percentages stay percentages. Where soe503 decides
//! otherwise than the source, the row of the semantics (`S9`) that says so is named. No text and no code of them.
//!
//! This module knows no breaker. `crates/soe503-core/tests/breaker_conformance.rs` uses it as well.

mod finagle;
mod gobreaker;
mod hystrix;
mod linkerd;
mod polly;
mod resilience4j;
mod semantics_closed;
mod semantics_half_open;

/// One story of one breaker.
#[derive(Clone, Debug)]
pub struct Case {
    /// Unique, and stable: `resilience4j-minimum`.
    pub id: &'static str,
    /// What must hold, in one line.
    pub says: &'static str,
    /// Where it is from.
    pub source: &'static str,
    /// How the breaker is set.
    pub rules: Rules,
    /// By how much a run on a real clock may be late in all and still mean the same, in the case's
    /// milliseconds; [`EXACT`] or [`UNTIMED`].
    pub late_ms: u64,
    /// What happens.
    pub rows: Vec<Row>,
}

/// Needs a clock that can be set.
pub const EXACT: u64 = 0;
/// Nothing in it depends on time.
pub const UNTIMED: u64 = u64::MAX;

/// Milliseconds since the beginning, what happens then, what is expected.
pub type Row = (u64, Op, Expect);

/// How the breaker of a case is set. Times are milliseconds, shares are percents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Opens after so many failures in a row.
    pub consecutive: Option<u32>,
    /// Opens when this share of the window failed.
    pub failed: Option<u32>,
    /// Opens when this share of the window was slow.
    pub slow: Option<u32>,
    /// From here on a result is slow.
    pub slow_ms: u64,
    /// What the shares are of.
    pub window: Window,
    /// The shares are not looked at below this.
    pub minimum: u32,
    /// How long it stays open.
    pub open_ms: u64,
    /// Up to where that doubles when the probes fail; the same as `open_ms`: it does not.
    pub max_open_ms: u64,
    /// How many probes decide.
    pub probes: u32,
    /// Probes from which nothing is heard for so long have failed.
    pub probe_timeout_ms: Option<u64>,
    /// A request that is given up after so long has failed.
    pub abandon_ms: Option<u64>,
}

/// The results that shares are taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The last so many.
    Count(u32),
    /// Those of so many milliseconds.
    Time(u64),
}

/// What happens in a row. `u8` names a request that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
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
    /// Its response's head is here, and is good.
    Head(u8),
    /// It succeeds.
    Succeed(u8),
    /// It fails.
    Fail(u8),
    /// Its result says nothing.
    Ignore(u8),
    /// Its caller has gone.
    Abandon(u8),
    /// Its code panics.
    Panic(u8),
    /// Nothing; somebody looks: the window holds so many results, and so many that failed.
    Holds(u32, u32),
    /// Nothing; somebody looks: so many results came too late to count.
    Late(u64),
}

/// What a row expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The request is let in (if the row has one), and afterwards the circuit is in this state.
    Is(State),
    /// The request is refused, and afterwards the circuit is in this state.
    No(State),
}

/// The state of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Lets requests through.
    Closed,
    /// Refuses them.
    Open,
    /// Lets probes through.
    HalfOpen,
}

pub use Expect::{Is, No};
pub use Op::*;
pub use State::{Closed, HalfOpen, Open};

/// All cases, by source.
pub fn all() -> Vec<Case> {
    [
        resilience4j::cases(),
        gobreaker::cases(),
        hystrix::cases(),
        polly::cases(),
        finagle::cases(),
        linkerd::cases(),
        semantics_closed::cases(),
        semantics_half_open::cases(),
    ]
    .concat()
}

/// Three failures in a row, one second open, one probe.
const PLAIN: Rules = Rules {
    consecutive: Some(3),
    failed: None,
    slow: None,
    slow_ms: 1000,
    window: Window::Count(100),
    minimum: 100,
    open_ms: 1000,
    max_open_ms: 1000,
    probes: 1,
    probe_timeout_ms: None,
    abandon_ms: None,
};

/// Half of the last `size` results, if there are `minimum`.
const fn rated(size: u32, minimum: u32) -> Rules {
    Rules {
        consecutive: None,
        failed: Some(50),
        window: Window::Count(size),
        minimum,
        ..PLAIN
    }
}

/// Half of the results of `time` milliseconds, if there are `minimum`.
const fn timed(time: u64, minimum: u32) -> Rules {
    Rules {
        window: Window::Time(time),
        ..rated(1, minimum)
    }
}

/// Three failures in a row at 0.
const TRIP: [Row; 3] = [
    (0, Bad, Is(Closed)),
    (0, Bad, Is(Closed)),
    (0, Bad, Is(Open)),
];

/// A case of one source.
fn case(
    (id, source): (&'static str, &'static str),
    says: &'static str,
    rules: Rules,
    late_ms: u64,
    rows: &[&[Row]],
) -> Case {
    Case {
        id,
        says,
        source,
        rules,
        late_ms,
        rows: rows.concat(),
    }
}
