//! What of the proxy goes into the [journal](crate::journal), and how that is told.
//!
//! A failure record goes in as the admin API tells it: with the words and dates of the moment, so that a later version
//! tells the same; so do incidents and changes, each time that there is news of them. A record is made on the way from the recorder's channel into its ring, which no worker waits for.

mod failures;
mod incidents;
mod view;

pub use failures::{Failures, Unread, find};
pub(crate) use incidents::{earlier_incidents, find_incident, keep};
pub(crate) use view::view;

use std::io;
use std::sync::Arc;

use crate::config;
use crate::control::clock::{Anchor, unix_now};
use crate::state::Proxy;

/// Begins, moves, bounds or ends the journal of `proxy` as the configuration in force says.
///
/// # Errors
///
/// If its thread cannot be started.
pub fn follow(proxy: &Proxy, journal: Option<&config::Journal>) -> io::Result<()> {
    if let Some(journal) = journal {
        proxy.recorder.sample(journal.sample);
        proxy.incidents.expect_recall(Anchor::now());
    }
    let wanted = journal.map(|journal| (journal.path.clone(), journal.limits));
    let recorder = proxy.recorder.clone();
    let (mine, known) = (proxy.journal.clone(), proxy.incidents.clone());
    let mut recalled = false;
    proxy.journal.configure(wanted, unix_millis, move || {
        recorder.take_in();
        // On the journal's own thread, as soon as the file is open.
        if !recalled
            && mine.is_on()
            && let (Ok(changes), Ok(open)) = (
                incidents::earlier_changes(&mine),
                incidents::interrupted_incidents(&mine),
            )
        {
            known.recall(&changes, &open, Anchor::now());
            recalled = true;
        }
    })
}

fn unix_millis() -> u64 {
    u64::try_from(unix_now().as_millis()).unwrap_or(u64::MAX)
}

/// The journal's handle and what feeds it with the failures of a server with this name.
pub fn feed(server: Arc<str>) -> (crate::journal::Journal, Failures) {
    let journal = crate::journal::Journal::default();
    (journal.clone(), Failures::new(journal, server))
}
