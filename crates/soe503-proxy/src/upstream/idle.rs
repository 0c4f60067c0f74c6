//! Connections that wait for their next request, one pool per worker thread.
//!
//! A worker never shares connections with another: no lock, no cross-thread wake-up. Last in,
//! first out keeps few connections warm and lets the rest grow old, until the next checkout or
//! the sweep closes them. When the backend closes one first, that teaches how long it waits
//! (`soe503_core::keepalive`), and the next ones are given up before that.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::time::Duration;

use soe503_core::Tick;

use super::Upstream;
use super::connection::Connection;

/// Identifies a backend for as long as the process lives.
pub(crate) type BackendKey = u64;

thread_local! {
    static IDLE: RefCell<Pools> = RefCell::new(Pools::default());
    static SWEPT: Cell<Tick> = const { Cell::new(Tick::ZERO) };
}

type Pools = HashMap<BackendKey, Idle, BuildHasherDefault<Spread>>;

/// Keys are our own consecutive numbers: multiplying spreads them, and nobody chooses them.
#[derive(Debug, Default)]
pub(super) struct Spread(u64);

#[derive(Debug)]
struct Idle {
    upstream: Upstream,
    /// Oldest first.
    #[expect(
        clippy::vec_box,
        reason = "connections are handed on boxed: a request would unbox and box one each time"
    )]
    connections: Vec<Box<Connection>>,
}

/// How often all are looked at: whoever is found closed was open that long ago.
pub(super) const SWEEP: Duration = Duration::from_secs(1);

/// Takes the most recently used connection that is still open and young enough.
pub(super) fn take(upstream: &Upstream, now: Tick) -> Option<Box<Connection>> {
    // What is not used is dropped after the borrow ends: dropping wakes other tasks.
    let mut dropped = Vec::new();
    IDLE.with_borrow_mut(|pool| {
        let idle = pool.get_mut(&upstream.key())?;
        let limit = upstream.idle_limit(now);
        while let Some(mut connection) = idle.connections.pop() {
            let age = now.since(connection.idle_since);
            if age >= limit {
                // Everything below it is older still.
                dropped.push(connection);
                dropped.append(&mut idle.connections);
            } else if connection.is_spoiled() {
                upstream.idle_closed(now, age, connection.served);
                dropped.push(connection);
            } else {
                return Some(connection);
            }
        }
        None
    })
}

/// Keeps a connection, or closes it if too many are already waiting.
pub(super) fn put(upstream: &Upstream, connection: Box<Connection>) {
    let refused = IDLE.with_borrow_mut(|pool| {
        let idle = pool.entry(upstream.key()).or_insert_with(|| Idle {
            upstream: upstream.clone(),
            connections: Vec::new(),
        });
        if idle.connections.len() >= upstream.options().max_idle {
            return Some(connection);
        }
        idle.connections.push(connection);
        None
    });
    drop(refused);
}

/// Closes all waiting connections of one backend.
pub(super) fn clear(key: BackendKey) {
    let dropped = IDLE.with_borrow_mut(|pool| pool.remove(&key));
    drop(dropped);
}

/// Closes what grew too old, once in [`SWEEP`]. The worker calls it more often than that.
pub(crate) fn sweep(now: Tick) {
    if now.since(SWEPT.get()) < SWEEP {
        return;
    }
    SWEPT.set(now);
    let mut dropped = Vec::new();
    IDLE.with_borrow_mut(|pool| {
        pool.retain(|_, idle| {
            let upstream = &idle.upstream;
            let limit = upstream.idle_limit(now);
            let spent = |c: &mut Box<Connection>| {
                let age = now.since(c.idle_since);
                let closed = age < limit && c.is_spoiled();
                if closed {
                    upstream.idle_closed(now, age, c.served);
                }
                closed || age >= limit
            };
            dropped.extend(idle.connections.extract_if(.., spent));
            !idle.connections.is_empty()
        });
    });
}

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = (self.0 ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
#[path = "idle_tests.rs"]
mod tests;
