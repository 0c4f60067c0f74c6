//! What the errors of a destination say.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use soe503_core::Tick;
use soe503_core::diagnosis::rules::signature;

/// The words of its last 5xx, as [`signature`] sees them, and since when they are the same. Three words of
/// memory, written when an answer is a failure and read once a second; a mixture of two answers is one that
/// was not said, and holds until the next.
#[derive(Debug, Default)]
pub(super) struct Said {
    signature: AtomicU64,
    since: AtomicU64,
    at: AtomicU64,
}

impl Said {
    /// A failure whose body begins with `body`.
    pub(super) fn note(&self, now: Tick, body: &[u8]) {
        let Some(signature) = signature(body) else {
            return;
        };
        if self.signature.swap(signature, Relaxed) != signature {
            self.since.store(now.as_nanos(), Relaxed);
        }
        self.at.store(now.as_nanos(), Relaxed);
    }

    /// What it said last: the words, since when, and when last.
    pub(super) fn last(&self) -> Option<(u64, Tick, Tick)> {
        let tick = |of: &AtomicU64| Tick::from_nanos(of.load(Relaxed));
        let signature = self.signature.load(Relaxed);
        (signature != 0).then(|| (signature, tick(&self.since), tick(&self.at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_keep_their_beginning() {
        let said = Said::default();
        let at = Tick::from_secs;
        assert_eq!(said.last(), None);
        said.note(at(1), b"cannot reach the database, try 1");
        said.note(at(5), b"cannot reach the database, try 2");
        let last = said.last().unwrap();
        assert_eq!((last.1, last.2), (at(1), at(5)));
        said.note(at(6), b"503");
        assert_eq!(said.last(), Some(last), "no words");
        said.note(at(7), b"template not found anywhere");
        assert_eq!(
            said.last().map(|last| (last.1, last.2)),
            Some((at(7), at(7)))
        );
    }
}
