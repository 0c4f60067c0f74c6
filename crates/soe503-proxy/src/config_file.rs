//! Following the config file.
//!
//! It is looked at once a second, rather than watched: a look costs a `stat`, works on every file system, sees through the
//! links that Kubernetes switches, and cannot lose an event.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::stamp::Stamp;

const EVERY: Duration = Duration::from_secs(1);

/// The config file, as far as it was seen.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    /// `None`: there is none.
    path: Option<PathBuf>,
    /// As it was when it was read last.
    read: Stamp,
    /// As it was at the last look.
    seen: Stamp,
    ticks: Interval,
}

// === impl ConfigFile ===

impl ConfigFile {
    /// The file at `path`, which has just been read.
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let now = stamp(path.as_deref());
        Self {
            path,
            read: now.clone(),
            seen: now,
            ticks,
        }
    }

    /// Waits until the file has changed since it was read last, and has stopped to, looking at it as long as it is `wanted`.
    /// Dropped before, nothing is lost.
    pub(crate) async fn changed(&mut self, wanted: impl Fn() -> bool) {
        loop {
            self.ticks.tick().await;
            if !wanted() {
                continue;
            }
            if self.has_changed(self.look().await) {
                return;
            }
        }
    }

    /// It is about to be read for another reason.
    pub(crate) async fn is_read(&mut self) {
        self.read = self.look().await;
    }

    /// A disk that does not answer holds up nothing but this.
    async fn look(&self) -> Stamp {
        let path = self.path.clone();
        let looked = tokio::task::spawn_blocking(move || stamp(path.as_deref())).await;
        looked.unwrap_or_else(|_| self.read.clone())
    }

    /// Two looks in a row agree that it is not what was read. From then on that counts as read, whether or not it can
    /// be used: the same mistake is told once.
    fn has_changed(&mut self, now: Stamp) -> bool {
        let settled = now == self.seen;
        self.seen = now;
        let changed = settled && self.seen != self.read;
        if changed {
            self.read = self.seen.clone();
        }
        changed
    }
}

fn stamp(path: Option<&Path>) -> Stamp {
    Stamp::of(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_change_counts_once_and_when_it_has_settled() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("soe503.toml");
        fs::write(&path, "one").unwrap();
        let mut file = ConfigFile::new(Some(path.clone()));
        let now = || stamp(Some(&path));
        assert!(
            !file.has_changed(now()) && !file.has_changed(now()),
            "nothing has"
        );
        fs::write(&path, "half").unwrap();
        assert!(!file.has_changed(now()), "it may go on");
        fs::write(&path, "all of it").unwrap();
        assert!(!file.has_changed(now()), "it did");
        assert!(file.has_changed(now()));
        assert!(!file.has_changed(now()), "told once");
        fs::write(&path, "by hand").unwrap();
        file.is_read().await;
        assert!(
            !file.has_changed(now()) && !file.has_changed(now()),
            "SIGHUP was faster"
        );
    }

    /// What Kubernetes does with a `ConfigMap`: the file is a link into a directory that is a link, and that one is switched.
    #[tokio::test(start_paused = true)]
    async fn a_link_that_is_switched_counts() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for (version, text) in [("..1", "one"), ("..2", "two")] {
            fs::create_dir(at(version)).unwrap();
            fs::write(at(version).join("soe503.toml"), text).unwrap();
        }
        symlink("..1", at("..data")).unwrap();
        symlink("..data/soe503.toml", at("soe503.toml")).unwrap();
        let mut file = ConfigFile::new(Some(at("soe503.toml")));
        symlink("..2", at("..new")).unwrap();
        fs::rename(at("..new"), at("..data")).unwrap();
        file.changed(|| true).await;
        assert_eq!(fs::read_to_string(at("soe503.toml")).unwrap(), "two");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_looks_where_nobody_wants_to_know() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("soe503.toml");
        fs::write(&path, "one").unwrap();
        let mut file = ConfigFile::new(Some(path.clone()));
        fs::write(&path, "another").unwrap();
        let waited = tokio::time::timeout(EVERY * 10, file.changed(|| false)).await;
        assert!(waited.is_err());
        file.changed(|| true).await;
    }
}
