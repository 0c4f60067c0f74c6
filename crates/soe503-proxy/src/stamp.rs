//! Whether files are still those that were read.
//!
//! They are looked at once a second, rather than watched: a look costs a `stat` each, works on
//! every file system, sees through the links that Kubernetes switches, and cannot lose an event.
//! A change counts once two looks in a row agree: a certificate and its key are written one after
//! the other.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What tells one state of a set of files from another, following symbolic links: a link that is
/// switched, as Kubernetes does it, counts as well as a file that is written or replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp(Vec<Option<Mark>>);

/// One file: device, inode, size, and the times of the last change of its content and of itself.
type Mark = (u64, u64, u64, (i64, i64), (i64, i64));

/// What was seen of a set of files.
#[derive(Debug)]
pub(crate) struct Following {
    /// Those that were read last.
    read: Stamp,
    /// Those of the last look.
    seen: Stamp,
}

// === impl Stamp ===

impl Stamp {
    /// The state of `files` now; one that cannot be looked at has none.
    pub(crate) fn of<'p>(files: impl IntoIterator<Item = &'p Path>) -> Self {
        Self(files.into_iter().map(mark).collect())
    }
}

fn mark(path: &Path) -> Option<Mark> {
    let found = std::fs::metadata(path).ok()?;
    Some((
        found.dev(),
        found.ino(),
        found.size(),
        (found.mtime(), found.mtime_nsec()),
        (found.ctime(), found.ctime_nsec()),
    ))
}

// === impl Following ===

impl Following {
    /// Files that were read when they were `read`.
    pub(crate) fn new(read: Stamp) -> Self {
        Self {
            seen: read.clone(),
            read,
        }
    }

    /// Whether files that are `now` like this are to be read: others than those read last, and the
    /// same as at the last look.
    pub(crate) fn is_due(&mut self, now: &Stamp) -> bool {
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
    use std::os::unix::fs::symlink;

    #[test]
    fn writing_replacing_removing_and_switching_links_all_show() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("a"), "one").unwrap();
        fs::write(path("b"), "two").unwrap();
        symlink(path("a"), path("link")).unwrap();
        let of = || Stamp::of([path("link").as_path()]);
        let first = of();
        assert_eq!(of(), first);
        fs::write(path("a"), "longer").unwrap();
        let written = of();
        assert_ne!(written, first);
        fs::rename(path("b"), path("a")).unwrap();
        let replaced = of();
        assert_ne!(replaced, written);
        fs::write(path("c"), "two").unwrap();
        symlink(path("c"), path("new")).unwrap();
        fs::rename(path("new"), path("link")).unwrap();
        let switched = of();
        assert_ne!(switched, replaced);
        fs::remove_file(path("c")).unwrap();
        assert_ne!(of(), switched);
    }

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
