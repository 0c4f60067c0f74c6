//! R6: all pools at once.
//!
//! Pools that have nothing in common but this proxy and fail together are seldom the pools' fault: suspect what they
//! share first. So before backends are blamed for that, somebody who does not depend on them has to say that we are
//! well: our own address over loopback, and the timers of the threads that serve. Who is well by both, and sees
//! all pools fail, may believe what the requests show: they share something behind us.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Fact, Finding, Missing};
use crate::cause::{Category, Cause};
use crate::diagnosis::history::{History, Second};
use crate::diagnosis::{Grade, errno};

/// How one pool fares, as far as the others care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Enough was asked of it lately to tell.
    asked: bool,
    /// Since which second at least half of its requests fail; `None`: they do not.
    failing_since: Option<u64>,
    /// What most of them fail of.
    cause: Option<Cause>,
}

/// What those say who do not depend on any backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    /// How long a byte to ourselves and back took over loopback, or why it did not come (an error number, `None`: it
    /// did not come in time). Outer `None`: not asked yet.
    pub echo: Option<Result<Duration, Option<i32>>>,
    /// How late the timers of the threads that serve were in the last second, at most.
    pub workers: Option<Duration>,
}

/// All pools fail at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Everywhere {
    /// What was seen, of the pools and by the witness.
    pub facts: Vec<Fact>,
    /// Who says that it is not us.
    pub verdict: Verdict,
    /// All of them fail of certificates' dates, which are judged by our clock.
    pub by_clock: bool,
}

/// What the witness says about us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// We are well: what pools share lies behind us.
    Well,
    /// We are not.
    Ill,
    /// There is no witness.
    Unknown,
}

/// How far back an onset is looked for, in seconds.
const LOOK_BACK: u64 = 60;
/// The seconds that are "now".
const RECENT: u64 = 5;
/// Fewer requests in those prove nothing.
const FEWEST: u32 = 5;
/// Pools that begin to fail further apart do not do so together.
const TOGETHER: u64 = 10;
/// Fewer pools are no "all".
const FEWEST_POOLS: usize = 2;
/// Whoever needs longer to answer itself is late. Timers of workers are rough, and looked at four times a second.
const LATE: Duration = Duration::from_millis(50);

/// Whether all pools that are asked fail, and began to together; and what `witness` says to that.
pub fn everywhere(pools: &[Standing], witness: &Witness) -> Option<Everywhere> {
    let asked = || pools.iter().filter(|pool| pool.asked);
    let of = asked().count();
    let onsets: Vec<u64> = asked().filter_map(|pool| pool.failing_since).collect();
    let (first, last) = (*onsets.iter().min()?, *onsets.iter().max()?);
    if of < FEWEST_POOLS || onsets.len() < of || last - first > TOGETHER {
        return None;
    }
    let mut facts = vec![Fact::Everywhere {
        pools: of as u32,
        within: Duration::from_secs(last - first),
    }];
    let all = |what: fn(Cause) -> bool| asked().all(|pool| pool.cause.is_some_and(what));
    if all(is_on_the_way) {
        facts.push(Fact::OnTheWay);
    }
    let (verdict, said) = heard(witness);
    facts.extend(said);
    Some(Everywhere {
        facts,
        verdict,
        by_clock: all(|cause| cause == Cause::ConfigTlsCertExpired),
    })
}

/// What the witness says, and by which numbers.
fn heard(witness: &Witness) -> (Verdict, Option<Fact>) {
    let lag = witness.workers.unwrap_or_default();
    match witness.echo {
        Some(Err(errno)) => (Verdict::Ill, Some(Fact::NoEcho { errno })),
        Some(Ok(took)) => {
            let late = took > LATE || lag > LATE;
            let verdict = if late { Verdict::Ill } else { Verdict::Well };
            (verdict, Some(Fact::Echo { took, lag, late }))
        }
        None => (Verdict::Unknown, None),
    }
}

/// It fails before a backend has anything to say: names, routes, connections.
fn is_on_the_way(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::DependencyDnsFailure
            | Cause::DependencyConnectTimeout
            | Cause::DependencyHostUnreachable
            | Cause::ConfigFirewallReject
            | Cause::ConfigDnsNxdomain
    )
}

// === impl Standing ===

impl Standing {
    /// That of the pool with this history.
    pub fn of(history: &History) -> Self {
        let recent = history.last(RECENT);
        let (offered, failed) = recent.fold((0, 0), |(offered, failed), s| {
            (offered + s.offered, failed + counted(s))
        });
        let fails = failed > 0 && failed * 2 >= offered;
        let mut since = None;
        for second in history.last(LOOK_BACK) {
            let bad = counted(second);
            if bad > 0 && bad * 2 >= second.offered {
                since.get_or_insert(second.at);
            } else if second.good > 0 {
                since = None;
            }
        }
        let causes = history.causes(RECENT).into_iter();
        Self {
            asked: offered >= FEWEST,
            failing_since: since.filter(|_| fails),
            cause: causes.map(|(cause, _)| cause).find(|cause| speaks(*cause)),
        }
    }
}

/// What has failed for a reason that can have to do with ours or the backends' health.
fn counted(second: &Second) -> u32 {
    let all = second.failures.iter().filter(|(cause, _)| speaks(*cause));
    all.map(|(_, count)| count).sum()
}

/// What we decide, or a caller's limit does, says nothing.
fn speaks(cause: Cause) -> bool {
    cause.category() != Category::Maintenance
        && !matches!(
            cause,
            Cause::OverloadRateLimited | Cause::ConfigUnknownPool | Cause::ConfigLoopDetected
        )
}

// === impl Everywhere ===

impl Everywhere {
    /// What is found about every pool then: that we are short of time ourselves. The kernel's own account would prove it
    /// ([`Own`](super::Own)); without that it is a suspicion.
    pub fn finding(&self) -> Option<Finding> {
        let late = |fact: &Fact| {
            matches!(
                fact,
                Fact::Echo { late: true, .. } | Fact::NoEcho { errno: None }
            )
        };
        let late = self.verdict == Verdict::Ill && self.facts.iter().any(late);
        late.then(|| Finding::new(Cause::ResourceCpuThrottled, Grade::Suspected))
    }

    /// How far a diagnosis of `grade` for `cause` can be trusted.
    pub(crate) fn trust(&self, cause: Cause, grade: Grade) -> Grade {
        let unwitnessed = self.verdict != Verdict::Well && is_late(cause);
        match unwitnessed || self.doubts_clock(cause) {
            true => grade.min(Grade::Suspected),
            false => grade,
        }
    }

    /// What would make it surer.
    pub(crate) fn missing(&self, cause: Cause) -> Option<Missing> {
        if self.doubts_clock(cause) {
            Some(Missing::Clock)
        } else {
            (self.verdict == Verdict::Unknown).then_some(Missing::Witness)
        }
    }

    fn doubts_clock(&self, cause: Cause) -> bool {
        self.by_clock && cause == Cause::ConfigTlsCertExpired
    }
}

/// It looks the same whether they are late or we are.
fn is_late(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::DependencyResponseTimeout | Cause::DependencyConnectTimeout
    )
}

/// Whether a failure of this cause is one of those that all pools have.
pub(crate) fn is_one_of_them(cause: Cause) -> bool {
    speaks(cause)
        && !matches!(cause, Cause::Unclassified | Cause::ConfigNoEndpoints)
        && cause.category() != Category::Overload
}

/// The name of an error number, or the number.
pub(crate) fn named(number: i32) -> String {
    errno::name(number).map_or_else(|| format!("errno {number}"), str::to_owned)
}
