//! How many clients are connected.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::listen::Refused;

/// Counts client connections. A cheap-clone handle.
#[derive(Clone, Debug, Default)]
pub struct Connections(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    open: AtomicU64,
    total: AtomicU64,
    refused_header: AtomicU64,
    refused_many: AtomicU64,
}

/// One open connection; dropping it counts it closed.
#[derive(Debug)]
#[must_use = "dropping it counts the connection as closed"]
pub struct ConnectionGuard(Arc<Counts>);

impl Connections {
    /// Counts a connection that has just been accepted, for as long as the guard lives.
    pub fn opened(&self) -> ConnectionGuard {
        self.0.open.fetch_add(1, Relaxed);
        self.0.total.fetch_add(1, Relaxed);
        ConnectionGuard(Arc::clone(&self.0))
    }

    /// Counts a connection that was closed before its first request.
    pub(crate) fn refused(&self, why: Refused) {
        let counter = match why {
            Refused::ProxyHeader => &self.0.refused_header,
            Refused::TooMany => &self.0.refused_many,
        };
        counter.fetch_add(1, Relaxed);
    }

    /// Connections without the PROXY protocol header that was due, since the start.
    pub fn refused_for_header(&self) -> u64 {
        self.0.refused_header.load(Relaxed)
    }

    /// Connections of clients that had as many as they may, since the start.
    pub fn refused_per_client(&self) -> u64 {
        self.0.refused_many.load(Relaxed)
    }

    /// Connections open now.
    pub fn open(&self) -> u64 {
        self.0.open.load(Relaxed)
    }

    /// Connections accepted since the start.
    pub fn total(&self) -> u64 {
        self.0.total.load(Relaxed)
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_counts_while_it_lives() {
        let connections = Connections::default();
        let first = connections.clone().opened();
        let second = connections.opened();
        assert_eq!((connections.open(), connections.total()), (2, 2));
        drop(first);
        assert_eq!((connections.open(), connections.total()), (1, 2));
        drop(second);
        assert_eq!(connections.open(), 0);
    }
}
