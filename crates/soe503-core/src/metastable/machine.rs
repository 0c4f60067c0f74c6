//! The stages.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::window::{Counts, Sum, Window};
use crate::Tick;

/// Whether a pool's overload keeps itself going, and what is done about it. Pure: it is told the time and the
/// counts.
#[derive(Clone, Debug)]
pub struct Metastable {
    stage: Stage,
    since: Tick,
    why: Option<Why>,
    /// When the counts were last looked at, and what they were.
    looked: Option<(Tick, Counts)>,
    window: Window,
    /// Good answers per second as of late, while all was well.
    usual: f64,
    /// Turns in this stage, and those in a row that were bad or good.
    turns: u32,
    bad: u32,
    good: u32,
    /// Good answers per second when this stage began, or when they were last seen to grow.
    began_with: f64,
    /// How many good turns lead back a stage.
    calm: u32,
    /// When it last went back a stage.
    eased: Option<Tick>,
    /// How many may be let in at once, while shedding.
    room: f64,
}

/// How far a pool's overload has been cut.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Not at all: nothing keeps itself going.
    #[default]
    Normal,
    /// Nothing is tried again.
    RetriesCut,
    /// And nobody waits long for their turn.
    QueueCut,
    /// And no more are let in than are answered.
    Shedding,
}

/// What is to be done in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Orders {
    /// Nothing is tried again.
    pub no_retries: bool,
    /// Requests wait for their turn only this part of what they usually may: `1 / n`. 1: as usual.
    pub wait_divisor: u32,
    /// How many may be let in at once. `None`: as many as usual.
    pub room: Option<u32>,
}

/// The numbers that led to a stage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Why {
    /// Good answers per second.
    pub goodput: f64,
    /// Those that are usual.
    pub usual: f64,
    /// The share of the attempts that led to a good answer, from 0 to 1.
    pub useful: f64,
    /// The share of the attempts that were retries.
    pub retry_share: f64,
}

/// A step from one stage to another.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The stage before.
    pub from: Stage,
    /// The stage now.
    pub to: Stage,
    /// The numbers that led to it.
    pub why: Why,
}

/// Attempts per second below which nothing is decided.
const FEW: f64 = 10.0;
/// Fewer of the attempts than this lead to good answers: it is low.
const LOW: f64 = 0.5;
/// More than this do: it is good.
const GOOD: f64 = 0.8;
/// Good answers, by what is usual, below which it is low, and above which it is not bad at least.
const DROP: f64 = 0.6;
/// What is sent, by what is usually answered, below which a drop is simply less work.
const SENT: f64 = 0.8;
/// A pool that answers fewer of the attempts than this may be dead, or stand still for a moment: then its
/// circuit opens, if it is given the time.
const DEAD: f64 = 0.01;
/// Bad turns in a row that lead a stage on.
const PATIENCE: u32 = 3;
/// Good turns in a row that lead a stage back, at first and at most.
const CALM: u32 = 3;
const LONGEST_CALM: u32 = 24;
/// Turns after a step back in which the next step on is a relapse.
const RELAPSE_SECONDS: u64 = 15;
/// A stage helps if good answers become more by this factor.
const HELPS: f64 = 1.1;
/// What is usual follows what is seen with this time constant in seconds: upwards, and downwards.
const RISE: f64 = 10.0;
const FALL: f64 = 120.0;
/// The part of the usual wait that is left.
const WAIT_DIVISOR: u32 = 4;
/// How many are let in at once at least, and by what that changes in a turn.
const LEAST_ROOM: f64 = 8.0;
const MOST_ROOM: f64 = 1e6;
const SHRINK: f64 = 0.25;
const GROW: f64 = 1.5;
/// Seconds that a window has to have to be worth something.
const ENOUGH: f64 = 3.0;
/// Longer turns were no turns: the machine was stopped.
const LONGEST_TURN: f64 = 10.0;

// === impl Metastable ===

impl Metastable {
    /// Nothing known.
    pub fn new() -> Self {
        Self {
            stage: Stage::Normal,
            since: Tick::ZERO,
            why: None,
            looked: None,
            window: Window::default(),
            usual: 0.0,
            turns: 0,
            bad: 0,
            good: 0,
            began_with: 0.0,
            calm: CALM,
            eased: None,
            room: 0.0,
        }
    }

    /// The stage.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Since when.
    pub const fn since(&self) -> Tick {
        self.since
    }

    /// The numbers that led to it; `None` in the beginning.
    pub const fn why(&self) -> Option<Why> {
        self.why
    }

    /// Good answers per second that are usual.
    pub const fn usual(&self) -> f64 {
        self.usual
    }

    /// What is to be done.
    pub fn orders(&self) -> Orders {
        let cut = self.stage >= Stage::QueueCut;
        Orders {
            no_retries: self.stage >= Stage::RetriesCut,
            wait_divisor: if cut { WAIT_DIVISOR } else { 1 },
            room: (self.stage == Stage::Shedding).then_some(self.room as u32),
        }
    }

