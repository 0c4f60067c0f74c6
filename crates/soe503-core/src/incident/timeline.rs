//! What happened, in order.

use core::fmt;

use crate::explain::cleaned;

/// As many lines are kept of each incident.
const MOST: usize = 64;
/// The first of them are never dropped: they tell how it began.
const BEGINNING: usize = 24;
const LONGEST: usize = 240;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// The first failure.
    Onset,
    /// The incident was opened.
    Opened,
    /// Another cause leads.
    Cause,
    /// It reaches further.
    Scope,
    /// A backend changed its state.
    Backend,
    /// A circuit did.
    Circuit,
    /// An overload keeps itself going, or no longer.
    Overload,
    /// Planned maintenance began or ended.
    Maintenance,
    /// A name no longer resolves, or does again.
    Dns,
    /// Something was changed: a deploy, a reload, a flag.
    Change,
    /// There are many more, or fewer, requests than before.
    Load,
    /// The last failure.
    Recovered,
    /// The incident was closed.
    Closed,
    /// It came back.
    Reopened,
    /// A request that had failed was asked again.
    Verified,
    /// This process was started again, and goes on with what an earlier one had opened.
    Restarted,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// What it is about.
    pub kind: EntryKind,
    /// What happened.
    pub what: String,
    /// Requests that had failed by then.
    pub failed: u64,
    /// Requests that had been saved by then.
    pub saved: u64,
}

/// The lines of one incident, oldest first; bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    entries: Vec<Entry>,
    left_out: u64,
}

// === impl Entry ===

impl Entry {
    /// A line from before anything had failed.
    pub fn new(at_ms: i64, kind: EntryKind, what: &str) -> Self {
        Self {
            at_ms,
            kind,
            what: cleaned(what, LONGEST),
            failed: 0,
            saved: 0,
        }
    }
}

// === impl Timeline ===

impl Timeline {
    /// These lines, oldest first, of which `left_out` were dropped from the middle.
    pub(super) fn of(entries: Vec<Entry>, left_out: u64) -> Self {
        let mut timeline = Self {
            entries: Vec::new(),
            left_out,
        };
        entries.into_iter().for_each(|entry| timeline.add(entry));
        timeline
    }

    /// Adds a line in its place. Where there are too many, one from the middle goes.
    pub fn add(&mut self, entry: Entry) {
        let place = self.entries.partition_point(|e| e.at_ms <= entry.at_ms);
        self.entries.insert(place, entry);
        if self.entries.len() > MOST {
            self.entries.remove(BEGINNING);
            self.left_out += 1;
        }
    }

    /// The lines, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many were dropped from the middle.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// There is such a line already.
    pub(super) fn has(&self, entry: &Entry) -> bool {
        let same = |e: &Entry| (e.at_ms, e.kind, &e.what) == (entry.at_ms, entry.kind, &entry.what);
        self.entries.iter().any(same)
    }
}

// === impl EntryKind ===

impl EntryKind {
    const ALL: [Self; 16] = [
        Self::Onset,
        Self::Opened,
        Self::Cause,
        Self::Scope,
        Self::Backend,
        Self::Circuit,
        Self::Overload,
        Self::Maintenance,
        Self::Dns,
        Self::Change,
        Self::Load,
        Self::Recovered,
        Self::Closed,
        Self::Reopened,
        Self::Verified,
        Self::Restarted,
    ];

    /// The kind with this [word](Self::word).
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Onset => "onset",
            Self::Opened => "opened",
            Self::Cause => "cause",
            Self::Scope => "scope",
            Self::Backend => "backend",
            Self::Circuit => "circuit",
            Self::Overload => "overload",
            Self::Maintenance => "maintenance",
            Self::Dns => "dns",
            Self::Change => "change",
            Self::Load => "load",
            Self::Recovered => "recovered",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Verified => "verified",
            Self::Restarted => "restarted",
        }
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
