//! The one place where all news of incidents and changes pass by.

use soe503_api as api;

use super::Incidents;
use crate::control::journal;

/// Something happened to an incident, or was changed. Whole documents, as the admin API tells them: whoever keeps
/// them needs nothing else.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum News {
    /// An incident was opened.
    Opened(api::Incident),
    /// One has come back after it was closed.
    Reopened(api::Incident),
    /// More is known about one; while it goes on, every five seconds.
    Updated(api::Incident),
    /// One is over.
    Closed(api::Incident),
    /// Something was changed, or more is known about a change.
    Changed(api::Change),
}

impl Incidents {
    /// Tells everybody who wants to know. Called on the control plane's threads, with nothing locked.
    pub(super) fn pass_on(&self, news: &[News]) {
        news.iter().for_each(log);
        if let Some(alerts) = self.shared.alerts.get() {
            alerts.hear(news, soe503::clock::now());
        }
        if let Some(journal) = self.shared.journal.get() {
            news.iter().for_each(|news| journal::keep(journal, news));
        }
    }
}

fn log(news: &News) {
    match news {
        News::Opened(incident) | News::Reopened(incident) => {
            let summary = &incident.summary;
            let change = summary.change.as_ref().map(|linked| &*linked.change.title);
            let again = summary.reopened > 0;
            tracing::warn!(
                id = summary.id,
                cause = summary.cause,
                place = summary.place,
                failed = summary.requests.failed,
                change,
                again,
                "incident opened"
            );
        }
        News::Updated(incident) => {
            let summary = &incident.summary;
            let (id, failed) = (&*summary.id, summary.requests.failed);
            tracing::debug!(id, cause = summary.cause, failed, "incident goes on");
        }
        News::Closed(incident) => {
            let summary = &incident.summary;
            tracing::info!(
                id = summary.id,
                cause = summary.cause,
                place = summary.place,
                failed = summary.requests.failed,
                prevented = summary.requests.prevented,
                "incident closed"
            );
        }
        News::Changed(change) => {
            let (id, title, at) = (&*change.id, &*change.title, change.at);
            tracing::info!(id, title, %at, pools = ?change.pools, "something was changed");
        }
    }
}
