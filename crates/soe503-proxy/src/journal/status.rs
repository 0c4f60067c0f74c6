//! How it is.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;

use super::{Kind, Limits, Trouble};

/// Whether the journal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is none.
    Off,
    /// It is being opened and checked.
    Opening,
    /// It is read and written.
    Open,
    /// It cannot be used; it is tried again.
    Failing,
}

/// The journal at one moment. Times are milliseconds since 1970 (UTC).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whether it is written.
    pub state: State,
    /// Where it is.
    pub path: PathBuf,
    /// Its bounds.
    pub limits: Limits,
    /// What is in its way, and since when.
    pub trouble: Option<(Trouble, u64)>,
    /// The length of the file, in bytes, after the last commit.
    pub size: u64,
    /// How many entries it has, in the order of [`Kind::ALL`].
    pub entries: [u64; Kind::ALL.len()],
    /// When the oldest entry was.
    pub oldest: Option<u64>,
    /// When it was written last.
    pub last_commit: Option<u64>,
    /// The file that this process has set aside last.
    pub set_aside: Option<SetAside>,
}

/// A file that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where it is now.
    pub path: PathBuf,
    /// When.
    pub at: u64,
    /// Why.
    pub why: Trouble,
}

/// What happened since the process started, over all files.
#[derive(Debug, Default)]
pub struct Counts {
    /// Entries written.
    pub written: AtomicU64,
    /// Entries lost: they came faster than they could be written, or were too large.
    pub dropped: AtomicU64,
    /// Entries removed because they were old.
    pub aged: AtomicU64,
    /// Entries removed to make room.
    pub squeezed: AtomicU64,
    /// Files set aside.
    pub set_aside: AtomicU64,
}

impl Status {
    pub(super) const fn new(path: PathBuf, limits: Limits) -> Self {
        Self {
            state: State::Opening,
            path,
            limits,
            trouble: None,
            size: 0,
            entries: [0; Kind::ALL.len()],
            oldest: None,
            last_commit: None,
            set_aside: None,
        }
    }

    /// How many entries of `kind` it has.
    pub const fn entries(&self, kind: Kind) -> u64 {
        self.entries[kind.index()]
    }
}
