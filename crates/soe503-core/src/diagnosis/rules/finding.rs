//! What a rule found.

use core::time::Duration;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Role, role};
use crate::cause::{Category, Cause};
use crate::diagnosis::{Grade, RuledOut};

/// A cause that the numbers of a pool show, however single requests end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The cause.
    pub cause: Cause,
    /// How sure.
    pub grade: Grade,
    /// The backends that it concerns; empty: all of them.
    pub backends: Vec<Arc<str>>,
    /// By which numbers, the most telling first.
    pub facts: Vec<Fact>,
    /// What it is not, and why not.
    pub ruled_out: Vec<RuledOut>,
    /// What would make it surer.
    pub missing: Vec<Missing>,
}

/// A number that a rule went by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fact {
    /// Requests per second, without those that clients call retries.
    Load {
        /// Now.
        offered: f64,
        /// Usually.
        usual: f64,
    },
    /// So many of the backends take so much longer than usual.
    Slower {
        /// The median latency now.
        p50: Duration,
        /// The usual one.
        usual: Duration,
        /// How many backends.
        backends: u32,
        /// Of how many.
        of: u32,
    },
    /// Latency rises with the requests in flight.
    Correlated {
        /// The median rank correlation of the backends.
        rho: f64,
        /// On how many backends.
        backends: u32,
        /// Of how many.
        of: u32,
    },
    /// Fewer requests are answered well than come.
    Shortfall {
        /// Good answers per second.
        good: f64,
        /// Requests per second.
        offered: f64,
    },
    /// The backends say that they are busy.
    Busy {
        /// The least busy of them: 1 is fully.
        utilization: f64,
        /// How many say so.
        backends: u32,
        /// Of how many.
        of: u32,
    },
    /// The limit has tried: with fewer at once, as many are answered.
    LimitTested,
    /// Nobody has set the limit: it was learned from that.
    LimitLearned {
        /// Its value.
        limit: u32,
    },
    /// Limits of callers have turned requests away.
    Limited {
        /// How many, in the last five seconds.
        limited: u64,
        /// Of how many.
        of: u64,
    },
    /// All backends became slower within this time.
    Together {
        /// Between the first and the last.
        within: Duration,
        /// How many.
        backends: u32,
    },
    /// One backend is much slower than the others.
    Outlier {
        /// Which.
        backend: Arc<str>,
        /// Its median latency.
        p50: Duration,
        /// That of the others.
        others: Duration,
        /// By how many deviations.
        deviations: f64,
    },
    /// Requests are repeated.
    Repeated {
        /// Retries of ours, in the last ten seconds.
        ours: u64,
        /// Requests that their clients call retries.
        clients: u64,
        /// First attempts.
        first: u64,
    },
    /// Clients leave before they are answered.
    Left {
        /// How many, in the last ten seconds.
        left: u64,
        /// Of how many requests.
        of: u64,
    },
    /// What runs on some backends fails more often than what runs on the others.
    Group {
        /// The release.
        release: Arc<str>,
        /// Failed attempts of it.
        failed: u64,
        /// Of how many.
        of: u64,
        /// Failed attempts of the others.
        others_failed: u64,
        /// Of how many.
        others_of: u64,
        /// The chance of that, if the release made no difference.
        chance: f64,
    },
    /// What stands in one zone fails more often than what stands in the others.
    Zone {
        /// The zone.
        zone: Arc<str>,
        /// Failed attempts there.
        failed: u64,
        /// Of how many.
        of: u64,
        /// Failed attempts elsewhere.
        others_failed: u64,
        /// Of how many.
        others_of: u64,
        /// The chance of that, if the zone made no difference.
        chance: f64,
    },
    /// Our own processor time was withheld.
    Throttled {
        /// Periods in which it was, in one second.
        throttled: u32,
        /// Of how many.
        periods: u32,
        /// How late our own timers were.
        lag: Duration,
    },
    /// Our machine has too little processor time for all who want it.
    Starved {
        /// The share of a second in which somebody waited for it.
        pressure: f64,
        /// How late our own timers were.
        lag: Duration,
    },
    /// All pools that are asked fail.
    Everywhere {
        /// How many.
        pools: u32,
        /// Between the first and the last of them.
        within: Duration,
    },
    /// All of them before a backend has anything to say.
    OnTheWay,
    /// We answer ourselves over loopback.
    Echo {
        /// How fast.
        took: Duration,
        /// How late the timers of the threads that serve were.
        lag: Duration,
        /// One of both is too late.
        late: bool,
    },
    /// We do not answer ourselves over loopback.
    NoEcho {
        /// The error number; `None`: nothing came in time.
        errno: Option<i32>,
    },
    /// Established connections of the backend are answered.
    StillAnswers {
        /// Which.
        backend: Arc<str>,
    },
    /// The host of a backend answers at another port, be it with a no.
    AnswersElsewhere {
        /// Which.
        backend: Arc<str>,
        /// How fast.
        took: Duration,
    },
    /// The host of a backend does not answer at another port either: it is down, or a filter drops both.
    SilentElsewhere {
        /// Which.
        backend: Arc<str>,
    },
    /// Health checks fail and are overruled by what requests show.
    CheckOverruled {
        /// Of how many backends.
        backends: u32,
        /// Of how many.
        of: u32,
    },
    /// Answers that came after the time allowed, of those that were waited for.
    LateAnswers {
        /// How many came.
        came: u64,
        /// Of how many.
        of: u64,
    },
    /// The time allowed, and what is usual.
    Allowed {
        /// The time allowed.
        allowed: Duration,
        /// The usual median.
        p50: Duration,
    },
    /// A limit of ours, and what would do.
    Raise {
        /// The limit.
        limit: u32,
        /// A better value.
        to: u32,
        /// The backends' median latency at the limit.
        p50: Duration,
    },
    /// A limit is hit by bursts, and mostly free between them.
    Bursts {
        /// How many of its places are in use, on average.
        in_use: f64,
        /// The limit.
        limit: u32,
    },
    /// The backends say that they have little to do.
    SayIdle {
        /// The busiest of them: 1 is fully.
        utilization: f64,
        /// How many say so.
        backends: u32,
        /// Of how many.
        of: u32,
    },
    /// Backends fail with the same words.
    SameWords {
        /// How many backends.
        backends: u32,
        /// Of how many.
        of: u32,
        /// Between the first and the last of them.
        within: Duration,
    },
    /// Backends refused before they were taken out.
    OutTooLate {
        /// How long at most.
        delay: Duration,
        /// How many did, in the last minute.
        backends: u32,
        /// How long a backend should go on serving after it is told to stop.
        pre_stop: Duration,
    },
    /// A backend that is asked in plain text speaks TLS.
    SpeaksTls {
        /// Which.
        backend: Arc<str>,
    },
}

