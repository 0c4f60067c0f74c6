//! Against files of a temporary directory, and against a store in memory that fails when told to.

mod bounds;
mod broken;
mod faulty;
mod keeping;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::{Entry, Journal, Kind, Limits};

/// The time that the tests' journals read, in milliseconds since 1970. It only grows, and all tests share it: those
/// that depend on it have a clock of their own.
static NOW: AtomicU64 = AtomicU64::new(1_795_369_268_000);

fn now() -> u64 {
    NOW.load(Relaxed)
}

/// An entry whose body says what it is.
fn entry(kind: Kind, id: &str, at: u64) -> Entry {
    Entry {
        kind,
        id: id.into(),
        at,
        version: 1,
        body: format!("{} {id}", kind.id()).into_bytes(),
    }
}

fn failure(number: u64) -> Entry {
    entry(Kind::Failure, &format!("f{number}"), now() + number)
}

/// A journal that ends with its test.
struct Begun(Journal);

impl std::ops::Deref for Begun {
    type Target = Journal;

    fn deref(&self) -> &Journal {
        &self.0
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.stop();
    }
}

fn on(path: &Path, limits: Limits) -> Begun {
    let journal = Journal::default();
    journal
        .configure(Some((path.to_owned(), limits)), now, || ())
        .unwrap();
    journal.flush();
    Begun(journal)
}

fn begun(path: &Path) -> Begun {
    on(path, Limits::default())
}

fn place(directory: &tempfile::TempDir) -> PathBuf {
    directory.path().join("journal.redb")
}

fn limits(max_size: u64) -> Limits {
    Limits {
        max_size,
        max_age: Duration::from_secs(3600),
    }
}

/// The ids of all entries of `kind`, the latest first.
fn ids(journal: &Journal, kind: Kind) -> Vec<String> {
    let entries = journal.latest(kind, u64::MAX, usize::MAX).unwrap();
    entries.into_iter().map(|entry| entry.id).collect()
}
