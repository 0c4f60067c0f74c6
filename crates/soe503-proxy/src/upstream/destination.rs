//! Where connections lead: what all backends at one address, reached in one way, have in common.
//!
//! Several pools may name the same address, as those do that give one service several policies. Their
//! backends are told apart by what pools judge (health, ejection, latency); what is known about the
//! connections is known once: which are open, for how long they may idle, which family answers. So pools
//! that share an address share its connections, and a thousand of them hold no more than one would.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

use hashbrown::HashTable;
use soe503_core::keepalive::KeepAlive;

use super::port::Port;
use super::said::Said;
use super::{UpstreamOptions, idle};
use crate::tls::ClientTls;

/// An address, how it is reached, and what its connections have shown.
#[derive(Debug)]
pub(super) struct Destination {
    /// Never reused, so that connections of different destinations cannot be mixed up.
    pub(super) key: idle::BackendKey,
    pub(super) address: SocketAddr,
    /// An address of the other family that the same name has. Few have one.
    companion: Option<Box<SocketAddr>>,
    /// Until when the companion is tried first, as nanoseconds of a tick.
    pub(super) detour: AtomicU64,
    /// The same for all backends of a pool, and kept once for them.
    pub(super) options: Arc<UpstreamOptions>,
    pub(super) tls: Option<ClientTls>,
    /// When it last broke off a connection that had served nothing, as nanoseconds of a tick.
    pub(super) broke_fresh: AtomicU64,
    /// What is known of its address, however it is reached.
    pub(super) port: Arc<Port>,
    /// How long it keeps idle connections, and how many requests it serves on one.
    pub(super) keepalive: KeepAlive,
    /// What its errors say.
    pub(super) said: Said,
}

/// Those in use, by the hash of their address: at one address there are as many as there are ways to reach
/// it, which are few. Thousands of backends are usual, so an entry is two words, and the address is looked
/// up in the destination.
#[derive(Debug, Default)]
struct Known {
    table: HashTable<Entry>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Entry {
    hash: u64,
    destination: Weak<Destination>,
}

static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

// === impl Destination ===

impl Destination {
    /// The one destination at `address` that is reached this way. It lives for as long as a backend refers
    /// to it. Not for the request path: it takes a lock.
    pub(super) fn of(
        address: SocketAddr,
        companion: Option<SocketAddr>,
        options: Arc<UpstreamOptions>,
        tls: Option<ClientTls>,
    ) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // Ours may turn out to be the last reference to one of them, and dropping that takes the lock.
        let mut others = Vec::new();
        let mut known = known();
        let hash = known.hash(&address);
        for one in known.at(hash) {
            let way = (&one.address, one.companion(), &one.options, &one.tls);
            if way == (&address, companion, &options, &tls) {
                return one;
            }
            others.push(one);
        }
        let port = others
            .iter()
            .find(|one| one.address == address)
            .map(|one| Arc::clone(&one.port))
            .unwrap_or_default();
        let made = Arc::new(Self {
            key: NEXT.fetch_add(1, Ordering::Relaxed),
            address,
            companion: companion.map(Box::new),
            detour: AtomicU64::new(0),
            options,
            tls,
            broke_fresh: AtomicU64::new(0),
            port,
            keepalive: KeepAlive::new(),
            said: Said::default(),
        });
        let destination = Arc::downgrade(&made);
        let entry = Entry { hash, destination };
        known.table.insert_unique(hash, entry, |entry| entry.hash);
        made
    }

    /// An address of the other family that the same name has.
    pub(super) fn companion(&self) -> Option<SocketAddr> {
        self.companion.as_deref().copied()
    }
}

/// What is known of `address`, if a backend is there: for whoever connects to it as well. Not for the
/// request path: it takes a lock.
pub(crate) fn port(address: SocketAddr) -> Option<Arc<Port>> {
    // Ours may turn out to be the last references, and dropping those takes the lock.
    let here: Vec<_> = {
        let known = known();
        known.at(known.hash(&address)).collect()
    };
    let here = here.iter().find(|one| one.address == address);
    here.map(|one| Arc::clone(&one.port))
}

impl Drop for Destination {
    fn drop(&mut self) {
        let mut known = known();
        let hash = known.hash(&self.address);
        let is_this = |entry: &Entry| std::ptr::eq(entry.destination.as_ptr(), self);
        if let Ok(entry) = known.table.find_entry(hash, is_this) {
            entry.remove();
        }
    }
}

// === impl Known ===

impl Known {
    fn hash(&self, address: &SocketAddr) -> u64 {
        self.hasher.hash_one(address)
    }

    /// Those that are alive and whose address has this hash.
    fn at(&self, hash: u64) -> impl Iterator<Item = Arc<Destination>> {
        let entries = self.table.iter_hash(hash);
        entries
            .filter(move |entry| entry.hash == hash)
            .filter_map(|entry| entry.destination.upgrade())
    }
}

/// Nothing panics while it is held; if something did, the list would still be a list.
fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::upstream::Protocol;

    const OPTIONS: UpstreamOptions = UpstreamOptions {
        connect_timeout: Duration::from_secs(1),
        idle_timeout: Duration::from_secs(60),
        max_idle: 8,
        proxy: false,
        protocol: Protocol::H1,
    };

    /// Addresses of TEST-NET-1: nobody else asks for them.
    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 80))
    }

    fn plain(last: u8) -> Arc<Destination> {
        Destination::of(address(last), None, OPTIONS.into(), None)
    }

    #[test]
    fn the_same_way_to_the_same_address_is_one_destination() {
        let one = plain(1);
        let again = plain(1);
        assert!(Arc::ptr_eq(&one, &again));
    }

    #[test]
    fn another_address_companion_or_option_is_another() {
        let one = plain(2);
        let patient = UpstreamOptions {
            idle_timeout: Duration::from_secs(5),
            ..OPTIONS
        };
        for other in [
            plain(3),
            Destination::of(address(2), Some(address(9)), OPTIONS.into(), None),
            Destination::of(address(2), None, patient.into(), None),
        ] {
            assert_ne!(one.key, other.key);
        }
    }

    #[test]
    fn what_is_known_of_an_address_is_known_once() {
        let patient = UpstreamOptions {
            idle_timeout: Duration::from_secs(5),
            ..OPTIONS
        };
        let one = Destination::of(address(5), None, OPTIONS.into(), None);
        let other = Destination::of(address(5), None, patient.into(), None);
        assert!(Arc::ptr_eq(&one.port, &other.port));
        let found = port(address(5)).unwrap();
        assert!(Arc::ptr_eq(&one.port, &found));
        assert!(port(address(6)).is_none());
    }

    #[test]
    fn one_that_nobody_refers_to_is_forgotten() {
        let key = plain(4).key;
        let is_known = || {
            let known = known();
            known.at(known.hash(&address(4))).count() > 0
        };
        assert!(!is_known());
        let anew = plain(4);
        assert!(is_known());
        assert_ne!(anew.key, key);
    }

    #[test]
    fn a_destination_is_small() {
        // There is one for each backend: with the counts of its references, less than four cache lines.
        let bytes = size_of::<Destination>();
        assert!(bytes <= 208, "{bytes}");
    }
}
