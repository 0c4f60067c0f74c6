//! The channel and the ring behind it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Record;
use crate::control::journal::Failures;

/// Bounds of the recorder.
///
/// # Defaults
///
/// `kept` 4096 records · `waiting` 1024 records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many records are kept.
    pub kept: usize,
    /// How many may be on their way before further ones are dropped.
    pub waiting: usize,
}

/// A cheap-clone handle on the recorder: workers put in, the admin API takes out.
#[derive(Clone, Debug)]
pub struct Recorder {
    sender: SyncSender<Record>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    dropped: AtomicU64,
    diagnoses: AtomicU64,
    /// Nanoseconds that they took.
    diagnosing: AtomicU64,
    /// Never locked by a worker.
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    waiting: Receiver<Record>,
    ring: Ring,
    /// Those that have come since anybody last took them, for incidents.
    fresh: Vec<Arc<Record>>,
    /// Where a sample of them goes, so that it survives a restart.
    journal: Option<Failures>,
}

/// The last so many records, findable by id.
#[derive(Debug)]
struct Ring {
    capacity: usize,
    /// Oldest first; the front one has the number `first`.
    records: VecDeque<Arc<Record>>,
    first: u64,
    by_id: HashMap<Arc<str>, u64>,
}

// === impl Settings ===

impl Default for Settings {
    fn default() -> Self {
        Self {
            kept: 4096,
            waiting: 1024,
        }
    }
}

// === impl Recorder ===

impl Recorder {
    /// A recorder with these bounds; zeros count as one.
    pub fn new(settings: Settings) -> Self {
        Self::with_journal(settings, None)
    }

    /// The same, with a sample of the records for `journal`, whether that is on or not.
    pub fn with_journal(settings: Settings, journal: Option<Failures>) -> Self {
        let (sender, waiting) = sync_channel(settings.waiting.max(1));
        Self {
            sender,
            shared: Arc::new(Shared {
                dropped: AtomicU64::new(0),
                diagnoses: AtomicU64::new(0),
                diagnosing: AtomicU64::new(0),
                kept: Mutex::new(Kept {
                    waiting,
                    ring: Ring::new(settings.kept.max(1)),
                    fresh: Vec::new(),
                    journal,
                }),
            }),
        }
    }

    /// Hands a record over, or counts a drop when too many are on their way. Never blocks.
    pub fn record(&self, record: Record) {
        if self.sender.try_send(record).is_err() {
            self.shared.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Counts a diagnosis that took so long.
    pub fn diagnosed_in(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.shared.diagnoses.fetch_add(1, Relaxed);
        self.shared.diagnosing.fetch_add(nanos, Relaxed);
    }

    /// How many diagnoses were made, and how long they took together.
    pub fn diagnoses(&self) -> (u64, Duration) {
        let nanos = self.shared.diagnosing.load(Relaxed);
        (
            self.shared.diagnoses.load(Relaxed),
            Duration::from_nanos(nanos),
        )
    }

    /// The record of the request with this id, if it is still kept. If several requests had the
    /// same id, the latest.
    pub fn find(&self, request_id: &str) -> Option<Arc<Record>> {
        self.with(|ring| ring.find(request_id))
    }

    /// Of the records that are kept, the latest of each kind: of one pool, status, cause and origin. They are the
    /// examples that metrics name.
    pub fn latest(&self) -> Vec<Arc<Record>> {
        self.with(|ring| {
            let mut seen = HashSet::new();
            let newest_first = ring.records.iter().rev();
            let latest = newest_first.filter(|record| {
                let cause = record.diagnosis.primary;
                seen.insert((&record.pool, record.status, cause, record.passed_on))
            });
            latest.cloned().collect()
        })
    }

    /// Takes in what waits, so that it is kept and the journal has its sample.
    pub fn take_in(&self) {
        self.with(|_| ());
    }

    /// Takes in what waits, so that the channel has room, and returns what has come since the last call, at most
    /// as many as are kept. The control plane calls it on each tick.
    pub fn drain(&self) -> Vec<Arc<Record>> {
        self.take_in();
        let mut kept = self.locked();
        std::mem::take(&mut kept.fresh)
    }

    /// How many a second go into the journal from now on, of each pool and cause.
    pub fn sample(&self, most: u32) {
        let mut kept = self.locked();
        if let Some(journal) = &mut kept.journal {
            journal.sample(most);
        }
    }

    /// Records lost on their way.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Relaxed)
    }

    /// Records kept now.
    pub fn kept(&self) -> usize {
        self.with(|ring| ring.records.len())
    }

    fn with<T>(&self, look: impl FnOnce(&Ring) -> T) -> T {
        let mut kept = self.locked();
        let Kept {
            waiting,
            ring,
            fresh,
            journal,
        } = &mut *kept;
        while let Ok(record) = waiting.try_recv() {
            if let Some(journal) = journal {
                journal.offer(&record);
            }
            let record = ring.push(record);
            if fresh.len() < ring.capacity {
                fresh.push(record);
            }
        }
        look(ring)
    }

    fn locked(&self) -> MutexGuard<'_, Kept> {
        // Each change of the ring is complete before the next, so a panic elsewhere left it whole.
        let kept = self.shared.kept.lock();
        kept.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

// === impl Ring ===

impl Ring {
    fn new(capacity: usize) -> Self {
        Self {
            capacity,
            records: VecDeque::new(),
            first: 0,
            by_id: HashMap::new(),
        }
    }

    fn push(&mut self, record: Record) -> Arc<Record> {
        if self.records.len() == self.capacity
            && let Some(oldest) = self.records.pop_front()
        {
            // A later request with the same id keeps its entry.
            if self.by_id.get(&oldest.request_id) == Some(&self.first) {
                self.by_id.remove(&oldest.request_id);
            }
            self.first += 1;
        }
        let number = self.first + self.records.len() as u64;
        self.by_id.insert(Arc::clone(&record.request_id), number);
        let record = Arc::new(record);
        self.records.push_back(Arc::clone(&record));
        record
    }

    fn find(&self, request_id: &str) -> Option<Arc<Record>> {
        let number = self.by_id.get(request_id)?;
        let index = usize::try_from(number - self.first).ok()?;
        self.records.get(index).cloned()
    }
}

#[cfg(test)]
#[path = "ring_tests.rs"]
mod tests;
