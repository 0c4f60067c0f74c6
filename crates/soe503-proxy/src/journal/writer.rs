//! The thread that writes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::disk::{self, Bounded, Ceiling};
use super::handle::{Gather, Shared};
use super::pending::Pending;
use super::room::Room;
use super::status::{SetAside, State};
use super::store::{self, Books};
use super::{Entry, Limits, Trouble, TroubleKind, aside};

/// From one commit to the next: with what a commit takes, no more than a second is lost when the process is killed.
const EVERY: Duration = Duration::from_millis(750);
/// Turns until a file that cannot be used is tried again: ten seconds, or one where a process before us is leaving.
const PATIENCE: u32 = 13;
const PATIENCE_IN_USE: u32 = 1;

/// A commit fails, is tried on the file opened again, fails for want of room, makes room, and succeeds.
const ATTEMPTS: u32 = 4;

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Command {
    Bound(Limits),
    Flush(SyncSender<()>),
    /// Ends it; what is in here is dropped when it has ended.
    Stop(SyncSender<()>),
}

/// What the thread has.
pub(super) struct Task {
    queue: Receiver<Entry>,
    orders: Receiver<Command>,
    shared: Arc<Shared>,
    clock: fn() -> u64,
    gather: Gather,
    path: PathBuf,
    limits: Limits,
    pending: Pending,
    open: Option<Open>,
    /// Turns until the file is tried again.
    rest: u32,
    /// Commits that failed, since one succeeded.
    failed: u32,
    /// Less than usual has to fit: the last commit would have made the file too long.
    squeeze: bool,
    /// Bounds have changed, or the file is new to us: room has to be made even if nothing is put in.
    look: bool,
}

/// A file that is open.
struct Open {
    books: Books,
    ceiling: Ceiling,
    /// Device and inode, to notice that somebody has taken it away.
    identity: (u64, u64),
}

// === impl Task ===

impl Task {
    pub(super) fn new(
        queue: Receiver<Entry>,
        orders: Receiver<Command>,
        shared: Arc<Shared>,
        clock: fn() -> u64,
        gather: Gather,
    ) -> Self {
        let (path, limits) = {
            let status = shared.status();
            (status.path.clone(), status.limits)
        };
        Self {
            queue,
            orders,
            shared,
            clock,
            gather,
            path,
            limits,
            pending: Pending::default(),
            open: None,
            rest: 0,
            failed: 0,
            squeeze: false,
            look: true,
        }
    }

    pub(super) fn run(mut self) {
        self.turn(true);
        // Who waits for what is in the file can read it from here on.
        self.turn(true);
        let until = loop {
            match self.orders.recv_timeout(EVERY) {
                Err(RecvTimeoutError::Timeout) => self.turn(false),
                Ok(Command::Bound(limits)) => {
                    self.limits = limits;
                    self.shared.status().limits = limits;
                    self.look = true;
                }
                Ok(Command::Flush(done)) => {
                    self.turn(true);
                    // The asker may have given up; it is written either way.
                    let _ = done.send(());
                }
                Ok(Command::Stop(until)) => break Some(until),
                Err(RecvTimeoutError::Disconnected) => break None,
            }
        };
        self.turn(true);
        self.close();
        drop(until);
    }

    /// Writes what there is. `all`: to the last entry, and without patience for a file that could not be used.
    fn turn(&mut self, all: bool) {
        if all {
            self.rest = 0;
        }
        let turn = catch_unwind(AssertUnwindSafe(|| {
            (self.gather)();
            self.take_in();
            self.notice_loss();
            if self.rest > 0 && self.open.is_none() {
                self.rest -= 1;
                return;
            }
            self.try_to_write();
            while all && self.open.is_some() && !self.pending.is_empty() {
                self.try_to_write();
            }
        }));
        if turn.is_err() {
            // It is opened again, and then its every page is checked.
            self.failed_to(Trouble::panicked());
        }
    }

    /// One commit, with as many attempts as it takes to find out what is wrong, and to make room.
    fn try_to_write(&mut self) {
        for _ in 0..ATTEMPTS {
            if self.open.is_none() {
                self.open();
            }
            self.write();
            if self.open.is_some() || self.rest > 0 {
                return;
            }
        }
    }

    fn take_in(&mut self) {
        while let Ok(entry) = self.queue.try_recv() {
            add(&self.shared.counts.dropped, self.pending.push(entry));
        }
    }

    /// A file that was removed or replaced would be written on, and nobody would ever see it.
    fn notice_loss(&mut self) {
        let Some(open) = &self.open else { return };
        if disk::identity(&self.path) != Some(open.identity) {
            tracing::warn!(path = %self.path.display(), "the journal's file was taken away: a new one begins");
            self.close();
        }
    }

    fn open(&mut self) {
        let opened = self.try_open().or_else(|trouble| {
            if !trouble.kind.is_final() {
                return Err(trouble);
            }
            self.set_aside(trouble)?;
            self.try_open()
        });
        match opened {
            Ok(open) => {
                self.open = Some(open);
                self.look = true;
                self.show();
            }
            Err(trouble) => self.failed_to(trouble),
        }
    }

    fn try_open(&self) -> Result<Open, Trouble> {
        let file = disk::open(&self.path)?;
        let length = file.metadata()?.len();
        let ceiling = Ceiling::new(self.limits.max_size.max(length));
        let backend = Bounded::file(file, ceiling.clone())?;
        let opened = catch_unwind(AssertUnwindSafe(|| store::open(backend)));
        let (database, books) = opened.unwrap_or_else(|_panic| Err(Trouble::panicked()))?;
        let identity = disk::identity(&self.path).unwrap_or_default();
        *self.database_mut() = Some(database);
        Ok(Open {
            books,
            ceiling,
            identity,
        })
    }

