//! Following files: certificates that changed on disk are put in force, without a restart and without a signal. What cannot
//! be used leaves in force what worked, and the log says why, once. See [`stamp`](crate::stamp) for how a change is seen.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::trouble::Trouble;
use crate::stamp::Stamp;
use crate::state::Proxy;

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

/// How often changed files were put in force, and could not be.
#[derive(Debug, Default)]
pub struct FileReloads {
    /// Put in force.
    pub applied: AtomicU64,
    /// Not usable: what worked stayed in force.
    pub refused: AtomicU64,
}

/// Looks at the files of the admin address, of all listeners and pools. It may block, as disks do.
pub(crate) fn look(proxy: &Proxy) {
    if let Some(tls) = proxy.access.tls()
        && refresh(&tls, &proxy.file_reloads)
    {
        proxy.access.renew();
    }
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

/// Puts changed files in force, and says whether it has.
fn refresh(followed: &impl Followed, reloads: &FileReloads) -> bool {
    if !followed.is_due(&followed.stamp()) {
        return false;
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
    applied
}
