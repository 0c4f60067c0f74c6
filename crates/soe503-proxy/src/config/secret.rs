//! Files that hold a secret.

use std::{fs, io::Read, path::Path};

/// As much of such a file is read, in bytes.
const MOST: u64 = 4096;

/// What is in a file that holds a secret.
///
/// # Errors
///
/// What the kernel said, with the file's path.
pub(crate) fn short_file(path: &Path) -> Result<String, String> {
    let mut contents = String::new();
    fs::File::open(path)
        // A secret is short; a device has no end.
        .and_then(|file| file.take(MOST).read_to_string(&mut contents))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(contents)
}