    /// Takes in what was counted by `now`, about a second after the last turn. `pending` requests wait for
    /// an answer. `closed`: the pool's circuit is, and lets everything through.
    pub fn turn(
        &mut self,
        now: Tick,
        counts: Counts,
        pending: u32,
        closed: bool,
    ) -> Option<Change> {
        let Some((at, before)) = self.looked.replace((now, counts)) else {
            self.since = now;
            return None;
        };
        let seconds = now.since(at).as_secs_f64();
        if seconds <= 0.0 {
            self.looked = Some((at, before));
            return None;
        }
        if seconds > LONGEST_TURN {
            self.window = Window::default();
            (self.bad, self.good) = (0, 0);
            return None;
        }
        self.window.push(seconds, counts.since(&before));
        self.turns = self.turns.saturating_add(1);
        let (sum, last) = (self.window.sum(), self.window.last());
        self.learn(&sum, seconds);
        // A turn by itself tells the end sooner; a window tells the beginning more surely.
        let low = closed && sum.seconds >= ENOUGH && self.is_low(&sum) && self.is_low(&last);
        let good = self.is_good(&last);
        self.bad = if low { self.bad + 1 } else { 0 };
        self.good = if good { self.good + 1 } else { 0 };
        if self.stage == Stage::Shedding {
            self.make_room(&last);
        }
        let next = self.next(now, &sum, &last);
        (next != self.stage).then(|| self.go(now, next, &sum, pending))
    }

    /// What the next stage is.
    fn next(&mut self, now: Tick, sum: &Sum, last: &Sum) -> Stage {
        if self.good >= self.calm {
            return self.stage.eased();
        }
        let patience = match self.stage {
            Stage::Normal if sum.useful() < DEAD => 2 * PATIENCE,
            _ => PATIENCE,
        };
        if self.bad < patience || self.turns < patience {
            return self.stage;
        }
        if self.stage == Stage::Normal {
            let relapse = self.eased.is_some_and(|at| {
                now.since(at).as_secs() < RELAPSE_SECONDS * u64::from(self.calm / CALM)
            });
            self.calm = match relapse {
                true => (self.calm * 2).min(LONGEST_CALM),
                false => CALM,
            };
        } else if last.goodput() > HELPS * self.began_with {
            // It gets better by itself from here.
            self.began_with = last.goodput();
            self.bad = 0;
            return self.stage;
        }
        self.stage.cut()
    }

    fn go(&mut self, now: Tick, to: Stage, sum: &Sum, pending: u32) -> Change {
        let from = core::mem::replace(&mut self.stage, to);
        if to < from {
            self.eased = Some(now);
        }
        if to == Stage::Shedding {
            self.room = (f64::from(pending) * sum.useful().max(SHRINK)).max(LEAST_ROOM);
        }
        let why = Why {
            goodput: sum.goodput(),
            usual: self.usual,
            useful: sum.useful(),
            retry_share: sum.retry_share(),
        };
        self.since = now;
        self.why = Some(why);
        (self.turns, self.bad, self.good) = (0, 0, 0);
        self.began_with = sum.goodput();
        Change { from, to, why }
    }

    /// Lets in fewer or more.
    fn make_room(&mut self, last: &Sum) {
        let useful = last.useful();
        if useful >= GOOD {
            self.room = (self.room * GROW).min(MOST_ROOM);
        } else if useful < LOW {
            self.room = (self.room * useful.max(SHRINK)).max(LEAST_ROOM);
        }
    }

    fn learn(&mut self, sum: &Sum, seconds: f64) {
        if self.stage != Stage::Normal || sum.useful() < GOOD || sum.seconds < 1.0 {
            return;
        }
        let goodput = sum.goodput();
        let memory = if goodput > self.usual { RISE } else { FALL };
        self.usual += (goodput - self.usual) * (1.0 - (-seconds / memory).exp());
    }

    fn is_low(&self, sum: &Sum) -> bool {
        sum.attempts() >= FEW
            && sum.attempts() >= SENT * self.usual
            && sum.useful() < LOW
            && sum.goodput() < DROP * self.usual
            && sum.is_late()
    }

    /// Nearly everything that was sent is answered well; where nothing was sent, nothing keeps itself going.
    fn is_good(&self, last: &Sum) -> bool {
        let idle = last.attempts() < FEW && last.counts.shed == 0;
        let answered = last.useful() >= GOOD;
        // What is shed has to be let in again first.
        let all = self.stage != Stage::Shedding || 10 * last.counts.shed <= last.counts.requests;
        idle || answered && all
    }
}

impl Default for Metastable {
    fn default() -> Self {
        Self::new()
    }
}

// === impl Orders ===

impl Orders {
    /// Everything as usual.
    pub const USUAL: Self = Self {
        no_retries: false,
        wait_divisor: 1,
        room: None,
    };
}

impl Default for Orders {
    fn default() -> Self {
        Self::USUAL
    }
}

// === impl Stage ===

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [
        Self::Normal,
        Self::RetriesCut,
        Self::QueueCut,
        Self::Shedding,
    ];

    /// `normal`, `retries_cut`, `queue_cut` or `shedding`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::RetriesCut => "retries_cut",
            Self::QueueCut => "queue_cut",
            Self::Shedding => "shedding",
        }
    }

    const fn cut(self) -> Self {
        match self {
            Self::Normal => Self::RetriesCut,
            Self::RetriesCut => Self::QueueCut,
            Self::QueueCut | Self::Shedding => Self::Shedding,
        }
    }

    const fn eased(self) -> Self {
        match self {
            Self::Normal | Self::RetriesCut => Self::Normal,
            Self::QueueCut => Self::RetriesCut,
            Self::Shedding => Self::QueueCut,
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl Why ===

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0} % of the attempts are answered well, {:.0} % are retries; {:.0} good answers per second, {:.0} are usual",
            self.useful * 100.0,
            self.retry_share * 100.0,
            self.goodput,
            self.usual
        )
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
