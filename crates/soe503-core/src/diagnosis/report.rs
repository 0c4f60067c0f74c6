//! A diagnosis: facts and conclusions, not yet words.

use core::time::Duration;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Condition;
use super::rules::{Fact, Missing};
use crate::Tick;
use crate::cause::Cause;
use crate::ledger::{Attempt, Fault, RetryVerdict};
use crate::limit::Class;
use crate::maintenance::Notice;
use crate::metastable::{Stage, Why};
use crate::pool::Full;
use crate::rate::Limited;
use crate::throttle::Throttled;

/// What a failure means: one primary cause, how sure that is, and what speaks for it.
///
/// It holds observations as values. [`crate::explain`] turns them into words, as many of them as
/// the reader may see.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The cause.
    pub primary: Cause,
    /// The cause behind it. Always there for `circuit_open/*` and `overload/queue_*`, and there
    /// for refusals for want of a backend when it is known.
    pub root: Option<Cause>,
    /// The mechanical cause that a deeper one took the place of.
    pub replaces: Option<Cause>,
    /// How sure.
    pub grade: Grade,
    /// How far it reaches.
    pub scope: Scope,
    /// What was observed, most telling first.
    pub evidence: Vec<Evidence>,
    /// What it is not, and why not.
    pub ruled_out: Vec<RuledOut>,
    /// Other causes that were at work, in order of first appearance: first those of the request's own attempts,
    /// then those that the pool's other requests fail of.
    pub contributing: Vec<Cause>,
    /// What the pool's requests failed of in the last thirty seconds, each with its share (0 to 1), the largest
    /// first (rule R20). Empty: not known.
    pub shares: Vec<(Cause, f64)>,
    /// What would have made the diagnosis surer.
    pub missing: Vec<Missing>,
    /// What ended the attempt that decided.
    pub fault: Option<Fault>,
    /// Why the last attempt was not followed by another.
    pub retry: Option<RetryVerdict>,
    /// How many attempts reached for a backend.
    pub tries: usize,
    /// No attempt handed a byte of the request to a socket: any method may be sent again.
    pub unsent: bool,
    /// The moment of the diagnosis.
    pub now: Tick,
}

/// How sure a diagnosis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Grade {
    /// A rule holds; a counter-check could not be made.
    Suspected,
    /// A rule holds, and its counter-checks passed.
    Inferred,
    /// An errno, a TLS alert, parsed bytes or our own decision.
    Proven,
}

/// How far a failure reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// The level.
    pub level: Level,
    /// The pool, if there is one.
    pub pool: Option<Arc<str>>,
    /// Backends in the pool; `None`: not known.
    pub backends_total: Option<usize>,
    /// Backends that failed this request or are out of rotation; `None`: not known.
    pub backends_affected: Option<usize>,
}

/// The levels, from narrow to wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Level {
    /// This request, as far as is known.
    Request,
    /// One backend of several.
    Backend,
    /// Some backends.
    Subset,
    /// All backends of the pool, or the pool's own state.
    Pool,
    /// Every pool: suspect ourselves first.
    AllPools,
}

