//! Incidents and changes as the admin API tells them.

use soe503_api as api;
use soe503_api::Timestamp;
use soe503_core::Cause;
use soe503_core::change::{Change, Links, Origin, Reach};
use soe503_core::diagnosis::Grade;
use soe503_core::incident::{Book, CauseTally, Entry, Incident, State, Verdict};

use super::{Incidents, condition, words};
use crate::control::clock::Anchor;
use crate::control::recorder::{self, Record};

impl Incidents {
    /// All incidents, the latest first; only those that go on, if `open`.
    pub fn list(&self, open: bool) -> api::Incidents {
        let desk = self.desk();
        let incidents = desk.book.incidents().rev();
        let wanted = incidents.filter(|incident| !open || incident.is_open());
        api::Incidents {
            incidents: wanted.map(summary).collect(),
        }
    }

    /// The incident called `id`.
    pub fn one(&self, id: &str, anchor: Anchor) -> Option<api::Incident> {
        let desk = self.desk();
        let found = desk.book.find(id)?;
        let evidence = desk.evidence.get(id).map(|record| &**record);
        let server = &self.shared.server;
        Some(incident(found, &desk.book, evidence, server, anchor))
    }

    /// All changes, the latest first.
    pub fn changes(&self) -> api::Changes {
        let desk = self.desk();
        let changes = desk.book.changes().changes().rev();
        api::Changes {
            changes: changes.map(|known| change(known)).collect(),
        }
    }
}

/// Everything about `incident`; `evidence` is one of its failures.
pub(super) fn incident(
    incident: &Incident,
    book: &Book,
    evidence: Option<&Record>,
    server: &str,
    anchor: Anchor,
) -> api::Incident {
    let lead = incident.lead();
    let lead = lead.map_or(Cause::Unclassified, |lead| lead.cause);
    let told = evidence.map(|record| {
        let record = Record {
            incident: Some(incident.id.clone()),
            ..record.clone()
        };
        recorder::tell(&record, server, anchor).diagnosis
    });
    let mut told = told.unwrap_or_else(|| without_evidence(incident));
    if let Some(condition) = &incident.condition {
        condition::add(&mut told, condition, incident, anchor);
    }
    let begin = incident.onset.tick;
    let end = incident.closed.map(|closed| closed.tick);
    let meanwhile = |other: &&Incident| {
        let over = other.closed.map(|closed| closed.tick);
        other.id != incident.id
            && other.place == incident.place
            && over.is_none_or(|over| over >= begin)
            && end.is_none_or(|end| other.onset.tick <= end)
    };
    let timeline = &incident.timeline;
    api::Incident {
        summary: summary(incident),
        server: server.to_owned(),
        // Without the advice to come back that one request got.
        detail: lead.info().detail.to_owned(),
        code: format!("SOE-{}", lead.info().status.default_status()),
        category: lead.category().id().to_owned(),
        retryable: lead.info().retryable,
        owner_action_required: lead.info().owner_action_required(),
        causes: incident
            .causes
            .iter()
            .map(|tally| share(tally, incident.failed))
            .collect(),
        symptoms: symptoms(incident),
        backends: incident.backends.iter().map(ToString::to_string).collect(),
        evidence: told.evidence,
        ruled_out: told.ruled_out,
        actions: told.actions,
        changes_nearby: near(&incident.changes, incident.onset.unix_ms),
        also: book
            .incidents()
            .filter(meanwhile)
            .map(|other| other.id.to_string())
            .collect(),
        exemplars: incident.exemplars.iter().map(ToString::to_string).collect(),
        timeline: timeline.entries().iter().map(entry).collect(),
        timeline_left_out: timeline.left_out(),
    }
}

fn summary(incident: &Incident) -> api::IncidentSummary {
    let lead = incident.lead();
    let cause = lead.map_or(Cause::Unclassified, |lead| lead.cause);
    let linked = incident.changes.cause.as_ref();
    let count = |count: Option<usize>| count.map(|count| count as u64);
    api::IncidentSummary {
        id: incident.id.to_string(),
        state: match incident.state {
            State::Open => api::IncidentState::Open,
            State::Closed => api::IncidentState::Closed,
            _ => api::IncidentState::Unknown,
        },
        place: incident.extent(),
        cause: cause.id().to_owned(),
        title: cause.info().title.to_owned(),
        grade: recorder::grade(lead.map_or(Grade::Suspected, |lead| lead.grade)),
        scope: api::Scope {
            level: recorder::level(incident.level.word()),
            pool: incident.place.pool().map(ToString::to_string),
            backends_total: count(incident.backends_total),
            backends_affected: count(incident.backends_affected),
        },
        first_seen: date(incident.onset.unix_ms),
        opened_at: date(incident.opened.unix_ms),
        last_seen: date(incident.last.unix_ms),
        closed_at: incident.closed.map(|closed| date(closed.unix_ms)),
        reopened: u64::from(incident.reopened),
        requests: api::IncidentRequests {
            total: incident.requests,
            failed: incident.failed,
            prevented: incident.saved.total(),
            by: incident
                .saved
                .by()
                .map(|(by, count)| (by.to_owned(), count))
                .collect(),
        },
        change: linked.map(|link| api::LinkedChange {
            change: change(&link.change),
            before_ms: link.before_ms,
            likelihood_ratio: (link.ratio * 10.0).round() / 10.0,
            grade: match link.proven {
                true => api::Grade::Proven,
                false => api::Grade::Inferred,
            },
        }),
        verified: incident.verified.as_ref().map(|verified| api::Verified {
            at: date(verified.at.unix_ms),
            verdict: match verified.verdict {
                Verdict::Cured => api::VerifyVerdict::Cured,
                Verdict::NotCured => api::VerifyVerdict::NotCured,
                Verdict::DifferentCause => api::VerifyVerdict::DifferentCause,
            },
            by: verified.by.as_deref().map(str::to_owned),
        }),
        condition: incident.condition.as_ref().map(|known| known.what.clone()),
    }
}