/// What would have made a finding surer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Missing {
    /// Too little is known about what is usual.
    Usual,
    /// The backends send no load reports.
    LoadReports,
    /// The backends' health documents name no components.
    HealthDocuments,
    /// The clients do not mark their retries.
    RetryMarks,
    /// Which routes the group was asked for, by comparison.
    RouteMix,
    /// Whether another port of the host answers.
    OtherPort,
    /// The backend has not been taken out yet.
    Removal,
    /// What late answers would have taken.
    LateAnswers,
    /// Nobody who does not depend on backends has said that this proxy is well.
    Witness,
    /// Whether this machine's clock is right.
    Clock,
}

impl Finding {
    /// A finding that concerns all backends, so far without numbers.
    pub const fn new(cause: Cause, grade: Grade) -> Self {
        Self {
            cause,
            grade,
            backends: Vec::new(),
            facts: Vec::new(),
            ruled_out: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// The same, with one more number.
    #[must_use]
    pub fn with(mut self, fact: Fact) -> Self {
        self.facts.push(fact);
        self
    }

    /// What it is to a request that shows `shown`: as in the table of [`role`], but that saturated backends are the
    /// cause itself where our limit was only learned from them, that a limit of which is not
    /// proven that the backends have room beyond it only lies behind what the request met, and the full queues of some
    /// backends are not why there was no place in front of all of them.
    pub fn role(&self, shown: Cause) -> Option<Role> {
        let proves = |fact: &Fact| matches!(fact, Fact::Bursts { .. } | Fact::SayIdle { .. });
        let learned = |fact: &Fact| matches!(fact, Fact::LimitLearned { .. });
        match role(self.cause, shown) {
            // There is no setting that anybody could raise: the line in front of it is how saturation looks.
            Some(Role::Behind)
                if self.cause == Cause::OverloadPoolSaturated
                    && shown.category() == Category::Overload
                    && self.facts.iter().any(learned) =>
            {
                Some(Role::Replaces)
            }
            Some(Role::Replaces)
                if self.cause == Cause::ConfigLimitTooLow && !self.facts.iter().any(proves) =>
            {
                Some(Role::Behind)
            }
            Some(Role::Behind)
                if self.cause == Cause::OverloadAcceptBacklog
                    && !self.backends.is_empty()
                    && shown.category() == Category::Overload =>
            {
                Some(Role::Beside)
            }
            role => role,
        }
    }

    /// Whether it concerns an attempt on `backend`.
    pub fn concerns(&self, backend: Option<&str>) -> bool {
        self.backends.is_empty()
            || backend.is_some_and(|name| self.backends.iter().any(|b| **b == *name))
    }
}
