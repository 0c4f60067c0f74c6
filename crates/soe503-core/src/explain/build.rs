//! From a diagnosis to the problem document: what this reader may know, in words.

use core::time::Duration;
use std::borrow::Cow;

use super::clean::{clean, cleaned, identifier};
use super::digits::number;
use super::headers::LONGEST_ID;
use super::names::Names;
use super::problem::{
    Problem, ToldAttempt, ToldEvidence, ToldMaintenance, ToldRuledOut, ToldScope, ToldShare,
};
use super::{
    Exposure, Telling, actions, course, faults, measured, rate_limit, status, time, words,
};
use crate::cause::{Cause, RetrySafety};
use crate::diagnosis::{Diagnosis, mechanical};
use crate::ledger::{Attempt, Fault, Refusal};
use crate::maintenance::Notice;

/// How much of the lists and strings there is room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Most entries of each list of observations.
    pub(super) entries: usize,
    /// Most attempts.
    pub(super) attempts: usize,
    /// Longest sentence that holds anything from outside.
    pub(super) sentence: usize,
    /// Remedies are told.
    pub(super) actions: bool,
}

impl Room {
    /// No shortage: for the admin API.
    const AMPLE: Self = Self {
        entries: 64,
        attempts: 64,
        sentence: 400,
        actions: true,
    };
}

/// The problem document of a failure with all that the exposure allows, whatever its size.
///
/// What goes to clients is cut to fit by [`tell`](super::tell); this is for the admin API and for
/// records.
pub fn problem(telling: &Telling<'_>) -> Problem {
    build(telling, &Names::new(telling), Room::AMPLE, None)
}

/// The problem document that fits into `room`; `first` is the most telling observation, where it is in words already.
pub(super) fn build(
    telling: &Telling<'_>,
    names: &Names<'_>,
    room: Room,
    first: Option<&str>,
) -> Problem {
    let diagnosis = telling.diagnosis;
    let inside = telling.exposure >= Exposure::Internal;
    let list = if inside { room.entries } else { 0 };
    let info = diagnosis.primary.info();
    let status = status::status(telling);
    let since = course::since(telling);
    let told = telling.course.filter(|_| inside);
    Problem {
        kind: clean(telling.docs, 96) + diagnosis.primary.id(),
        title: info.title,
        status,
        detail: detail(telling),
        instance: instance(telling),
        code: status::code(status).into_owned(),
        category: diagnosis.primary.category(),
        cause: diagnosis.primary,
        root: diagnosis.root,
        grade: diagnosis.grade,
        origin: "generated",
        retryable: diagnosis.retryable(),
        retry_after: telling.retry_after,
        retry_safety: retry_safety(diagnosis),
        owner_action_required: diagnosis.owner_action_required(),
        violated_policies: rate_limit::violated(telling),
        maintenance: notice(telling).map(|notice| told_maintenance(notice, inside)),
        request_id: identifier(telling.request_id, LONGEST_ID).into_owned(),
        trace_id: telling
            .trace_id
            .map(|id| identifier(id, LONGEST_ID).into_owned()),
        at: time::rfc3339(telling.at_unix),
        first_seen: since.map(time::rfc3339),
        hop: inside.then(|| clean(telling.server, 64)),
        scope: inside.then(|| scope(diagnosis)),
        requests: told.map(course::requests),
        lasted: since.map(|since| lasted(telling.at_unix, since)),
        change: told.and_then(|course| course::change(course, names)),
        changes: told.and_then(|course| course::changes(course, names)),
        attempts: telling
            .attempts
            .attempts
            .iter()
            .take(if inside { room.attempts } else { 0 })
            .map(|attempt| told_attempt(attempt, names, room.sentence))
            .collect(),
        not_retried: diagnosis.retry.filter(|_| inside).map(words::verdict),
        evidence: diagnosis
            .evidence
            .iter()
            .take(list)
            .enumerate()
            .map(|(at, evidence)| ToldEvidence {
                kind: words::kind(evidence),
                what: match first.filter(|_| at == 0) {
                    Some(known) => clean(known, room.sentence),
                    None => cleaned(words::evidence(evidence, names), room.sentence),
                },
            })
            .collect(),
        ruled_out: diagnosis
            .ruled_out
            .iter()
            .take(list)
            .map(|ruled_out| ToldRuledOut {
                cause: ruled_out.cause,
                because: words::because(&ruled_out.because),
            })
            .collect(),
        contributing: diagnosis.contributing.iter().take(list).copied().collect(),
        shares: diagnosis.shares.iter().take(list).map(told_share).collect(),
        missing: diagnosis
            .missing
            .iter()
            .take(list)
            .map(|missing| measured::missing(*missing))
            .collect(),
        actions: (inside && room.actions).then(|| actions::actions(telling, names)),
    }
}

