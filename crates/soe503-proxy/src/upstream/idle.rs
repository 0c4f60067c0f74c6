//! Connections that wait for their next request, one pool per worker thread.
//!
//! A worker never shares connections with another: no lock, no cross-thread wake-up. Last in,
//! first out keeps few connections warm and lets the rest grow old, until the next checkout or
//! the sweep closes them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use soe503_core::Tick;

use super::UpstreamOptions;
use super::connection::Connection;

/// Identifies a backend for as long as the process lives.
pub(crate) type BackendKey = u64;

thread_local! {
    static IDLE: RefCell<Pools> = RefCell::new(Pools::default());
}

type Pools = HashMap<BackendKey, Idle, BuildHasherDefault<Spread>>;

/// Keys are our own consecutive numbers: multiplying spreads them, and nobody chooses them.
#[derive(Debug, Default)]
pub(super) struct Spread(u64);

#[derive(Debug)]
struct Idle {
    options: UpstreamOptions,
    /// Oldest first.
    connections: Vec<Connection>,
}

/// Takes the most recently used connection that is still open and young enough.
pub(super) fn take(key: BackendKey, now: Tick) -> Option<Connection> {
    // What is not used is dropped after the borrow ends: dropping wakes other tasks.
    let mut dropped = Vec::new();
    IDLE.with_borrow_mut(|pool| {
        let idle = pool.get_mut(&key)?;
        while let Some(connection) = idle.connections.pop() {
            if now.since(connection.idle_since) >= idle.options.idle_timeout {
                // Everything below it is older still.
                dropped.push(connection);
                dropped.append(&mut idle.connections);
            } else if connection.is_closed() {
                dropped.push(connection);
            } else {
                return Some(connection);
            }
        }
        None
    })
}

/// Keeps a connection, or closes it if `options.max_idle` are already waiting.
pub(super) fn put(key: BackendKey, options: UpstreamOptions, connection: Connection) {
    let refused = IDLE.with_borrow_mut(|pool| {
        let idle = pool.entry(key).or_insert_with(|| Idle {
            options,
            connections: Vec::new(),
        });
        if idle.connections.len() >= options.max_idle {
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

/// Closes what grew too old. The worker calls it once a second.
pub(crate) fn sweep(now: Tick) {
    let mut dropped = Vec::new();
    IDLE.with_borrow_mut(|pool| {
        pool.retain(|_, idle| {
            let limit = idle.options.idle_timeout;
            let young = |c: &Connection| !c.is_closed() && now.since(c.idle_since) < limit;
            dropped.extend(idle.connections.extract_if(.., |c| !young(c)));
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
