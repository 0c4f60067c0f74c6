//! The handle on the journal.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use redb::Database;

use super::status::{Counts, Status};
use super::writer::{Command, Task};
use super::{Entry, Kind, Limits, Stored, Trouble, TroubleKind, store};

/// Entries that may wait for the thread before further ones are dropped.
const CAPACITY: usize = 2048;
/// How long the end is waited for: a disk that hangs must not keep a process from ending.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is called before each commit, so that what is on its way elsewhere gets in.
pub(super) type Gather = Box<dyn FnMut() + Send>;

/// A cheap-clone handle: anybody puts in and takes out, none waits for the disk to put in.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    live: ArcSwapOption<Live>,
    counts: Arc<Counts>,
    /// One change at a time.
    changing: Mutex<()>,
}

/// A journal that is on.
#[derive(Debug)]
struct Live {
    path: PathBuf,
    entries: SyncSender<Entry>,
    commands: Sender<Command>,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread shares with those who ask.
#[derive(Debug)]
pub(super) struct Shared {
    /// Read-locked by readers and for commits, which go together; write-locked for as long as the file is compacted.
    pub(super) database: RwLock<Option<Database>>,
    pub(super) status: Mutex<Status>,
    pub(super) counts: Arc<Counts>,
}

// === impl Journal ===

impl Journal {
    /// Hands an entry over, or counts a drop. Never blocks. Without a journal it does nothing.
    pub fn put(&self, entry: Entry) {
        let live = self.inner.live.load();
        let Some(live) = &*live else { return };
        if !entry.fits() || live.entries.try_send(entry).is_err() {
            self.inner.counts.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Whether there is one. Ask before making an [`Entry`].
    pub fn is_on(&self) -> bool {
        self.inner.live.load().is_some()
    }

    /// The entry of `kind` with this id; `None` if there is none, or no journal. It may wait for the disk.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub fn get(&self, kind: Kind, id: &str) -> Result<Option<Stored>, Trouble> {
        self.read(|database| store::get(database, kind, id))
            .map(Option::flatten)
    }

    /// The last `most` entries of `kind` that were before `before`, the latest first. It may wait for the disk.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    pub fn latest(&self, kind: Kind, before: u64, most: usize) -> Result<Vec<Stored>, Trouble> {
        self.read(|database| store::latest(database, kind, before, most))
            .map(Option::unwrap_or_default)
    }

    /// How it is; `None` without a journal.
    pub fn status(&self) -> Option<Status> {
        let live = self.inner.live.load();
        let live = live.as_ref()?;
        Some(live.shared.status().clone())
    }

    /// What happened since the start.
    pub fn counts(&self) -> &Counts {
        &self.inner.counts
    }

    /// Begins, moves, bounds or ends it. What was handed over before is written. `gather` is called before each
    /// commit, on the journal's thread; `clock` tells the milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// If no thread can be started. Troubles with the file are no errors: see [`Journal::status`].
    pub fn configure(
        &self,
        wanted: Option<(PathBuf, Limits)>,
        clock: fn() -> u64,
        gather: impl FnMut() + Send + 'static,
    ) -> io::Result<()> {
        let _one = self.changing();
        let Some((path, limits)) = wanted else {
            self.end();
            return Ok(());
        };
        if let Some(live) = &*self.inner.live.load()
            && live.path == path
        {
            // An error means that the thread is gone, and then nothing is bounded.
            let _ = live.commands.send(Command::Bound(limits));
            return Ok(());
        }
        self.end();
        self.begin(path, limits, clock, Box::new(gather))
    }

    /// Writes what was handed over and ends it.
    pub fn stop(&self) {
        let _one = self.changing();
        self.end();
    }

    /// Waits until what was handed over before this call is written, or cannot be. For tests; a worker never calls it.
    pub fn flush(&self) {
        let commands = match &*self.inner.live.load() {
            Some(live) => live.commands.clone(),
            None => return,
        };
        let (done, finished) = sync_channel(1);
        if commands.send(Command::Flush(done)).is_ok() {
            // An error means that the thread has ended, and it writes before it ends.
            let _ = finished.recv();
        }
    }

    fn changing(&self) -> std::sync::MutexGuard<'_, ()> {
        let changing = self.inner.changing.lock();
        changing.unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(
        &self,
        path: PathBuf,
        limits: Limits,
        clock: fn() -> u64,
        gather: Gather,
    ) -> io::Result<()> {
        let (entries, queue) = sync_channel(CAPACITY);
        let (commands, orders) = channel();
        let shared = Arc::new(Shared {
            database: RwLock::new(None),
            status: Mutex::new(Status::new(path.clone(), limits)),
            counts: Arc::clone(&self.inner.counts),
        });
        let task = Task::new(queue, orders, Arc::clone(&shared), clock, gather);
        // What the thread gathers comes back through this handle, and would be lost until the handle knows of it.
        let (known, begins) = sync_channel::<()>(0);
        let thread = std::thread::Builder::new()
            .name("soe503-journal".into())
            .spawn(move || {
                // Nothing is ever sent: the other end is dropped.
                let _ = begins.recv();
                task.run();
            })?;
        self.inner.live.store(Some(Arc::new(Live {
            path,
            entries,
            commands,
            shared,
            thread: Mutex::new(Some(thread)),
        })));
        drop(known);
        Ok(())
    }

    fn end(&self) {
        let Some(live) = self.inner.live.load_full() else {
            return;
        };
        // Nothing is ever sent: its other end is dropped when the thread has ended.
        let (until, ended) = sync_channel(0);
        // An error means that the thread is gone, which is what is asked for.
        let _ = live.commands.send(Command::Stop(until));
        if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            let path = live.path.display();
            tracing::error!(%path, "the journal does not end: its disk does not answer, and is left behind");
        } else if let Some(thread) = live
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            && thread.join().is_err()
        {
            tracing::error!("the journal's thread panicked");
        }
        // Only now: what the thread has gathered last was still to be written.
        self.inner.live.store(None);
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<Option<T>, Trouble> {
        let live = match &*self.inner.live.load() {
            Some(live) => Arc::clone(live),
            None => return Ok(None),
        };
        let database = live.shared.database.read();
        let database = database.unwrap_or_else(PoisonError::into_inner);
        match &*database {
            Some(database) => Ok(Some(read(database)?)),
            None => Err(live.shared.trouble()),
        }
    }
}

// === impl Shared ===

impl Shared {
    pub(super) fn status(&self) -> std::sync::MutexGuard<'_, Status> {
        // Each change of it is complete before the next.
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trouble(&self) -> Trouble {
        match &self.status().trouble {
            Some((trouble, _)) => trouble.clone(),
            None => Trouble::new(TroubleKind::Opening, "it is being opened and checked"),
        }
    }
}
