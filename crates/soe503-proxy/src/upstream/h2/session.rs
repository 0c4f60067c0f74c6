//! A connection as the table of a worker has it.

use std::sync::Arc;
use std::time::Duration;

use soe503_core::Tick;

use super::link::Link;
use super::{H2Options, drive};
use crate::net::Stream;

/// How long a connection that has served nothing is kept, whatever the idle timeout.
const UNUSED: Duration = Duration::from_secs(1);
/// A peer that leaves so many bytes untaken gets no more requests on this connection.
const UNTAKEN: usize = 1024 * 1024;

/// An open connection. Dropping it closes the connection once its streams are done.
#[derive(Debug)]
pub(super) struct Session(Arc<Link>);

/// What a connection is good for.
#[derive(Debug)]
pub(super) enum Use {
    /// Another stream.
    Room,
    /// None now: it has as many streams as it may.
    Full,
    /// None any more, or it was idle for too long.
    Gone,
}

impl Session {
    /// Begins to speak HTTP/2 on `io`; the connection's own task lives on this worker.
    pub(super) fn begin(io: Stream, options: &H2Options, now: Tick) -> Self {
        let link = Link::new(io.ends(), now);
        tokio::spawn(drive::Driver::new(io, Arc::clone(&link), options));
        Self(link)
    }

    /// What its streams share.
    pub(super) fn link(&self) -> &Arc<Link> {
        &self.0
    }

    /// What it is good for, if it may be idle for `limit`. Whoever it was opened for gets the time to come.
    pub(super) fn usable(&self, limit: Duration, now: Tick) -> Use {
        let state = self.0.lock();
        if !state.is_open() {
            return Use::Gone;
        }
        if let Some(since) = state.idle_since() {
            let limit = match state.served {
                0 => limit.max(UNUSED),
                _ => limit,
            };
            if now.since(since) >= limit {
                return Use::Gone;
            }
        }
        if state.h2.streams() < state.h2.max_streams() && state.h2.queued().len() < UNTAKEN {
            Use::Room
        } else {
            Use::Full
        }
    }

    /// How many streams the peer allows, and how many are open.
    pub(super) fn room(&self) -> (usize, usize) {
        let state = self.0.lock();
        (state.h2.max_streams(), state.h2.streams())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.0.with(|state| state.h2.shutdown());
    }
}
