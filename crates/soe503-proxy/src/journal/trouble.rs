//! Why the journal is not written.

use std::fmt;
use std::io;

use super::disk::OverLimit;

/// Why the file cannot be used now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What it is.
    pub kind: TroubleKind,
    /// The observation, in words.
    pub detail: String,
}

/// What keeps the file from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TroubleKind {
    /// It has not been opened yet.
    Opening,
    /// Another process has it.
    InUse,
    /// No room on the disk, or no more than a quota or a limit of the process allows.
    Full,
    /// It may not be read or written, or the file system may not.
    Denied,
    /// Its directory does not exist.
    Missing,
    /// It is a directory, a device or the like.
    NotAFile,
    /// It is a file of somebody else's.
    Foreign,
    /// It is broken.
    Broken,
    /// Another version wrote it, in a form that this one does not know.
    Format,
    /// It would become longer than it may.
    OverLimit,
    /// Anything else that the system said.
    Io,
}

// === impl TroubleKind ===

impl TroubleKind {
    /// Those that anybody may see, for the table of metrics.
    pub const TOLD: [Self; 9] = [
        Self::InUse,
        Self::Full,
        Self::Denied,
        Self::Missing,
        Self::NotAFile,
        Self::Foreign,
        Self::Broken,
        Self::Format,
        Self::Io,
    ];

    /// Its identifier: `in_use`, `disk_full`, …
    pub const fn id(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::InUse => "in_use",
            Self::Full => "disk_full",
            Self::Denied => "denied",
            Self::Missing => "missing_directory",
            Self::NotAFile => "not_a_file",
            Self::Foreign => "foreign_file",
            Self::Broken => "broken",
            Self::Format => "other_format",
            Self::OverLimit => "over_limit",
            Self::Io => "io",
        }
    }

    /// Whether the file will never be usable again, so that a new one has to begin.
    pub(super) const fn is_final(self) -> bool {
        matches!(self, Self::Broken | Self::Format)
    }
}

// === impl Trouble ===

impl Trouble {
    pub(super) fn new(kind: TroubleKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }

    /// What a thread that panicked says; the file is to blame until it has passed a check.
    pub(super) fn panicked() -> Self {
        Self::new(
            TroubleKind::Broken,
            "reading it led to a state that cannot be",
        )
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind as Error;
        let over = error.get_ref().is_some_and(|inner| inner.is::<OverLimit>());
        let kind = match error.kind() {
            _ if over => TroubleKind::OverLimit,
            Error::StorageFull | Error::QuotaExceeded | Error::FileTooLarge => TroubleKind::Full,
            Error::PermissionDenied | Error::ReadOnlyFilesystem => TroubleKind::Denied,
            Error::NotFound | Error::NotADirectory => TroubleKind::Missing,
            Error::IsADirectory => TroubleKind::NotAFile,
            // Shorter than it says, or nothing that it could be.
            Error::UnexpectedEof | Error::InvalidData => TroubleKind::Broken,
            _ => TroubleKind::Io,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<redb::Error> for Trouble {
    fn from(error: redb::Error) -> Self {
        let kind = match error {
            redb::Error::Io(error) => return error.into(),
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
                return Self::new(TroubleKind::InUse, "another process has it open");
            }
            redb::Error::UpgradeRequired(_) => TroubleKind::Format,
            redb::Error::Corrupted(_)
            | redb::Error::RepairAborted
            | redb::Error::TableTypeMismatch { .. }
            | redb::Error::TypeDefinitionChanged { .. }
            | redb::Error::TableIsMultimap(_)
            | redb::Error::TableIsNotMultimap(_) => TroubleKind::Broken,
            // After an error of the disk, a panic or a poisoned lock: it has to be opened again.
            _ => TroubleKind::Io,
        };
        Self::new(kind, error.to_string())
    }
}
