//! The file: opened with care, and never longer than it may be.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

use super::{Trouble, TroubleKind};

/// The first bytes of a redb file.
const MAGIC: &[u8] = b"redb\x1A\x0A\xA9\x0D\x0A";
/// Whose name ends like this is ours, whatever is in it.
const OURS: &str = "redb";

/// The longest that a file may become; shared with who opened it.
#[derive(Clone, Debug)]
pub(super) struct Ceiling(Arc<AtomicU64>);

/// What a backend says that would become longer than its ceiling.
#[derive(Debug, thiserror::Error)]
#[error("it would become longer than `max_size`")]
pub(super) struct OverLimit;

/// A backend that does not grow beyond its ceiling.
#[derive(Debug)]
pub(super) struct Bounded<B> {
    inner: B,
    ceiling: Ceiling,
}

/// Opens the file at `path`, or makes it, readable by us alone: hosts and paths are in it.
pub(super) fn open(path: &Path) -> Result<File, Trouble> {
    match path.metadata() {
        Ok(found) if !found.is_file() => {
            return Err(Trouble::new(
                TroubleKind::NotAFile,
                format!("{} is not a file", path.display()),
            ));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(told(error, path)),
    }
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| told(error, path))?;
    whose(&file, path)?;
    Ok(file)
}

/// Device and inode of the file at `path`.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let found = path.metadata().ok()?;
    Some((found.dev(), found.ino()))
}

fn told(error: io::Error, path: &Path) -> Trouble {
    let mut trouble = Trouble::from(error);
    if trouble.kind == TroubleKind::Missing {
        let directory = path.parent().unwrap_or(path);
        trouble.detail = format!("the directory {} does not exist", directory.display());
    } else {
        trouble.detail = format!("{}: {}", path.display(), trouble.detail);
    }
    trouble
}

/// A slip in the config must not cost anybody a file: what is not a journal is touched only if it has the name of one.
fn whose(file: &File, path: &Path) -> Result<(), Trouble> {
    use std::os::unix::fs::FileExt;
    let mut head = [0; MAGIC.len()];
    let mut read = 0;
    while read < head.len() {
        match file.read_at(&mut head[read..], read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    let ours = path.extension().is_some_and(|extension| extension == OURS);
    if read == 0 || head == MAGIC || ours {
        return Ok(());
    }
    Err(Trouble::new(
        TroubleKind::Foreign,
        format!(
            "{} is not a journal, and is left as it is: a broken one is replaced only if its name ends in .{OURS}",
            path.display()
        ),
    ))
}

// === impl Ceiling ===

impl Ceiling {
    pub(super) fn new(max: u64) -> Self {
        Self(Arc::new(AtomicU64::new(max)))
    }

    pub(super) fn set(&self, max: u64) {
        self.0.store(max, Relaxed);
    }
}

// === impl Bounded ===

impl Bounded<FileBackend> {
    /// `file`, which may become `ceiling` long.
    pub(super) fn file(file: File, ceiling: Ceiling) -> Result<Self, redb::Error> {
        Ok(Self::new(FileBackend::new(file)?, ceiling))
    }
}

impl<B> Bounded<B> {
    pub(super) const fn new(inner: B, ceiling: Ceiling) -> Self {
        Self { inner, ceiling }
    }
}

impl<B: StorageBackend> StorageBackend for Bounded<B> {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if len > self.ceiling.0.load(Relaxed) && len > self.inner.len()? {
            return Err(io::Error::other(OverLimit));
        }
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.inner.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.inner.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.query_lock_range(start, end)
    }
}