    fn set_aside(&self, why: Trouble) -> Result<(), Trouble> {
        let place = aside::set_aside(&self.path, &why)?;
        self.shared.counts.set_aside.fetch_add(1, Relaxed);
        tracing::error!(
            path = %self.path.display(), set_aside = %place.display(), %why,
            "the journal cannot be used: it is set aside, and a new one begins"
        );
        self.shared.status().set_aside = Some(SetAside {
            path: place,
            at: (self.clock)(),
            why,
        });
        Ok(())
    }

    /// One commit, if there is something to commit.
    fn write(&mut self) {
        let now = (self.clock)();
        let Some(open) = &self.open else { return };
        let horizon = self.limits.horizon(now);
        // What is a little too old waits for others, so that a quiet journal is not written all the time.
        let slack = (now - horizon) / 64;
        let old = open
            .books
            .oldest
            .is_some_and(|oldest| oldest < horizon.saturating_sub(slack));
        if self.pending.is_empty() && !old && !self.look {
            return;
        }
        let length = self.length();
        let capacity = self.limits.capacity(length);
        let batch = match self.squeeze {
            true => 0,
            false => self.pending.batch(&self.limits),
        };
        let room = Room {
            horizon,
            // What is compacted afterwards must be able to grow by half again.
            capacity: match self.squeeze || length > self.limits.max_size {
                true => capacity / 2,
                false => capacity,
            },
        };
        if self.squeeze {
            // What is removed is free only after the commit that removes it, which needs a few pages.
            open.ceiling.set(u64::MAX);
        }
        let committed = match &*self.database() {
            Some(database) => {
                store::commit(database, &open.books, self.pending.first(batch), &room)
            }
            None => return,
        };
        match committed {
            Ok((books, removed)) => {
                let counts = &self.shared.counts;
                add(&counts.written, batch as u64);
                add(&counts.aged, removed.aged);
                add(&counts.squeezed, removed.squeezed);
                if let Some(open) = &mut self.open {
                    open.books = books;
                }
                self.pending.remove(batch);
                self.compact();
                self.succeeded(now);
            }
            Err(error) => self.failed_to(error.into()),
        }
    }

    /// Makes the file shorter if it is longer than it may be: bounds were lowered, or it was squeezed.
    fn compact(&mut self) {
        let length = self.length();
        if length > self.limits.max_size
            && let Some(database) = &mut *self.database_mut()
            && let Err(error) = database.compact()
        {
            tracing::warn!(%error, path = %self.path.display(), "the journal could not be made shorter");
        }
        if let Some(open) = &self.open {
            open.ceiling.set(self.limits.max_size.max(self.length()));
        }
        self.squeeze = false;
        self.look = false;
    }

    fn succeeded(&mut self, now: u64) {
        self.failed = 0;
        let recovered = {
            let mut status = self.shared.status();
            status.last_commit = Some(now);
            status.trouble.take()
        };
        if let Some((trouble, _)) = recovered {
            tracing::info!(path = %self.path.display(), was = trouble.kind.id(), "the journal is written again");
        }
        self.show();
    }

    /// Shows what is open. A trouble stays until something is written.
    fn show(&self) {
        let Some(open) = &self.open else { return };
        let size = self.length();
        let mut status = self.shared.status();
        if status.trouble.as_ref().is_some_and(|_| self.failed == 0) {
            status.trouble = None;
        }
        status.state = match status.trouble {
            None => State::Open,
            Some(_) => State::Failing,
        };
        status.size = size;
        status.entries = open.books.kinds.map(|tally| tally.entries);
        status.oldest = open.books.oldest;
    }

    /// The file cannot be used, or is in a state that only opening it again ends.
    fn failed_to(&mut self, trouble: Trouble) {
        let was_open = self.open.is_some();
        self.close();
        self.failed = self.failed.saturating_add(1);
        self.squeeze = trouble.kind == TroubleKind::OverLimit;
        self.rest = match trouble.kind {
            // It failed for the first time: whether it is the file is seen when it is opened.
            _ if was_open && self.failed == 1 => 0,
            TroubleKind::OverLimit if self.failed < ATTEMPTS => 0,
            TroubleKind::InUse => PATIENCE_IN_USE,
            _ => PATIENCE,
        };
        if self.squeeze && self.failed < ATTEMPTS {
            // Nobody has to do anything about it: room is made at once.
            return;
        }
        let mut status = self.shared.status();
        status.state = State::Failing;
        let known = status.trouble.as_ref();
        if known.is_none_or(|(known, _)| known.kind != trouble.kind) {
            tracing::error!(
                path = %self.path.display(), why = %trouble, kind = trouble.kind.id(),
                "the journal cannot be written: requests are served, and what it should keep waits"
            );
            status.trouble = Some((trouble, (self.clock)()));
        }
    }

    fn close(&mut self) {
        self.open = None;
        let database = self.database_mut().take();
        // A broken one must not take the thread with it.
        if catch_unwind(AssertUnwindSafe(|| drop(database))).is_err() {
            tracing::debug!("closing the journal panicked");
        }
    }

    fn length(&self) -> u64 {
        self.path.metadata().map_or(0, |metadata| metadata.len())
    }

    fn database(&self) -> std::sync::RwLockReadGuard<'_, Option<redb::Database>> {
        let database = self.shared.database.read();
        database.unwrap_or_else(PoisonError::into_inner)
    }

    fn database_mut(&self) -> std::sync::RwLockWriteGuard<'_, Option<redb::Database>> {
        let database = self.shared.database.write();
        database.unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Relaxed);
}
