//! What is said about an attempt that is under way, or not needed any more.
//!
//! Whether a request is sent to a second backend depends on which one it waits for; only the pool knows
//! that. And that an attempt is dropped because another one of its request was answered first is not the same as
//! a client that left. As with [`overtime`](crate::overtime), both are settled within one poll, and
//! who does not hedge pays nothing.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

/// A backend, for the ledger.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) name: Arc<str>,
    pub(crate) address: Arc<str>,
}

/// What the pool knows about an attempt that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnderWay {
    /// The pool's number of the backend.
    pub(crate) backend: u32,
    /// It is to show whether an ejected backend is back.
    pub(crate) probe: bool,
    /// Backends out of rotation are used.
    pub(crate) panic: bool,
    /// A backend is in rotation that the request has not tried.
    pub(crate) other_backend: bool,
    /// How long an attempt usually takes.
    pub(crate) typical_latency: Option<Duration>,
}

thread_local! {
    static ASKED: Cell<bool> = const { Cell::new(false) };
    static TOLD: Cell<Option<UnderWay>> = const { Cell::new(None) };
    static OUTRUN: Cell<bool> = const { Cell::new(false) };
    static WHO: RefCell<Option<Who>> = const { RefCell::new(None) };
}

/// Restores what was, be it after a panic.
struct Restore(&'static std::thread::LocalKey<Cell<bool>>, bool);

impl Drop for Restore {
    fn drop(&mut self) {
        self.0.set(self.1);
    }
}

fn within<T>(key: &'static std::thread::LocalKey<Cell<bool>>, run: impl FnOnce() -> T) -> T {
    let _restore = Restore(key, key.replace(true));
    run()
}

/// Polls an attempt and asks about it. `None`: it has ended, or there is no pool below.
pub(crate) fn ask<T>(poll: impl FnOnce() -> T) -> (T, Option<UnderWay>) {
    TOLD.set(None);
    let polled = within(&ASKED, poll);
    (polled, TOLD.take())
}

/// Somebody asks about the attempt that is being polled.
pub(crate) fn is_asked() -> bool {
    ASKED.get()
}

/// Answers.
pub(crate) fn tell(under_way: UnderWay) {
    TOLD.set(Some(under_way));
}

/// Drops an attempt that is not needed any more, and says whose it was.
pub(crate) fn outrun(drop: impl FnOnce()) -> Option<Who> {
    WHO.take();
    within(&OUTRUN, drop);
    WHO.take()
}

/// What is being dropped was outrun.
pub(crate) fn is_outrun() -> bool {
    OUTRUN.get()
}

/// Says whose it was.
pub(crate) fn was_on(who: Who) {
    WHO.replace(Some(who));
}
