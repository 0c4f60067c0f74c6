//! How often one address may do what somebody else pays for: guess, and act.
//!
//! | what | at once | then |
//! | --- | --- | --- |
//! | showing a token that is wrong, or a certificate without a role | 10 | 1 a second |
//! | acts of whoever may, and what is signed in place of a token | 50 | 10 a second |
//!
//! From a loopback address a hundred times as much: whoever is on this machine has shorter ways, and scripts and tests are. Looking is free.
//!
//! **Who pays for a guess.** A token is charged before it is compared and given back if it is right. So guesses that come at once are as
//! many as those that come one by one, and whoever has the token pays nothing. An address that guesses on is not compared any more, the right
//! token included: otherwise the limit would not be one. That is for a second after the last guess, and of other addresses nobody.
//!
//! **What is no guess.** A request without credentials, and one of another site's page: any page can have a browser send those, and would lock
//! out whoever sits in front of it. They are refused for nothing.
//!
//! An IPv6 address counts with its network of 64 bits. Of [`ADDRESSES`] addresses at once each has a count of its own; beyond that new ones begin with
//! what the least busy one of a few others owes ([`soe503_core::rate`]).

use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::rate::{ClientPrefix, Key, Left, Quota, RateConfig, RateLimit};

/// Addresses that are told apart; 64 KiB for each kind.
const ADDRESSES: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// Credentials that are refused.
const GUESSES: Quota = quota(10, 1);
const ACTS: Quota = quota(50, 10);
/// So many times as much from this machine.
const LOCAL: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// The counts of one admin listener.
#[derive(Debug)]
pub(super) struct Pace {
    guesses: Limits,
    acts: Limits,
}

/// One limit for other machines, one for this one.
#[derive(Debug)]
struct Limits {
    remote: RateLimit,
    local: RateLimit,
}

/// A guess that was charged.
pub(super) struct Charged<'a> {
    limit: &'a RateLimit,
    key: Key,
    left: Left,
}

// === impl Pace ===

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            guesses: Limits::new("admin guesses", GUESSES),
            acts: Limits::new("admin acts", ACTS),
        }
    }

    /// Somebody at `peer` shows what may be wrong.
    ///
    /// # Errors
    ///
    /// How long nothing of theirs is looked at.
    pub(super) fn guess(&self, peer: IpAddr, now: Tick) -> Result<Charged<'_>, Duration> {
        self.guesses.take(peer, now)
    }

    /// Somebody at `peer` who may acts.
    ///
    /// # Errors
    ///
    /// How long they have to wait.
    pub(super) fn act(&self, peer: IpAddr, now: Tick) -> Result<(), Duration> {
        self.acts.take(peer, now).map(|_charged| ())
    }
}

// === impl Limits ===

impl Limits {
    fn new(name: &str, quota: Quota) -> Self {
        let times = |number: NonZeroU32| number.saturating_mul(LOCAL);
        let local = Quota::new(times(quota.requests), quota.per).with_burst(times(quota.burst));
        let limit = |quota, keys| {
            let mut config = RateConfig::new(quota);
            config.max_keys = keys;
            RateLimit::new(name, config)
        };
        Self {
            remote: limit(quota, ADDRESSES),
            local: limit(local, NonZeroUsize::MIN),
        }
    }

    fn take(&self, peer: IpAddr, now: Tick) -> Result<Charged<'_>, Duration> {
        let (limit, key) = match peer.to_canonical().is_loopback() {
            // There are millions of them, and all are this machine.
            true => (&self.local, self.local.key(())),
            false => {
                let network = ClientPrefix::default().of(peer);
                (&self.remote, self.remote.key(network))
            }
        };
        match limit.take(key, now) {
            Ok(left) => Ok(Charged { limit, key, left }),
            Err(limited) => Err(limited.wait),
        }
    }
}

// === impl Charged ===

impl Charged<'_> {
    /// It was right.
    pub(super) fn give_back(self) {
        self.limit.give_back(self.key, &self.left);
    }
}

const fn quota(at_once: u32, per_second: u32) -> Quota {
    let (Some(burst), Some(requests)) = (NonZeroU32::new(at_once), NonZeroU32::new(per_second))
    else {
        panic!("more than none");
    };
    Quota::new(requests, Duration::from_secs(1)).with_burst(burst)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ELSEWHERE: &str = "198.51.100.7";

    fn at(seconds: u64) -> Tick {
        Tick::from_secs(1_000 + seconds)
    }

    fn guesses(pace: &Pace, peer: &str, now: Tick) -> usize {
        let peer = peer.parse().unwrap();
        (0..10_000)
            .take_while(|_| pace.guess(peer, now).is_ok())
            .count()
    }

    fn acts(pace: &Pace, peer: &str, now: Tick) -> usize {
        let peer = peer.parse().unwrap();
        (0..10_000)
            .take_while(|_| pace.act(peer, now).is_ok())
            .count()
    }

    #[test]
    fn ten_guesses_at_once_and_one_a_second() {
        let pace = Pace::new();
        assert_eq!(guesses(&pace, ELSEWHERE, at(0)), 10);
        let wait = pace.guess(ELSEWHERE.parse().unwrap(), at(0)).err().unwrap();
        assert_eq!(wait, Duration::from_secs(1));
        assert_eq!(guesses(&pace, ELSEWHERE, at(1)), 1);
        assert_eq!(guesses(&pace, ELSEWHERE, at(1 + 9)), 9);
        // Others have not guessed.
        assert_eq!(guesses(&pace, "198.51.100.8", at(10)), 10);
        // Nor is an act a guess.
        assert_eq!(acts(&pace, ELSEWHERE, at(10)), 50);
        assert_eq!(acts(&pace, ELSEWHERE, at(11)), 10);
    }

    #[test]
    fn whoever_is_right_pays_nothing() {
        let pace = Pace::new();
        let peer = ELSEWHERE.parse().unwrap();
        for _ in 0..1_000 {
            pace.guess(peer, at(0)).ok().unwrap().give_back();
        }
        assert_eq!(guesses(&pace, ELSEWHERE, at(0)), 10);
        assert!(pace.guess(peer, at(0)).is_err());
        pace.guess(peer, at(1)).ok().unwrap().give_back();
        assert!(pace.guess(peer, at(1)).is_ok());
    }

    #[test]
    fn a_network_is_one_and_so_is_this_machine() {
        let pace = Pace::new();
        assert_eq!(guesses(&pace, "2001:db8::1", at(0)), 10);
        assert_eq!(guesses(&pace, "2001:db8::2:3:4:5", at(0)), 0);
        assert_eq!(guesses(&pace, "2001:db8:0:1::1", at(0)), 10);
        assert_eq!(guesses(&pace, "::ffff:198.51.100.7", at(0)), 10);
        assert_eq!(guesses(&pace, ELSEWHERE, at(0)), 0);
        assert_eq!(guesses(&pace, "127.0.0.1", at(0)), 1_000);
        assert_eq!(guesses(&pace, "127.9.9.9", at(0)), 0);
        assert_eq!(guesses(&pace, "::1", at(0)), 0);
        assert_eq!(guesses(&pace, "::1", at(1)), 100);
        assert_eq!(acts(&pace, "::1", at(1)), 5_000);
    }
}
