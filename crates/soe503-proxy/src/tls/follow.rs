//! Following files: what changed on disk is put in force, without a restart and without a signal.
//!
//! The files are looked at once a second, rather than watched: a look costs a `stat` each, works on
//! every file system, sees through the links that Kubernetes switches, and cannot lose an event.
//! A change counts once two looks in a row agree: a certificate and its key are written one after
//! the other. What cannot be used leaves in force what worked, and the log says why, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::stamp::Stamp;
use super::trouble::Trouble;
use crate::state::Proxy;

const EVERY: Duration = Duration::from_secs(1);

/// Something that was made from files.
pub(super) trait Followed {
    /// The files now.
    fn stamp(&self) -> Stamp;
    /// Whether the files, which are `now` like this, are to be read again.
    fn is_due(&self, now: &Stamp) -> bool;
    /// Reads the files and puts them in force; `false` if they cannot be used.
    fn reload(&self) -> (bool, Vec<Trouble>);
    /// What it is, for the log.
    fn name(&self) -> String;
}

/// What was seen of a set of files.
#[derive(Debug)]
pub(super) struct Following {
    /// Those that were read last.
    read: Stamp,
    /// Those of the last look.
    seen: Stamp,
}

/// How often changed files were put in force, and could not be.
#[derive(Debug, Default)]
pub struct FileReloads {
    /// Put in force.
    pub applied: AtomicU64,
    /// Not usable: what worked stayed in force.
    pub refused: AtomicU64,
}

/// Follows the files of all listeners and pools for ever; the caller ends it by dropping the future.
pub(crate) async fn follow(proxy: Arc<Proxy>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let proxy = Arc::clone(&proxy);
        // A disk that does not answer holds this up and nothing else.
        let looked = tokio::task::spawn_blocking(move || look(&proxy)).await;
        if let Err(error) = looked {
            tracing::error!(%error, "looking at certificate files panicked");
        }
    }
}

fn look(proxy: &Proxy) {
    for listener in proxy.all_server_tls() {
        refresh(&listener, &proxy.file_reloads);
    }
    let pools = proxy.pools();
    for tls in pools.values().filter_map(|pool| pool.tls()) {
        refresh(tls, &proxy.file_reloads);
    }
    for tls in proxy.alerts.all_tls() {
        refresh(&tls, &proxy.file_reloads);
    }
}

/// Puts changed files in force.
fn refresh(followed: &impl Followed, reloads: &FileReloads) {
    if !followed.is_due(&followed.stamp()) {
        return;
    }
    let (applied, troubles) = followed.reload();
    let name = followed.name();
    let counter = if applied {
        tracing::info!("{name}: certificates reloaded");
        &reloads.applied
    } else {
        &reloads.refused
    };
    counter.fetch_add(1, Relaxed);
    for trouble in troubles {
        if applied {
            tracing::warn!("{name}: {trouble}");
        } else {
            tracing::error!(
                "{name}: changed certificates not used, the old ones stay in force: {trouble}"
            );
        }
    }
}

// === impl Following ===

impl Following {
    /// Files that were read when they were `read`.
    pub(super) fn new(read: Stamp) -> Self {
        Self {
            seen: read.clone(),
            read,
        }
    }

    /// Whether files that are `now` like this are to be read: others than those read last, and the
    /// same as at the last look.
    pub(super) fn is_due(&mut self, now: &Stamp) -> bool {
        let steady = self.seen == *now;
        self.seen = now.clone();
        if !steady || self.read == *now {
            return false;
        }
        // Whatever comes of it: once is enough.
        self.read = now.clone();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_change_is_due_once_when_it_has_settled() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cert.pem");
        let stamp = || Stamp::of([path.as_path()]);
        fs::write(&path, "1").unwrap();
        let mut following = Following::new(stamp());
        assert!(!following.is_due(&stamp()), "nothing changed");
        fs::write(&path, "22").unwrap();
        assert!(!following.is_due(&stamp()), "it may still be written");
        fs::write(&path, "333").unwrap();
        assert!(!following.is_due(&stamp()), "it was");
        assert!(following.is_due(&stamp()));
        assert!(!following.is_due(&stamp()), "it was read");
    }
}
