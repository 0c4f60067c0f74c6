//! Finding a route without trying all of them.
//!
//! Routes are found by host, then by path, each in one pass over the request's own text, so that
//! 1,000 routes cost what three do:
//!
//! - the host is hashed from its last byte to its first. At each dot, the hash so far is that of
//!   the suffix behind it: one pass finds the exact host and every `*.suffix` that it is under;
//! - the routes of one host condition form a tree of path segments. A walk down the tree meets every
//!   prefix of the path that a route names, the longest last.
//!
//! What is found is the first route that accepts the request in the order of the config (exact
//! host, longest suffix, any host; then the longest path; then methods before any), as a test with
//! random routes compares. Nothing is allocated, and the work is bounded by the longest host and
//! the deepest path that the config names, whatever a client sends.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use smallvec::SmallVec;

use crate::config::{Host, Match, without_port};

/// Where routes are found by host and path. Routes are known by their position.
#[derive(Debug, Default)]
pub(super) struct Index {
    any: Tree,
    /// By [`fold`]ed hash; more than one only where hashes collide, or a name is also a suffix.
    named: HashMap<u64, Vec<Named>, BuildHasherDefault<Hashed>>,
    /// The longest host and suffix, in bytes: nobody looks further.
    longest: usize,
}

/// The routes of one condition on the host.
#[derive(Debug)]
struct Named {
    host: Host,
    tree: Tree,
}

/// Routes by the segments of their path prefix.
#[derive(Debug, Default)]
struct Tree {
    /// Those whose prefix ends here, in their order.
    here: Vec<usize>,
    below: HashMap<Box<str>, Self, BuildHasherDefault<Hashed>>,
}

/// A hash of text that the config gives: nobody can choose what is stored, so it need not be strong.
#[derive(Debug, Default)]
struct Hashed(u64);

/// The state of a hash before the first byte (FNV-1a).
const SEED: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

// === impl Index ===

impl Index {
    /// `matches` of all routes, in the order in which they are tried.
    pub(super) fn new<'a>(matches: impl IntoIterator<Item = &'a Match>) -> Self {
        let mut index = Self::default();
        for (route, matches) in matches.into_iter().enumerate() {
            index.tree(&matches.host).add(&matches.path_prefix, route);
        }
        index
    }

    /// The first route for this host (as in the `Host` header) and path that `accepts`, which asks
    /// for what is neither of them.
    pub(super) fn find(
        &self,
        host: Option<&str>,
        path: &str,
        accepts: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let found = host
            .filter(|_| !self.named.is_empty())
            .and_then(|host| self.by_host(without_port(host), path, &accepts));
        found.or_else(|| self.any.find(path, &accepts))
    }

    fn by_host(&self, host: &str, path: &str, accepts: &impl Fn(usize) -> bool) -> Option<usize> {
        let bytes = host.as_bytes();
        // More than eight nested suffixes of one host are rare enough to allocate for.
        let mut suffixes: SmallVec<[&Tree; 8]> = SmallVec::new();
        let mut hash = SEED;
        for (at, &byte) in bytes.iter().enumerate().rev().take(self.longest + 1) {
            if byte == b'.' && at > 0 {
                let length = bytes.len() - at - 1;
                let is = |named: &Host| matches!(named, Host::Under(s) if s.len() == length);
                suffixes.extend(self.named(hash, host, is));
            }
            hash = fold(hash, byte);
        }
        let exact = (bytes.len() <= self.longest)
            .then(|| self.named(hash, host, |named| matches!(named, Host::Exact(_))))
            .flatten();
        let longest_first = suffixes.into_iter().rev();
        exact
            .into_iter()
            .chain(longest_first)
            .find_map(|tree| tree.find(path, accepts))
    }

    /// The routes of the condition with that hash that accepts `host` and is of the right `kind`.
    fn named(&self, hash: u64, host: &str, kind: impl Fn(&Host) -> bool) -> Option<&Tree> {
        let candidates = self.named.get(&hash)?;
        let fits = |named: &&Named| kind(&named.host) && named.host.accepts(Some(host));
        candidates.iter().find(fits).map(|named| &named.tree)
    }

    /// The routes of `host`, to add one.
    fn tree(&mut self, host: &Host) -> &mut Tree {
        let (Host::Exact(name) | Host::Under(name)) = host else {
            return &mut self.any;
        };
        self.longest = self.longest.max(name.len());
        let hash = name.bytes().rev().fold(SEED, fold);
        let named = self.named.entry(hash).or_default();
        let known = named.iter().position(|named| named.host == *host);
        let at = known.unwrap_or_else(|| {
            named.push(Named {
                host: host.clone(),
                tree: Tree::default(),
            });
            named.len() - 1
        });
        &mut named[at].tree
    }
}

// === impl Tree ===

impl Tree {
    fn add(&mut self, prefix: &str, route: usize) {
        let segments = prefix.split('/').filter(|_| !prefix.is_empty());
        let tree = segments.fold(self, |tree, segment| {
            tree.below.entry(segment.into()).or_default()
        });
        tree.here.push(route);
    }

    /// The first of the routes with the longest prefix of `path` that has one which `accepts`.
    fn find(&self, path: &str, accepts: &impl Fn(usize) -> bool) -> Option<usize> {
        let first = |tree: &Self| tree.here.iter().copied().find(|&route| accepts(route));
        let mut best = first(self);
        let mut tree = self;
        let mut segments = path.split('/');
        while !tree.below.is_empty()
            && let Some(segment) = segments.next()
            && let Some(next) = tree.below.get(segment)
        {
            tree = next;
            best = first(tree).or(best);
        }
        best
    }
}

// === impl Hashed ===

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0 ^ SEED, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(PRIME)
        });
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        // The table looks at the upper bits, where FNV mixes least.
        self.0 ^ self.0.rotate_left(32)
    }
}

/// The hash of one more byte, whatever its case.
const fn fold(hash: u64, byte: u8) -> u64 {
    (hash ^ byte.to_ascii_lowercase() as u64).wrapping_mul(PRIME)
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
