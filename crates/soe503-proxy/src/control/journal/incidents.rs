//! Incidents and changes, as the admin API tells them.

use std::sync::Arc;

use soe503_api::{Change, Incident, IncidentState, IncidentSummary};

use super::failures::Unread;
use crate::control::clock::unix_now;
use crate::control::incidents::News;
use crate::journal::{Entry, Journal, Kind};

/// The form of both in the journal: [`Incident`] and [`Change`] as JSON.
const FORM: u8 = 1;

/// Incidents of earlier times that a list shows at most.
const MOST: usize = 100;

/// As many changes are recalled at most: all that are ever kept in mind.
const MOST_CHANGES: usize = 256;

/// Puts the latest news into the journal; what was known of the same incident or change goes.
pub(crate) fn keep(journal: &Journal, news: &News) {
    if !journal.is_on() {
        return;
    }
    let at = u64::try_from(unix_now().as_millis()).unwrap_or(u64::MAX);
    let entry = match news {
        News::Opened(incident)
        | News::Reopened(incident)
        | News::Updated(incident)
        | News::Closed(incident) => {
            let id: Arc<str> = incident.summary.id.as_str().into();
            Entry::json(Kind::Incident, id, at, FORM, incident)
        }
        News::Changed(change) => {
            let id: Arc<str> = change.id.as_str().into();
            Entry::json(Kind::Change, id, at, FORM, change)
        }
    };
    // All of their parts can be said in JSON; one that cannot is not worth a failure.
    if let Ok(entry) = entry {
        journal.put(entry);
    }
}

/// The incident with this id, if the journal has it. It may wait for the disk.
///
/// # Errors
///
/// Why the journal, or what is in it, cannot be read.
pub(crate) fn find_incident(journal: &Journal, id: &str) -> Result<Option<Incident>, Unread> {
    match journal.get(Kind::Incident, id)? {
        Some(stored) => {
            let mut incident: Incident = stored.json(FORM)?;
            end(&mut incident.summary);
            Ok(Some(incident))
        }
        None => Ok(None),
    }
}

/// The incidents that the journal knows, the latest first. It may wait for the disk.
///
/// # Errors
///
/// Why the journal cannot be read. What is in a form of another version is left out.
pub(crate) fn earlier_incidents(journal: &Journal) -> Result<Vec<IncidentSummary>, Unread> {
    let stored = journal.latest(Kind::Incident, u64::MAX, MOST)?;
    let read = |one: &crate::journal::Stored| one.json::<Incident>(FORM).ok();
    let mut summaries: Vec<_> = stored
        .iter()
        .filter_map(read)
        .map(|incident| incident.summary)
        .collect();
    summaries.iter_mut().for_each(end);
    Ok(summaries)
}

/// The incidents that were open when an earlier process ended. It may wait for the disk.
///
/// # Errors
///
/// Why the journal cannot be read. What is in a form of another version is left out.
pub(super) fn interrupted_incidents(journal: &Journal) -> Result<Vec<Incident>, Unread> {
    let stored = journal.latest(Kind::Incident, u64::MAX, MOST)?;
    let read = |one: &crate::journal::Stored| one.json::<Incident>(FORM).ok();
    let open = |one: &Incident| one.summary.state == IncidentState::Open;
    Ok(stored.iter().filter_map(read).filter(open).collect())
}

/// The changes that the journal knows. It may wait for the disk.
///
/// # Errors
///
/// Why the journal cannot be read. What is in a form of another version is left out.
pub(super) fn earlier_changes(journal: &Journal) -> Result<Vec<Change>, Unread> {
    let stored = journal.latest(Kind::Change, u64::MAX, MOST_CHANGES)?;
    let read = |one: &crate::journal::Stored| one.json::<Change>(FORM).ok();
    Ok(stored.iter().filter_map(read).collect())
}

/// Whoever followed it has ended, and nothing has shown since that it goes on: its last failure is all there is to say.
fn end(summary: &mut IncidentSummary) {
    if summary.state == IncidentState::Open {
        summary.state = IncidentState::Closed;
        summary.closed_at = Some(summary.last_seen);
    }
}