/// One observation with its numbers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Evidence {
    /// A failed attempt.
    Attempt {
        /// What it saw.
        attempt: Box<Attempt>,
        /// What it proves by itself.
        cause: Cause,
    },
    /// Another pool was asked after the first had failed, and failed too.
    Failover {
        /// Which pool.
        pool: Arc<str>,
        /// What it saw, be it a refusal.
        attempt: Box<Attempt>,
        /// What that proves by itself.
        cause: Cause,
    },
    /// The circuit that refused.
    Circuit {
        /// The rule that opened it.
        rule: Cause,
        /// The causes of the failures that opened it, each with its count.
        causes: Vec<(Cause, u32)>,
        /// How long it has been open; `None`: not known.
        open_for: Option<Duration>,
        /// How long until it lets a probe through; `None`: not known.
        probe_in: Option<Duration>,
        /// The last probe: how long ago, and what it failed with.
        last_probe: Option<(Duration, Cause)>,
        /// Knocks at the backends since: how long ago, and why no connection came about.
        knocked: Option<(Duration, Cause)>,
    },
    /// The backends of the pool.
    Backends {
        /// How many there are.
        total: usize,
        /// How many are in rotation.
        in_rotation: usize,
    },
    /// One backend that is out of rotation.
    Backend {
        /// Its name.
        name: Arc<str>,
        /// Its address.
        address: Option<Arc<str>>,
        /// What it is to the pool.
        condition: Condition,
        /// Why.
        cause: Option<Cause>,
        /// For how long.
        since: Option<Duration>,
    },
    /// A component that backends name as failing in the answers to their health checks.
    Component {
        /// What they call it.
        name: Arc<str>,
        /// What is wrong with it, in the words of one of them.
        output: Option<Arc<str>>,
        /// How many backends name it.
        backends: usize,
        /// How many there are.
        of: usize,
    },
    /// A limit of ours.
    Limit {
        /// Its value.
        limit: u64,
        /// What was in use.
        in_use: u64,
    },
    /// A caller's quota.
    Quota(Arc<Limited>),
    /// What the backends have refused lately.
    Throttle(Throttled),
    /// A planned interruption.
    Maintenance(Arc<Notice>),
    /// A limit of ours, and those who wait for their turn.
    Queue {
        /// The limit.
        limit: u64,
        /// What was in use.
        in_use: u64,
        /// How many waited.
        waiting: u64,
        /// How long this request had.
        waited: Duration,
        /// How important it was.
        class: Class,
    },
    /// All backends have as many requests in flight as they may.
    BackendsFull(Full),
    /// The pool's overload keeps itself going.
    Metastable {
        /// How far it is cut.
        stage: Stage,
        /// By which numbers.
        why: Why,
    },
    /// A number that a rule about the pool went by.
    Measured(Fact),
    /// What the pool's requests fail of, where that is more than one thing.
    Composition {
        /// The causes with their counts, the most frequent first.
        causes: Vec<(Cause, u32)>,
        /// How many failed in all.
        of: u32,
    },
    /// A decision of ours that needs no numbers.
    Decision {
        /// Which.
        cause: Cause,
    },
}

/// A cause that was considered and is not the one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuledOut {
    /// Which.
    pub cause: Cause,
    /// What speaks against it.
    pub because: Because,
}

/// What speaks against a cause: an observation again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Because {
    /// TCP connect worked, in this time (`None`: on a connection that was open already).
    Connected(Option<Duration>),
    /// The host answered the connect, if only with a no, after this time.
    HostAnswered(Duration),
    /// The backend accepted connections earlier.
    AcceptedBefore,
    /// No backend that was tried has ever accepted a connection.
    NeverAccepted,
    /// The connection was fresh.
    Fresh,
    /// The connection had been idle only this long.
    IdleOnly(Duration),
    /// None of this many backends is draining or disabled.
    NoneDraining(usize),
    /// The time allowed was this, and 99 % of answers usually take at most that.
    Ample {
        /// The time allowed.
        allowed: Duration,
        /// The usual p99.
        usual: Duration,
    },
    /// The answer carried no mark of load shedding, and took this long.
    NoSheddingMark(Duration),
    /// Established connections do not make progress either.
    PooledStalled,
    /// The backend's machine has acknowledged the request.
    Acknowledged,
    /// So many requests come per second, and usually so many: the load has not risen.
    LoadFlat(f64, f64),
    /// So many requests come per second, and usually so many: the load has risen.
    LoadRose(f64, f64),
    /// So many other backends are as fast as usual.
    OthersFine(usize),
    /// The backends' median latency, and the usual one.
    AsFastAsUsual(Duration, Duration),
}

// === impl Grade ===

impl Grade {
    /// The word, as in the `grade` parameter.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Suspected => "suspected",
            Self::Inferred => "inferred",
            Self::Proven => "proven",
        }
    }
}

// === impl Level ===

impl Level {
    /// The word, as in the problem document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Backend => "backend",
            Self::Subset => "subset",
            Self::Pool => "pool",
            Self::AllPools => "all_pools",
        }
    }
}

// === impl Diagnosis ===

impl Diagnosis {
    /// Waiting can help: nothing that is known to be behind it needs a human first.
    ///
    /// A mere suspicion never tells a client to stay away for good: a port that "never
    /// accepted" may belong to a backend that is only just starting.
    pub fn retryable(&self) -> bool {
        let helps = |cause: Cause, sure: bool| cause.info().retryable || !sure;
        helps(self.primary, self.grade > Grade::Suspected)
            && self
                .root
                .is_none_or(|root| helps(root, super::grade::alone(root) > Grade::Suspected))
    }

    /// Somebody has to do something, if only to restart what fell over: every cause but those
    /// that pass with the load, the roll-out or the window.
    pub fn owner_action_required(&self) -> bool {
        let cause = self.root.unwrap_or(self.primary);
        cause.info().owner_action_required()
    }
}
