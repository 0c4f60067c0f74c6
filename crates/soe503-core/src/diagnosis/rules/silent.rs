//! R14, for a pool: backends that connects wait for in vain.

use core::time::Duration;
use std::sync::Arc;

use super::{Fact, Finding, Missing};
use crate::Tick;
use crate::cause::Cause;
use crate::diagnosis::history::History;
use crate::diagnosis::{Because, Grade, RuledOut};

/// A backend that connects wait for in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silent {
    /// Its name.
    pub backend: Arc<str>,
    /// When the first of them gave up.
    pub since: Tick,
    /// Whether its host answers at another port: `Some(Ok(_))` within this time, be it with a no; `Some(Err(()))`: not
    /// there either. `None`: nobody has asked.
    pub host: Option<Result<Duration, ()>>,
}

/// Fewer answers than this may be an accident of counting.
const ANSWERS: u64 = 2;
/// How long an answer on an established connection says that the backend lives.
const FRESH: u64 = 30;
/// Backends that are named one by one.
const MOST: usize = 4;

/// Where backends answer on established connections after connects to them have given up, their accept queues are full.
/// Where they do not, all that is known is whether somebody is at home.
///
/// A filter that lets established connections pass looks like a full queue. If another port of the host answers, it would
/// have to be one for this port; that all backends are behind such a filter all at once is a suspicion as long as
/// nobody has asked another port.
pub(super) fn silent(history: &History, silent: &[Silent], now: Tick) -> Vec<Finding> {
    let answers = |one: &Silent| {
        let since = one.since.as_nanos() / SECOND;
        let lately = (now.as_nanos() / SECOND).saturating_sub(FRESH);
        let from = since.max(lately);
        let backend = history.backend(&one.backend);
        let answered = backend.is_some_and(|backend| backend.answered(from) >= ANSWERS);
        // What a backend has answered is worked out from what began and failed; what requests were is counted.
        let seconds = history.last(FRESH).filter(|s| s.at > from);
        answered && seconds.map(|s| u64::from(s.good)).sum::<u64>() >= ANSWERS
    };
    let (full, mute): (Vec<&Silent>, Vec<&Silent>) = silent.iter().partition(|one| answers(one));
    full_queues(&full, history.backends().len())
        .into_iter()
        .chain(mute.iter().filter_map(|one| mute_one(one)))
        .collect()
}

const SECOND: u64 = 1_000_000_000;

fn full_queues(full: &[&Silent], of: usize) -> Option<Finding> {
    let first = full.first()?;
    let asked = full.iter().filter_map(|one| Some((one, one.host?.ok()?)));
    let asked: Vec<_> = asked.collect();
    let all = full.len() >= of && of > 1;
    let grade = match all && asked.is_empty() {
        true => Grade::Suspected,
        false => Grade::Inferred,
    };
    let mut finding = Finding::new(Cause::OverloadAcceptBacklog, grade);
    // All of them: then it is the pool's.
    if full.len() < of {
        finding.backends = full.iter().map(|one| Arc::clone(&one.backend)).collect();
    }
    finding.facts.push(Fact::StillAnswers {
        backend: Arc::clone(&first.backend),
    });
    for (one, took) in asked.iter().take(MOST) {
        finding.facts.push(answers_elsewhere(one, *took));
    }
    match asked.first() {
        Some((_, took)) => finding.ruled_out.push(RuledOut {
            cause: Cause::DependencyHostUnreachable,
            because: Because::HostAnswered(*took),
        }),
        None => finding.missing.push(Missing::OtherPort),
    }
    Some(finding)
}

/// Nothing is known to answer there: what another port of the host has said.
fn mute_one(one: &Silent) -> Option<Finding> {
    let mut finding = Finding::new(Cause::DependencyConnectTimeout, Grade::Inferred);
    finding.backends.push(Arc::clone(&one.backend));
    match one.host? {
        Ok(took) => {
            finding.facts.push(answers_elsewhere(one, took));
            finding.ruled_out.push(RuledOut {
                cause: Cause::DependencyHostUnreachable,
                because: Because::HostAnswered(took),
            });
        }
        Err(()) => finding.facts.push(Fact::SilentElsewhere {
            backend: Arc::clone(&one.backend),
        }),
    }
    Some(finding)
}

fn answers_elsewhere(one: &Silent, took: Duration) -> Fact {
    Fact::AnswersElsewhere {
        backend: Arc::clone(&one.backend),
        took,
    }
}
