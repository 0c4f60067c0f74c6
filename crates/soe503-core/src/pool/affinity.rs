//! Where a request belongs, and what a pick is asked for.

use core::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::tried::Tried;
use crate::Tick;

/// Where a request belongs: which key it carries, and which backend its client was sent to before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Affinity {
    /// The hash of its key ([`Self::hash`]). It matters to the policies with a key.
    pub hash: Option<u64>,
    /// The [`badge`](super::BackendSpec::badge) of the backend that its client is to stay with, as
    /// long as that can be used. It goes before any policy.
    pub badge: Option<u64>,
}

/// What a pick is to find: see [`Pool::pick_for`](super::Pool::pick_for).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Ask<'a> {
    /// The number of the thread that picks: see [`Pool::pick_as`](super::Pool::pick_as).
    pub picker: u32,
    /// The time.
    pub now: Tick,
    /// The backends that the request has tried.
    pub tried: &'a Tried,
    /// The request may be the probe of an ejected backend.
    pub probe_allowed: bool,
    /// It may not run twice, so what a backend answers it badly is lost: backends that failed lately are
    /// avoided more than they are otherwise, by the policies that look at costs.
    pub once: bool,
    /// Where it belongs.
    pub affinity: Affinity,
    /// Rather nobody than one that the request has tried.
    pub elsewhere: bool,
    /// It has waited, and its turn has come.
    pub(super) called: bool,
}

// === impl Affinity ===

impl Affinity {
    /// Belongs nowhere.
    pub const NONE: Self = Self {
        hash: None,
        badge: None,
    };

    /// The hash of a key: the same in every process and release (SipHash-1-3 with a key of zeros), so
    /// that several proxies send a key to the same backend.
    ///
    /// Clients can search for keys that meet at one backend; [`bounded_load`](super::Hashing) is what
    /// keeps that from mattering.
    pub fn hash(key: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new();
        hasher.write(key);
        hasher.finish()
    }

    /// The badge of a backend called `name`, for clients to bring back: SipHash-1-3 under a secret. It
    /// does not show the name, and whoever does not know the secret cannot find out whose it is by
    /// trying names.
    pub fn badge(name: &str, secret: &[u8; 16]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(secret);
        hasher.write(name.as_bytes());
        hasher.finish()
    }

    /// With a key of this hash.
    #[must_use]
    pub const fn with_hash(mut self, hash: u64) -> Self {
        self.hash = Some(hash);
        self
    }

    /// To stay with the backend of this badge.
    #[must_use]
    pub const fn with_badge(mut self, badge: u64) -> Self {
        self.badge = Some(badge);
        self
    }
}

// === impl Ask ===

impl<'a> Ask<'a> {
    /// A backend for a request that belongs nowhere.
    pub const fn new(now: Tick, tried: &'a Tried) -> Self {
        Self {
            picker: 0,
            now,
            tried,
            probe_allowed: false,
            once: false,
            affinity: Affinity::NONE,
            elsewhere: false,
            called: false,
        }
    }

    /// For thread number `picker`.
    #[must_use]
    pub const fn picker(mut self, picker: u32) -> Self {
        self.picker = picker;
        self
    }

    /// Whether it may not run twice.
    #[must_use]
    pub const fn once(mut self, once: bool) -> Self {
        self.once = once;
        self
    }

    /// Rather nobody than one that the request has tried.
    #[must_use]
    pub const fn elsewhere(mut self, elsewhere: bool) -> Self {
        self.elsewhere = elsewhere;
        self
    }

    /// The request may be a probe.
    #[must_use]
    pub const fn probe_allowed(mut self, allowed: bool) -> Self {
        self.probe_allowed = allowed;
        self
    }

    /// The request belongs somewhere.
    #[must_use]
    pub const fn affinity(mut self, affinity: Affinity) -> Self {
        self.affinity = affinity;
        self
    }
}

/// A number that `hash` decides and that is independent of it and of those for other `salt`s (the
/// finalizer of SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
pub(super) const fn mixed(hash: u64, salt: u64) -> u64 {
    let z = hash.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_keys_are_those_of_the_reference() {
        // SipHash-1-3 of nothing under a key of zeros; another number moves every client.
        assert_eq!(Affinity::hash(b""), 0xd1fb_a762_150c_532c);
        assert_ne!(Affinity::hash(b"a"), Affinity::hash(b"b"));
    }

    /// The first numbers of SplitMix64 seeded with 0; others would move every key to another backend.
    #[test]
    fn mixed_numbers_are_those_of_the_reference() {
        for (salt, number) in [
            (1, 0xe220_a839_7b1d_cdaf),
            (2, 0x6e78_9e6a_a1b9_65f4),
            (3, 0x06c4_5d18_8009_454f),
        ] {
            assert_eq!(mixed(0, salt), number);
        }
        assert_eq!(mixed(0x9e37_79b9_7f4a_7c15, 1), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn a_badge_needs_the_secret() {
        let badge = |name, secret| Affinity::badge(name, &[secret; 16]);
        assert_eq!(badge("a", 1), badge("a", 1));
        assert_ne!(badge("a", 1), badge("a", 2));
        assert_ne!(badge("a", 1), badge("b", 1));
    }
}
