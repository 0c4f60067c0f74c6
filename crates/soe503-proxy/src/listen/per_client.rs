//! How many connections each client has.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

/// Locks are taken when a connection begins and ends; workers seldom meet at one of so many.
const SHARDS: usize = 16;

/// Counts the connections of each client of a listener, over all workers. Clones share the counts.
///
/// Memory is bounded by the connections that are open: a client without one is not known.
#[derive(Clone, Debug)]
pub(crate) struct PerClient {
    limit: usize,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    hasher: RandomState,
    shards: [Mutex<HashMap<Who, usize>>; SHARDS],
}

/// A client: an IPv4 address, or the 64 bits of an IPv6 network, which is what one customer of a
/// provider has at least (RFC 6177 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Who {
    V4(u32),
    V6(u64),
}

/// One connection of a client; dropping it counts it closed.
#[derive(Debug)]
#[must_use = "dropping it counts the connection as closed"]
pub(crate) struct Seat {
    who: Who,
    counts: Arc<Counts>,
}

impl PerClient {
    /// Up to `limit` connections for each client.
    pub(crate) fn new(limit: NonZeroUsize) -> Self {
        Self {
            limit: limit.get(),
            counts: Arc::default(),
        }
    }

    /// Room for one more connection of `client`, if there is.
    pub(crate) fn seat(&self, client: IpAddr) -> Option<Seat> {
        let who = Who::from(client);
        self.counts
            .change(who, |count| {
                let free = *count < self.limit;
                *count += usize::from(free);
                free
            })
            .then(|| Seat {
                who,
                counts: Arc::clone(&self.counts),
            })
    }
}

impl Counts {
    /// Changes the count of `who`; a count of zero is forgotten.
    fn change<T>(&self, who: Who, change: impl FnOnce(&mut usize) -> T) -> T {
        // The remainder is below SHARDS.
        let shard = usize::try_from(self.hasher.hash_one(who) % SHARDS as u64).unwrap_or(0);
        let mut shard = self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = shard.entry(who).or_insert(0);
        let result = change(count);
        if *count == 0 {
            shard.remove(&who);
        }
        result
    }
}

impl From<IpAddr> for Who {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.to_bits()),
            IpAddr::V6(v6) => {
                let [a, b, c, d, e, f, g, h, ..] = v6.octets();
                Self::V6(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.counts
            .change(self.who, |count| *count = count.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_its_own_room() {
        let clients = PerClient::new(NonZeroUsize::new(2).unwrap());
        let seat = |client: &str| clients.clone().seat(client.parse().unwrap());
        let first = seat("192.0.2.1").unwrap();
        let _second = seat("::ffff:192.0.2.1").unwrap();
        assert!(seat("192.0.2.1").is_none());
        let _other = seat("192.0.2.2").unwrap();
        drop(first);
        assert!(seat("192.0.2.1").is_some());
        // One network of 64 bits is one client.
        let _v6 = (
            seat("2001:db8::1").unwrap(),
            seat("2001:db8::ffff:1").unwrap(),
        );
        assert!(seat("2001:db8::2").is_none());
        assert!(seat("2001:db8:0:1::2").is_some());
    }

    #[test]
    fn who_has_left_is_forgotten() {
        let clients = PerClient::new(NonZeroUsize::MIN);
        for number in 0..1000_u32 {
            let client = IpAddr::from(number.to_be_bytes());
            drop(clients.seat(client).unwrap());
        }
        let known: usize = clients
            .counts
            .shards
            .iter()
            .map(|s| s.lock().unwrap().len())
            .sum();
        assert_eq!(known, 0);
    }
}
