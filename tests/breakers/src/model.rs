//! A breaker under test, and the run of a case through it.

use core::fmt;

use super::rows::{Case, Expect, Op, Row, State};

/// A breaker that a case can be run through.
pub trait Model {
    /// Does what a row says at `t` milliseconds. `false`: the row's request was refused.
    fn step(&mut self, t: u64, op: Op) -> bool;

    /// The state that it shows.
    fn state(&self) -> State;

    /// What its window holds: results, and how many of them failed. `None`: it does not tell.
    fn holds(&self) -> Option<(u32, u32)>;

    /// How many results came too late to count. `None`: it does not tell.
    fn late(&self) -> Option<u64>;
}

/// The first row that did not go as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miss {
    /// Its number, from 1.
    pub number: usize,
    /// The row.
    pub row: Row,
    /// What happened instead.
    pub got: Got,
}

/// What a breaker did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// The request was let in, and should not have been; or the other way round.
    Admission(bool),
    /// It showed this state.
    State(State),
    /// Its window holds this.
    Holds(u32, u32),
    /// It counted so many late results.
    Late(u64),
}

/// Runs `case` through `model`. Before each row that is later than the one before, `wait` gets their
/// distance in milliseconds.
///
/// # Errors
/// The first row that did not go as expected.
pub fn run(case: &Case, model: &mut dyn Model, mut wait: impl FnMut(u64)) -> Result<(), Miss> {
    let mut now = 0;
    for (n, &row) in case.rows.iter().enumerate() {
        let (t, op, expect) = row;
        if t > now {
            wait(t - now);
            now = t;
        }
        let admitted = model.step(t, op);
        let number = n + 1;
        let miss = |got| Err(Miss { number, row, got });
        let (want, state) = match expect {
            Expect::Is(state) => (true, state),
            Expect::No(state) => (false, state),
        };
        if admitted != want {
            return miss(Got::Admission(admitted));
        }
        match (op, model.holds(), model.late()) {
            (Op::Holds(all, failed), Some(held), _) if held != (all, failed) => {
                return miss(Got::Holds(held.0, held.1));
            }
            (Op::Late(want), _, Some(late)) if late != want => return miss(Got::Late(late)),
            _ => {}
        }
        if model.state() != state {
            return miss(Got::State(model.state()));
        }
    }
    Ok(())
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (t, op, _) = self.row;
        let got = self.got;
        write!(f, "row {} (`{op:?}` at {t} ms): {got}", self.number)
    }
}

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admission(true) => f.write_str("let in"),
            Self::Admission(false) => f.write_str("refused"),
            Self::State(state) => f.write_str(match state {
                State::Closed => "is closed",
                State::Open => "is open",
                State::HalfOpen => "is half-open",
            }),
            Self::Holds(all, failed) => write!(f, "holds {failed} failures of {all}"),
            Self::Late(late) => write!(f, "counted {late} late ones"),
        }
    }
}
