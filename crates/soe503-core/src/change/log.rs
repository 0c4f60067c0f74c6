//! The changes of the last time.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Change, Kind, Origin, Reach};

/// How many are kept.
const MOST: usize = 256;
/// Of so many of the newest everything is kept. Nobody looks for the cause of what fails now in the keys of a change before these,
/// and what is kept of one is mostly its keys.
const IN_FULL: usize = 64;
/// Backends that tell a new release within this time of each other, in milliseconds, are one roll-out.
const ROLL_OUT_MS: i64 = 15 * 60 * 1000;

/// The changes that are known, oldest first, and since when anybody has watched. At most 256; of those before
/// the newest 64 only the first of their notes.
#[derive(Clone, Debug)]
pub struct Log {
    since_ms: i64,
    changes: VecDeque<Arc<Change>>,
}

/// What became of a change that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is new, or says more than was known.
    New(Arc<Change>),
    /// It was known: the same change at the same time.
    Known(Arc<Change>),
}

// === impl Log ===

impl Log {
    /// An empty log that begins at `since_ms`.
    pub const fn new(since_ms: i64) -> Self {
        Self {
            since_ms,
            changes: VecDeque::new(),
        }
    }

    /// Adds `change` in its place. Told twice it is kept once, under its first id.
    pub fn add(&mut self, change: Change) -> Added {
        if let Some(known) = self.changes.iter().find(|known| known.same(&change)) {
            return Added::Known(Arc::clone(known));
        }
        let change = Arc::new(change);
        let place = self.changes.partition_point(|c| c.at_ms <= change.at_ms);
        self.changes.insert(place, Arc::clone(&change));
        // The new one may itself be older than those.
        if let Some(older) = self.changes.len().checked_sub(IN_FULL + 1) {
            shorten(&mut self.changes[place.min(older)]);
        }
        if self.changes.len() > MOST {
            self.changes.pop_front();
        }
        Added::New(change)
    }

    /// A backend says that it is of another release than before. Several that say the same within a quarter
    /// of an hour are one change, of all of them, from the first on.
    pub fn release(
        &mut self,
        id: &Arc<str>,
        pool: &Arc<str>,
        backend: &Arc<str>,
        version: &Arc<str>,
        at_ms: i64,
    ) -> Arc<Change> {
        let same = |known: &Arc<Change>| {
            known.origin == Origin::Release
                && known.version.as_ref() == Some(version)
                && at_ms - known.at_ms <= ROLL_OUT_MS
                && matches!(&known.reach, Reach::Backends { pool: of, .. } if of == pool)
        };
        if let Some(known) = self.changes.iter_mut().rev().find(|known| same(known)) {
            if let Reach::Backends { backends, .. } = &mut Arc::make_mut(known).reach
                && !backends.contains(backend)
            {
                backends.push(Arc::clone(backend));
            }
            return Arc::clone(known);
        }
        let change = Change {
            id: Arc::clone(id),
            kind: Kind::Deploy,
            at_ms,
            service: Some(Arc::clone(pool)),
            version: Some(Arc::clone(version)),
            reach: Reach::Backends {
                pool: Arc::clone(pool),
                backends: vec![Arc::clone(backend)],
            },
            by: None,
            notes: Vec::new(),
            origin: Origin::Release,
        };
        match self.add(change) {
            Added::New(change) | Added::Known(change) => change,
        }
    }

    /// The changes, oldest first.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = &Arc<Change>> {
        self.changes.iter()
    }

    /// Since when changes are known, in milliseconds since 1970. Markers that lie before count from there.
    pub fn since_ms(&self) -> i64 {
        let first = self.changes.front().map(|change| change.at_ms);
        first.map_or(self.since_ms, |first| first.min(self.since_ms))
    }
}

/// Keeps the first of the notes. Whoever holds the change already, such as an incident, has all of them.
fn shorten(change: &mut Arc<Change>) {
    if change.notes.len() > 2 {
        let notes = &mut Arc::make_mut(change).notes;
        notes.truncate(1);
        notes.push("and more".into());
        notes.shrink_to_fit();
    }
}
