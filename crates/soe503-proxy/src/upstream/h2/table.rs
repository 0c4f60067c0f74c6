//! The sessions of one worker, by backend.
//!
//! As with HTTP/1.1, a worker shares nothing with another: no lock, no cross-thread wake-up.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::ledger::{Fault, Phase};
use tokio::sync::watch;

use super::link::{ASSUMED_STREAMS, Link};
use super::session::{Session, Use};
use crate::upstream::Upstream;
use crate::upstream::idle::{BackendKey, Spread};

thread_local! {
    static TABLE: RefCell<Table> = RefCell::new(Table::default());
}

type Table = HashMap<BackendKey, Sessions, BuildHasherDefault<Spread>>;

/// How the opening of a connection ended, once it has.
pub(super) type Opened = Option<Result<Fresh, Unopened>>;

/// A connection that was opened.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    pub(super) link: Arc<Link>,
    /// How long the TCP connect took.
    pub(super) took: Duration,
}

/// Why there is no connection.
#[derive(Clone, Debug)]
pub(super) struct Unopened {
    /// How far it got.
    pub(super) phase: Phase,
    pub(super) fault: Fault,
    /// How long the TCP connect took, or was given.
    pub(super) connect: Option<Duration>,
    /// Connects had been waiting before: [`Attempt::joined`](soe503_core::ledger::Attempt::joined).
    pub(super) joined: bool,
}

/// What there is for a request.
#[derive(Debug)]
pub(super) enum Found {
    /// A connection with room for a stream, as long as nobody else is polled.
    Room(Arc<Link>),
    /// A connection that is being opened; ask again when it is.
    Opening(watch::Receiver<Opened>),
    /// A connection may be opened: whoever is told has to. See [`opened`].
    Open(watch::Sender<Opened>, watch::Receiver<Opened>),
    /// Nothing: all connections are full.
    Full {
        /// Streams that the peer allows, over all connections.
        limit: u64,
        /// Streams that are open.
        in_use: u64,
    },
}

/// The sessions with one backend.
#[derive(Debug)]
struct Sessions {
    upstream: Upstream,
    /// Oldest first.
    open: Vec<Session>,
    opening: Vec<Opening>,
}

/// A connection that is being opened.
#[derive(Debug)]
struct Opening {
    done: watch::Receiver<Opened>,
    /// Requests that wait for it, at most as many as streams can be expected on it.
    awaited: usize,
}

/// Finds a stream to `upstream`, to which at most `most` connections are to be open.
pub(super) fn find(upstream: &Upstream, most: usize, now: Tick) -> Found {
    // Dropped after the borrow ends: dropping a session wakes its task.
    let mut dropped = Vec::new();
    TABLE.with_borrow_mut(|table| {
        let sessions = table.entry(upstream.key()).or_insert_with(|| Sessions {
            upstream: upstream.clone(),
            open: Vec::new(),
            opening: Vec::new(),
        });
        sessions.find(most, now, &mut dropped)
    })
}

/// A connection was opened, or was not. Everybody who waits for it asks again.
pub(super) fn opened(
    key: BackendKey,
    result: Result<(Session, Duration), Unopened>,
    done: &watch::Sender<Opened>,
) {
    let (session, told) = match result {
        Ok((session, took)) => {
            let link = Arc::clone(session.link());
            (Some(session), Ok(Fresh { link, took }))
        }
        Err(unopened) => (None, Err(unopened)),
    };
    TABLE.with_borrow_mut(|table| {
        if let Some(sessions) = table.get_mut(&key) {
            sessions
                .opening
                .retain(|opening| !opening.done.same_channel(&done.subscribe()));
            sessions.open.extend(session);
        }
    });
    // Nobody may be waiting any more; the session is there for the next.
    let _told = done.send(Some(told));
}

/// Closes sessions that nobody has used for too long. The worker calls it.
pub(in crate::upstream) fn sweep(now: Tick) {
    let mut dropped = Vec::new();
    TABLE.with_borrow_mut(|table| {
        table.retain(|_, sessions| {
            sessions.sweep(now, &mut dropped);
            !sessions.open.is_empty() || !sessions.opening.is_empty()
        });
    });
}

/// How many sessions with the backend `key` are open here.
#[cfg(test)]
pub(super) fn count(key: BackendKey) -> usize {
    TABLE.with_borrow(|table| table.get(&key).map_or(0, |sessions| sessions.open.len()))
}

// === impl Sessions ===

impl Sessions {
    fn find(&mut self, most: usize, now: Tick, dropped: &mut Vec<Session>) -> Found {
        let idle = self.upstream.idle_limit(now);
        let mut room = None;
        // Those behind the first with room are looked at by the next sweep.
        dropped.extend(self.open.extract_if(.., |session| {
            if room.is_some() {
                return false;
            }
            match session.usable(idle, now) {
                Use::Room => room = Some(Arc::clone(session.link())),
                Use::Full => {}
                Use::Gone => return true,
            }
            false
        }));
        if let Some(link) = room {
            return Found::Room(link);
        }
        let expected = self.expected();
        // An opening that was given up without a word cannot be waited for.
        self.opening
            .retain(|opening| opening.done.has_changed().is_ok());
        if let Some(opening) = self.opening.iter_mut().find(|o| o.awaited < expected) {
            opening.awaited += 1;
            return Found::Opening(opening.done.clone());
        }
        if self.open.len() + self.opening.len() < most {
            let (done, waiting) = watch::channel(None);
            self.opening.push(Opening {
                done: waiting.clone(),
                awaited: 1,
            });
            return Found::Open(done, waiting);
        }
        let (limit, in_use) = self.open.iter().fold((0, 0), |(limit, in_use), session| {
            let (allowed, open) = session.room();
            (limit + allowed as u64, in_use + open as u64)
        });
        Found::Full { limit, in_use }
    }

    /// Streams that a new connection will allow: as many as the last one.
    fn expected(&self) -> usize {
        let last = self.open.last().map(|session| session.room().0);
        last.unwrap_or(ASSUMED_STREAMS as usize).max(1)
    }

    /// Takes out what takes no streams any more, and what was idle for too long.
    fn sweep(&mut self, now: Tick, dropped: &mut Vec<Session>) {
        let limit = self.upstream.idle_limit(now);
        let gone = |session: &mut Session| matches!(session.usable(limit, now), Use::Gone);
        dropped.extend(self.open.extract_if(.., gone));
    }
}
