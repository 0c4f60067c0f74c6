//! What was known before a restart.

use std::sync::Arc;
use std::time::Duration;

use soe503_api::{self as api, ChangeOrigin, ChangeReach, IncidentState, Timestamp, VerifyVerdict};
use soe503_core::Cause;
use soe503_core::change::{Change, Kind, Origin, Reach};
use soe503_core::diagnosis::{Grade, Level};
use soe503_core::incident::{
    CauseTally, Entry, EntryKind, Moment, Place, REOPEN, Remembered, SAVED_BY, Saved, Verdict,
    Verified,
};

use super::feed::News;
use super::{Desk, Incidents};
use crate::control::clock::Anchor;

/// How long is waited for a journal that is slow to open.
const PATIENCE: Duration = Duration::from_secs(3);

impl Incidents {
    /// What an earlier process knew will be told. No incident is opened before, but not for long.
    pub(crate) fn expect_recall(&self, anchor: Anchor) {
        let mut desk = self.desk();
        if !std::mem::replace(&mut desk.expected, true) {
            desk.book.wait(anchor.tick().after(PATIENCE));
        }
    }

    /// Takes in the changes that an earlier process knew, and the incidents that were open when it ended. What is in a
    /// form that this one does not know is left out.
    pub(crate) fn recall(
        &self,
        changes: &[api::Change],
        incidents: &[api::Incident],
        anchor: Anchor,
    ) {
        let changes = changes.iter().filter_map(change);
        let open = incidents.iter();
        let open = open.filter_map(|told| Some((told, incident(told, anchor)?)));
        let (mut told, open): (Vec<_>, Vec<_>) = open.unzip();
        let mut desk = self.desk();
        // A reload reads the journal again: what goes on in this process is in it, too.
        told.retain(|told| {
            let id = &*told.summary.id;
            let known = |other: &api::Incident| other.summary.id == id;
            desk.book.find(id).is_none() && !desk.interrupted.iter().any(known)
        });
        desk.book.recall(changes);
        desk.book.remember(open);
        desk.interrupted.extend(told.iter().copied().cloned());
        drop(desk);
        if let Some(alerts) = self.shared.alerts.get() {
            told.iter().for_each(|told| alerts.remember(told));
        }
    }
}

impl Desk {
    /// What was open when an earlier process ended and has not gone on, while it could: it is over since its last failure.
    pub(super) fn ended(&mut self, anchor: Anchor) -> Vec<News> {
        let now = anchor.date(anchor.tick());
        let (book, mut news) = (&self.book, Vec::new());
        self.interrupted.retain(|told| {
            let summary = &told.summary;
            let waits = now.since(summary.last_seen) <= REOPEN;
            // Its successor tells of it.
            let goes_on = book.find(&summary.id).is_some();
            if !waits && !goes_on {
                let mut told = told.clone();
                told.summary.state = IncidentState::Closed;
                told.summary.closed_at = Some(told.summary.last_seen);
                news.push(News::Closed(told));
            }
            waits && !goes_on
        });
        news
    }
}

/// What the admin API told as `told`.
fn change(told: &api::Change) -> Option<Change> {
    let names = |names: &[String]| names.iter().map(|name| Arc::from(&**name)).collect();
    let text = |text: &Option<String>| text.as_deref().map(Arc::from);
    let reach = match told.reach {
        ChangeReach::Everything => Reach::Everything,
        ChangeReach::Pools => Reach::Pools(names(&told.pools)),
        ChangeReach::Backends => Reach::Backends {
            pool: Arc::from(&**told.pools.first()?),
            backends: names(&told.backends),
        },
        _ => Reach::Unknown,
    };
    Some(Change {
        id: Arc::from(&*told.id),
        kind: Kind::from_word(&told.kind)?,
        at_ms: i64::try_from(told.at.unix_millis()).ok()?,
        service: text(&told.service),
        version: text(&told.version),
        reach,
        by: text(&told.by),
        notes: names(&told.notes),
        origin: match told.origin {
            ChangeOrigin::Reported => Origin::Reported,
            ChangeOrigin::Reload => Origin::Reload,
            ChangeOrigin::Release => Origin::Release,
            _ => return None,
        },
    })
}

/// The incident that the admin API told as `told`, if it was open then. `None` as well for one of a cause that this
/// version does not know.
fn incident(told: &api::Incident, anchor: Anchor) -> Option<Remembered> {
    let summary = &told.summary;
    if summary.state != IncidentState::Open {
        return None;
    }
    let names = |names: &[String]| names.iter().map(|name| Arc::from(&**name)).collect();
    let number = |count: Option<u64>| count.and_then(|count| usize::try_from(count).ok());
    let mut saved = Saved::default();
    for (place, by) in saved.0.iter_mut().zip(SAVED_BY) {
        *place = summary.requests.by.get(by).copied().unwrap_or_default();
    }
    let causes = told.causes.iter().map(|share| {
        Some(CauseTally::new(
            Cause::from_id(&share.cause)?,
            grade(share.grade),
            share.failed,
            moment(share.first_seen, anchor),
            moment(share.last_seen, anchor),
        ))
    });
    let symptoms = told.symptoms.iter();
    let symptoms = symptoms.filter_map(|one| Some((Cause::from_id(&one.cause)?, one.failed)));
    let timeline = told.timeline.iter().filter_map(|entry| {
        let kind = EntryKind::from_word(&entry.kind)?;
        Some(Entry {
            failed: entry.failed,
            saved: entry.prevented,
            ..Entry::new(unix_ms(entry.at), kind, &entry.what)
        })
    });
    Some(Remembered {
        id: Arc::from(&*summary.id),
        place: match &summary.scope.pool {
            Some(pool) => Place::Pool(Arc::from(&**pool)),
            None => Place::Proxy,
        },
        causes: causes.collect::<Option<_>>()?,
        symptoms: symptoms.collect(),
        level: level(summary.scope.level),
        backends_total: number(summary.scope.backends_total),
        backends_affected: number(summary.scope.backends_affected),
        backends: names(&told.backends),
        onset: moment(summary.first_seen, anchor),
        opened: moment(summary.opened_at, anchor),
        last: moment(summary.last_seen, anchor),
        reopened: u32::try_from(summary.reopened).unwrap_or(u32::MAX),
        failed: summary.requests.failed,
        requests: summary.requests.total,
        saved,
        exemplars: names(&told.exemplars),
        timeline: timeline.collect(),
        left_out: told.timeline_left_out,
        verified: summary
            .verified
            .as_ref()
            .and_then(|known| verified(known, anchor)),
    })
}