/// The table's sentence for callers, and when to come back.
fn detail(telling: &Telling<'_>) -> String {
    let sentence = telling.diagnosis.primary.info().detail;
    let advice = match telling.retry_after {
        Some(1) => "Retry in 1 second.".into(),
        Some(seconds) => {
            let mut advice = String::with_capacity(32);
            advice.push_str("Retry in ");
            number(&mut advice, u64::from(seconds));
            advice.push_str(" seconds.");
            Cow::Owned(advice)
        }
        None if telling.diagnosis.retryable() => "Retry later.".into(),
        None => "Retrying will not help until an operator corrects it.".into(),
    };
    let end = notice(telling).and_then(|notice| notice.end);
    match end.map(time::rfc3339) {
        Some(end) => [sentence, " It ends at ", &end, ". ", &advice].concat(),
        None => [sentence, " ", &advice].concat(),
    }
}

/// The planned interruption that ended the request.
fn notice<'a>(telling: &Telling<'a>) -> Option<&'a Notice> {
    match &telling.diagnosis.fault {
        Some(Fault::Refused(Refusal::Maintenance(notice))) => Some(notice),
        _ => None,
    }
}

fn told_maintenance(notice: &Notice, inside: bool) -> ToldMaintenance {
    ToldMaintenance {
        reason: clean(&notice.reason, 160),
        since: time::rfc3339(notice.start),
        until: notice.end.map(time::rfc3339),
        link: notice.link.as_deref().map(|link| clean(link, 160)),
        by: inside.then(|| clean(&notice.by, 64)),
    }
}

fn instance(telling: &Telling<'_>) -> String {
    let (kind, id) = match telling.incident_id {
        Some(id) => ("/api/v1/incidents/", id),
        None => ("/api/v1/failures/", telling.request_id),
    };
    [kind, &identifier(id, LONGEST_ID)].concat()
}

/// The ledger knows better than the table: nothing that was sent can have run.
fn retry_safety(diagnosis: &Diagnosis) -> RetrySafety {
    match diagnosis.primary.info().retry_safety {
        _ if diagnosis.unsent => RetrySafety::Unsent,
        RetrySafety::Answered => RetrySafety::Answered,
        _ => RetrySafety::MayHaveRun,
    }
}

fn told_share((cause, share): &(Cause, f64)) -> ToldShare {
    ToldShare {
        cause: *cause,
        share: (share * 100.0).round() / 100.0,
    }
}

fn lasted(now: i64, since: i64) -> Duration {
    Duration::from_secs(u64::try_from(now - since).unwrap_or_default())
}

fn scope(diagnosis: &Diagnosis) -> ToldScope {
    let scope = &diagnosis.scope;
    ToldScope {
        level: scope.level.word(),
        pool: scope.pool.as_deref().map(|pool| clean(pool, 64)),
        backends_total: scope.backends_total,
        backends_affected: scope.backends_affected,
    }
}

fn told_attempt(attempt: &Attempt, names: &Names<'_>, longest: usize) -> ToldAttempt {
    let cause = mechanical(attempt);
    let failed = cause.is_some() || attempt.fault.is_some();
    ToldAttempt {
        number: attempt.number,
        hedge: attempt.hedge,
        pool: attempt.pool.as_deref().map(|pool| clean(pool, 64)),
        backend: attempt
            .backend
            .as_deref()
            .map(|name| names.backend_alone(name, attempt.address.as_deref())),
        address: names.address(attempt.address.as_deref()),
        phase: words::phase(attempt.phase),
        fault: failed.then(|| cleaned(faults::fault(attempt, names), longest)),
        cause,
        elapsed_ms: (attempt.elapsed.as_secs_f64() * 1e4).round() / 10.0,
        reused: attempt.reused,
        bytes_sent: attempt.bytes_sent,
        bytes_received: attempt.bytes_received,
        status: attempt.status,
    }
}
