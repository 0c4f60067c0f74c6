//! Attempts that have had their time, and are waited for because no other can follow.
//!
//! Whether another attempt can follow is known to the retry layer; whom a failure speaks against, to the
//! pool; what is under way, to the connector. All three are asked in one poll, when an attempt's time is
//! over: [`Retry`](crate::Retry) polls with its answer, and whoever is below acts by it. An attempt that
//! goes on has failed as far as breakers, ejection and probes are concerned, and is not cut off.

use std::cell::Cell;

use soe503_core::pool::FailureScope;

/// What is to become of an attempt whose time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// Nobody has been asked: it ends.
    Unasked,
    /// Another can follow: it ends.
    Cut,
    /// It goes on until the request's deadline.
    GoOn,
}

thread_local! {
    static WORD: Cell<Word> = const { Cell::new(Word::Unasked) };
    static TOLD: Cell<Option<FailureScope>> = const { Cell::new(None) };
}

/// Restores what was, be it after a panic.
struct Restore(Word);

impl Drop for Restore {
    fn drop(&mut self) {
        WORD.set(self.0);
    }
}

/// Polls an attempt whose time is over.
pub(crate) fn within<T>(word: Word, poll: impl FnOnce() -> T) -> T {
    TOLD.set(None);
    let _restore = Restore(WORD.replace(word));
    poll()
}

/// Whether an attempt that finds its time over, in the poll that it is in, goes on. For connectors,
/// which otherwise fail it.
pub fn goes_on() -> bool {
    WORD.get() == Word::GoOn
}

/// What was said about the attempt that is being polled.
pub(crate) fn word() -> Word {
    WORD.get()
}

/// The pool has counted the failure: whom it speaks against.
pub(crate) fn tell(scope: FailureScope) {
    TOLD.set(Some(scope));
}

/// What was told, for the circuit around the pool.
pub(crate) fn told() -> Option<FailureScope> {
    TOLD.get()
}

/// What was told, for the last time.
pub(crate) fn take() -> Option<FailureScope> {
    TOLD.take()
}
