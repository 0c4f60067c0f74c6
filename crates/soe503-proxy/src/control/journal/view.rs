//! The journal as the admin API shows it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use soe503_api as api;
use soe503_api::Timestamp;

use crate::journal::{Kind, State, Status};
use crate::state::Proxy;

/// The journal of `proxy` as it is now.
pub(crate) fn view(proxy: &Proxy) -> api::Journal {
    let status = proxy.journal.status();
    let status = status.as_ref();
    let counts = proxy.journal.counts();
    let read = |counter: &AtomicU64| counter.load(Relaxed);
    let entries = |kind| status.map_or(0, |status| status.entries(kind));
    let config = proxy.config();
    api::Journal {
        state: status.map_or(api::JournalState::Off, |status| state(status.state)),
        path: status.map(|status| status.path.display().to_string()),
        trouble: status.and_then(trouble),
        size: status.map(|status| status.size),
        max_size: status.map(|status| status.limits.max_size),
        max_age_s: status.map(|status| status.limits.max_age.as_secs()),
        sample: config.journal.as_ref().map(|journal| journal.sample),
        entries: api::JournalEntries {
            failures: entries(Kind::Failure),
            incidents: entries(Kind::Incident),
            changes: entries(Kind::Change),
        },
        oldest: status.and_then(|status| status.oldest).map(date),
        last_commit: status.and_then(|status| status.last_commit).map(date),
        written: read(&counts.written),
        dropped: read(&counts.dropped),
        removed_by_age: read(&counts.aged),
        removed_by_size: read(&counts.squeezed),
        set_aside: status
            .and_then(|status| status.set_aside.as_ref())
            .map(|aside| api::JournalSetAside {
                path: aside.path.display().to_string(),
                at: date(aside.at),
                why: aside.why.to_string(),
            }),
    }
}

fn trouble(status: &Status) -> Option<api::JournalTrouble> {
    let (trouble, since) = status.trouble.as_ref()?;
    Some(api::JournalTrouble {
        kind: trouble.kind.id().to_owned(),
        detail: trouble.to_string(),
        since: date(*since),
    })
}

const fn state(state: State) -> api::JournalState {
    match state {
        State::Off => api::JournalState::Off,
        State::Opening => api::JournalState::Opening,
        State::Open => api::JournalState::Open,
        State::Failing => api::JournalState::Failing,
    }
}

const fn date(unix_millis: u64) -> Timestamp {
    Timestamp::from_unix_millis(unix_millis)
}
