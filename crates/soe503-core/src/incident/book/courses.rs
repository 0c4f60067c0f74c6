//! What is told to those who explain failures.

use core::time::Duration;
use std::sync::Arc;

use super::Book;
use crate::change::{Links, Log, Onset, WhyNot, concerns};
use crate::incident::course::{Changes, Course, NEARBY};
use crate::incident::directory::{Directory, Lately, Listed};
use crate::incident::history::Stretch;
use crate::incident::{Incident, Moment, Place};

impl Book {
    /// The open incidents and what fails beside them for those who explain, if that has changed since the last call.
    pub fn directory(&mut self, now: Moment) -> Option<Directory> {
        let lately = self.lately(now);
        if !std::mem::take(&mut self.changed) && lately == self.lately {
            return None;
        }
        self.lately.clone_from(&lately);
        let open = self.incidents.iter().filter(|incident| incident.is_open());
        Some(Directory {
            open: open
                .map(|incident| listed(incident, &self.changes))
                .collect(),
            lately,
        })
    }

    /// The failures of the last minute that are no incident.
    fn lately(&mut self, now: Moment) -> Vec<Lately> {
        let mut all = Vec::new();
        let changes = &self.changes;
        for (place, spot) in self.spots.iter_mut().filter(|(_, spot)| spot.failing) {
            let found = [(false, &spot.history), (true, &spot.refused)]
                .map(|(refused, history)| Some((refused, history.stretch(now.tick)?)));
            spot.failing = found.iter().any(Option::is_some);
            let found = found.into_iter().flatten();
            all.extend(found.map(|(refused, stretch)| Lately {
                refused,
                course: Arc::new(course(place, &stretch, changes, now)),
            }));
        }
        all
    }
}

fn listed(incident: &Incident, changes: &Log) -> Listed {
    let onset = incident.onset.unix_ms;
    Listed {
        id: Arc::clone(&incident.id),
        place: incident.place.clone(),
        causes: incident.causes.iter().map(|tally| tally.cause).collect(),
        joins_until: incident.joins_until(),
        course: Arc::new(Course {
            place: incident.place.clone(),
            since_ms: onset,
            failed: incident.failed,
            requests: Some(incident.requests.max(incident.failed)),
            saved: incident.saved.total(),
            changes: judged(&incident.changes, onset, changes),
        }),
    }
}

/// Of what is no incident no change is the cause (rule R7 begins with a surge): those nearby are only counted.
fn course(place: &Place, stretch: &Stretch, changes: &Log, now: Moment) -> Course {
    let since_ms = now.of(stretch.onset).unix_ms;
    let onset = Onset {
        at_ms: since_ms,
        pool: place.pool().map(|pool| &**pool),
        backends: &[],
        backends_total: None,
        whole: false,
    };
    let near = changes.changes().rev();
    let near = near.filter(|change| is_near(since_ms - change.at_ms) && concerns(change, &onset));
    Course {
        place: place.clone(),
        since_ms,
        failed: stretch.failed,
        requests: Some(stretch.requests.max(stretch.failed)),
        saved: stretch.saved.total(),
        changes: counted(near.count(), since_ms, changes),
    }
}

fn judged(links: &Links, onset: i64, changes: &Log) -> Changes {
    if let Some(link) = &links.cause {
        return Changes::Linked {
            what: link.change.to_string().into(),
            at_ms: link.change.at_ms,
            before_ms: link.before_ms,
            ratio: link.ratio,
            proven: link.proven,
        };
    }
    let near = links
        .near
        .iter()
        .filter(|(change, why)| is_near(onset - change.at_ms) && !matches!(why, WhyNot::Elsewhere));
    counted(near.count(), onset, changes)
}

fn counted(near: usize, onset: i64, changes: &Log) -> Changes {
    let watched = u64::try_from(onset - changes.since_ms()).unwrap_or_default();
    match near {
        0 => Changes::None(Duration::from_millis(watched).min(NEARBY)),
        near => Changes::Near(near),
    }
}

fn is_near(before_ms: i64) -> bool {
    u64::try_from(before_ms).is_ok_and(|before| Duration::from_millis(before) <= NEARBY)
}