fn verified(told: &api::Verified, anchor: Anchor) -> Option<Verified> {
    Some(Verified {
        at: moment(told.at, anchor),
        verdict: match told.verdict {
            VerifyVerdict::Cured => Verdict::Cured,
            VerifyVerdict::NotCured => Verdict::NotCured,
            VerifyVerdict::DifferentCause => Verdict::DifferentCause,
            _ => return None,
        },
        by: told.by.as_deref().map(Arc::from),
    })
}

/// Both clocks; what lies before this process, and its machine, is told by the date alone.
fn moment(date: Timestamp, anchor: Anchor) -> Moment {
    Moment {
        tick: anchor.tick_of(date),
        unix_ms: unix_ms(date),
    }
}

fn unix_ms(date: Timestamp) -> i64 {
    i64::try_from(date.unix_millis()).unwrap_or(i64::MAX)
}

const fn grade(told: api::Grade) -> Grade {
    match told {
        api::Grade::Proven => Grade::Proven,
        api::Grade::Inferred => Grade::Inferred,
        _ => Grade::Suspected,
    }
}

const fn level(told: api::ScopeLevel) -> Level {
    match told {
        api::ScopeLevel::Backend => Level::Backend,
        api::ScopeLevel::Subset => Level::Subset,
        api::ScopeLevel::Pool => Level::Pool,
        api::ScopeLevel::AllPools => Level::AllPools,
        _ => Level::Request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::incidents::tell;

    #[test]
    fn what_is_told_is_what_is_recalled() {
        for reach in [
            Reach::Unknown,
            Reach::Everything,
            Reach::Pools(vec!["cart".into(), "search".into()]),
            Reach::Backends {
                pool: "cart".into(),
                backends: vec!["b1".into()],
            },
        ] {
            for origin in [Origin::Reported, Origin::Reload, Origin::Release] {
                let known = Change {
                    id: "01KAPX3J".into(),
                    kind: Kind::Deploy,
                    at_ms: 1_795_369_244_000,
                    service: Some("cart".into()),
                    version: None,
                    reach: reach.clone(),
                    by: Some("argocd".into()),
                    notes: vec!["rev 9f3c1e2".into()],
                    origin,
                };
                assert_eq!(change(&tell::change(&known)), Some(known));
            }
        }
    }

    /// What is written of an open incident is enough to go on with it.
    #[test]
    fn an_incident_is_recalled_with_all_that_counts() {
        let text = include_str!("../../../../soe503-api/tests/golden/incident.json");
        let told: api::Incident = serde_json::from_str(text).unwrap();
        let known = incident(&told, Anchor::now()).expect("it is open");
        assert_eq!(&*known.id, "01KAPX3Q");
        assert_eq!(known.place, Place::Pool("cart".into()));
        assert_eq!(
            (known.failed, known.requests, known.saved.total()),
            (41, 52, 3)
        );
        let causes: Vec<_> = known.causes.iter().map(|t| (t.cause, t.failed)).collect();
        let wanted = [
            (Cause::DependencyConnectRefused, 37),
            (Cause::DependencyResetBeforeResponse, 4),
        ];
        assert_eq!(causes, wanted);
        assert_eq!(known.timeline.len(), told.timeline.len());
        assert_eq!(known.level, Level::Pool);
        assert_eq!(known.verified.unwrap().verdict, Verdict::NotCured);
        let mut closed = told;
        closed.summary.state = IncidentState::Closed;
        assert_eq!(incident(&closed, Anchor::now()), None);
    }

    /// Nobody else would say that it is over: who was told that it began would wait for ever.
    #[test]
    fn what_does_not_go_on_is_over_and_is_told_once() {
        let text = include_str!("../../../../soe503-api/tests/golden/incident.json");
        let told: api::Incident = serde_json::from_str(text).unwrap();
        let smallest = include_str!("../../../../../config/smallest.toml");
        let config = crate::config::from_str("smallest", smallest).unwrap();
        let at = |seconds: u64| {
            let unix = Duration::from_millis(told.summary.last_seen.unix_millis());
            let later = Duration::from_secs(seconds);
            Anchor::new(soe503_core::Tick::from_secs(10_000 + seconds), unix + later)
        };
        let incidents = Incidents::new(&config, at(1));
        incidents.recall(&[], std::slice::from_ref(&told), at(1));
        assert!(incidents.desk().ended(at(300)).is_empty(), "it may go on");
        let news = incidents.desk().ended(at(301));
        let [News::Closed(over)] = &news[..] else {
            panic!("{news:?}");
        };
        assert_eq!(over.summary.id, told.summary.id);
        assert_eq!(over.summary.closed_at, Some(told.summary.last_seen));
        assert!(incidents.desk().ended(at(302)).is_empty(), "once");
    }
}
