//! A sample of failed requests.

use std::collections::HashMap;
use std::sync::Arc;

use soe503_api::FailureRecord;
use soe503_core::Cause;

use crate::control::clock::Anchor;
use crate::control::recorder::{Record, tell};
use crate::journal::{Entry, Journal, Kind, Trouble};

/// The form of a failure in the journal: [`FailureRecord`] as JSON.
const FORM: u8 = 1;

/// Pools and causes whose failures are counted; with more, all begin anew.
const MOST: usize = 4096;

/// Puts failures into the journal: of each second, pool and cause the first ones.
#[derive(Debug)]
pub struct Failures {
    journal: Journal,
    server: Arc<str>,
    sampler: Sampler,
}

/// A pool and a cause.
type Key = (Option<Arc<str>>, Cause);

/// Counts what was kept.
#[derive(Debug)]
struct Sampler {
    /// How many a second, of each pool and cause.
    most: u32,
    /// The second of a tick, and how many of it were kept.
    kept: HashMap<Key, (u64, u32)>,
}

/// The record of the request with this id, if the journal has it. It may wait for the disk.
///
/// # Errors
///
/// Why the journal, or what is in it, cannot be read.
pub fn find(journal: &Journal, request_id: &str) -> Result<Option<FailureRecord>, Unread> {
    match journal.get(Kind::Failure, request_id)? {
        Some(stored) => Ok(Some(stored.json(FORM)?)),
        None => Ok(None),
    }
}

/// Why a record is not found in the journal, although it may be there.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The journal cannot be read.
    #[error("the journal cannot be read: {0}")]
    Journal(Trouble),
    /// The record cannot be.
    #[error("the journal has it, but {0}")]
    Record(#[from] crate::journal::Unreadable),
}

impl From<Trouble> for Unread {
    fn from(trouble: Trouble) -> Self {
        Self::Journal(trouble)
    }
}

// === impl Failures ===

impl Failures {
    pub(super) fn new(journal: Journal, server: Arc<str>) -> Self {
        Self {
            journal,
            server,
            sampler: Sampler::new(0),
        }
    }

    /// Keeps so many a second from now on, of each pool and cause.
    pub fn sample(&mut self, most: u32) {
        self.sampler.most = most;
    }

    /// Puts `record` in, if it belongs to the sample. Nothing waits.
    pub fn offer(&mut self, record: &Record) {
        if !self.journal.is_on() || !self.sampler.takes(record) {
            return;
        }
        let told = tell(record, &self.server, Anchor::now());
        let (id, at) = (Arc::clone(&record.request_id), told.at.unix_millis());
        match Entry::json(Kind::Failure, id, at, FORM, &told) {
            Ok(entry) => self.journal.put(entry),
            Err(error) => tracing::error!(%error, "a failure record is not JSON"),
        }
    }
}

// === impl Sampler ===

impl Sampler {
    fn new(most: u32) -> Self {
        Self {
            most,
            kept: HashMap::new(),
        }
    }

    fn takes(&mut self, record: &Record) -> bool {
        let second = record.at.as_nanos() / 1_000_000_000;
        let key = (record.pool.clone(), record.diagnosis.primary);
        if self.kept.len() >= MOST && !self.kept.contains_key(&key) {
            self.kept.clear();
        }
        let (of, kept) = self.kept.entry(key).or_default();
        if *of != second {
            (*of, *kept) = (second, 0);
        }
        let takes = *kept < self.most;
        *kept += u32::from(takes);
        takes
    }
}

#[cfg(test)]
#[path = "failures_tests.rs"]
mod tests;
