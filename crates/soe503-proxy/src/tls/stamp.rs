//! Whether files are still those that were read.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What tells one state of a set of files from another, following symbolic links: a link that is
/// switched, as Kubernetes does it, counts as well as a file that is written or replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp(Vec<Option<Mark>>);

/// One file: device, inode, size, and the times of the last change of its content and of itself.
type Mark = (u64, u64, u64, (i64, i64), (i64, i64));

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
}