/// What can be said of failures of which no record is kept.
fn without_evidence(incident: &Incident) -> api::Diagnosis {
    let cause = incident
        .lead()
        .map_or(Cause::Unclassified, |lead| lead.cause);
    let info = cause.info();
    let filled = |text: &str| match incident.place.pool() {
        Some(pool) => vec![text.replace("POOL", pool)],
        None => vec![text.to_owned()],
    };
    let summary = summary(incident);
    api::Diagnosis {
        cause: summary.cause,
        title: summary.title,
        detail: info.detail.to_owned(),
        root: None,
        grade: summary.grade,
        scope: summary.scope,
        evidence: Vec::new(),
        ruled_out: Vec::new(),
        contributing: Vec::new(),
        shares: Vec::new(),
        missing: Vec::new(),
        actions: api::Actions {
            quick: filled(info.quick_fix),
            long_term: filled(info.long_term_fix),
            verify: filled(info.verify),
        },
    }
}

fn share(tally: &CauseTally, of: u64) -> api::CauseShare {
    let share = match of {
        0 => 0.0,
        of => tally.failed as f64 / of as f64,
    };
    api::CauseShare {
        cause: tally.cause.id().to_owned(),
        grade: recorder::grade(tally.grade),
        failed: tally.failed,
        share: (share * 1000.0).round() / 1000.0,
        first_seen: date(tally.first.unix_ms),
        last_seen: date(tally.last.unix_ms),
    }
}

/// The most frequent first.
fn symptoms(incident: &Incident) -> Vec<api::Symptom> {
    let mut symptoms = incident.symptoms.clone();
    symptoms.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let told = symptoms.into_iter().map(|(cause, failed)| api::Symptom {
        cause: cause.id().to_owned(),
        failed,
    });
    told.collect()
}

fn near(links: &Links, onset: i64) -> Vec<api::NearbyChange> {
    let near = links.near.iter().map(|(known, why)| api::NearbyChange {
        change: change(known),
        before_ms: onset - known.at_ms,
        because: words::why_not(known, why),
    });
    near.collect()
}

fn entry(entry: &Entry) -> api::TimelineEntry {
    api::TimelineEntry {
        at: date(entry.at_ms),
        kind: entry.kind.word().to_owned(),
        what: entry.what.clone(),
        failed: entry.failed,
        prevented: entry.saved,
    }
}

/// `change` as the API tells it.
pub(super) fn change(change: &Change) -> api::Change {
    let names = |names: &[std::sync::Arc<str>]| names.iter().map(ToString::to_string).collect();
    let (reach, pools, backends) = match &change.reach {
        Reach::Everything => (api::ChangeReach::Everything, Vec::new(), Vec::new()),
        Reach::Pools(pools) => (api::ChangeReach::Pools, names(pools), Vec::new()),
        Reach::Backends { pool, backends } => (
            api::ChangeReach::Backends,
            vec![pool.to_string()],
            names(backends),
        ),
        _ => (api::ChangeReach::Unknown, Vec::new(), Vec::new()),
    };
    api::Change {
        id: change.id.to_string(),
        title: change.to_string(),
        kind: change.kind.word().to_owned(),
        at: date(change.at_ms),
        service: change.service.as_deref().map(str::to_owned),
        version: change.version.as_deref().map(str::to_owned),
        reach,
        pools,
        backends,
        by: change.by.as_deref().map(str::to_owned),
        notes: names(&change.notes),
        origin: match change.origin {
            Origin::Reported => api::ChangeOrigin::Reported,
            Origin::Reload => api::ChangeOrigin::Reload,
            Origin::Release => api::ChangeOrigin::Release,
            _ => api::ChangeOrigin::Unknown,
        },
    }
}

fn date(unix_ms: i64) -> Timestamp {
    Timestamp::from_unix_millis(u64::try_from(unix_ms).unwrap_or_default())
}
