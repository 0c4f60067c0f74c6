//! Files that cannot be used.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Trouble, TroubleKind};

/// Where the file at `path` goes when it cannot be used: beside it, with a name that says why.
///
/// There is one such name for each reason, so what was set aside before is replaced: a journal that breaks again and
/// again must not fill the disk.
pub(super) fn place(path: &Path, why: TroubleKind) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(match why {
        TroubleKind::Format => ".other-format",
        _ => ".broken",
    });
    name.into()
}

/// Sets the file at `path` aside; where it is now.
///
/// # Errors
///
/// `why`, with what was in the way of setting it aside.
pub(super) fn set_aside(path: &Path, why: &Trouble) -> Result<PathBuf, Trouble> {
    let place = place(path, why.kind);
    match fs::rename(path, &place) {
        Ok(()) => Ok(place),
        Err(error) => Err(Trouble::new(
            why.kind,
            format!(
                "{why}; and it cannot be set aside as {}: {error}",
                place.display()
            ),
        )),
    }
}
