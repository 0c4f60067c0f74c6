//! Whether the client has sent all of its request.
//!
//! Nobody can answer a request that is still on its way. A [`ConcurrencyLimit`](crate::ConcurrencyLimit) that took
//! clients who drip their bodies for a service that does not answer would make everybody else wait:
//! two hundred such clients are no crowd.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

/// Says of one request whether all of its body has come. Whoever reads the body tells it, and puts a clone into
/// the [`RequestContext`](crate::RequestContext). Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Upload(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    over: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Upload {
    /// All has come: whoever waits for that is woken.
    pub fn end(&self) {
        if !self.0.over.swap(true, Ordering::SeqCst)
            && let Some(waker) = self.waker().take()
        {
            waker.wake();
        }
    }

    /// Whether all has come. If not, `waker` is woken when it has.
    pub fn poll_over(&self, waker: &Waker) -> bool {
        if self.is_over() {
            return true;
        }
        let mut waiting = self.waker();
        if !waiting.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *waiting = Some(waker.clone());
        }
        drop(waiting);
        // It may have ended before the waker was there.
        self.is_over()
    }

    fn is_over(&self) -> bool {
        self.0.over.load(Ordering::SeqCst)
    }

    fn waker(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.0.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_test::task;

    #[test]
    fn who_waits_is_woken_once_all_has_come() {
        let upload = Upload::default();
        let mut waiting = task::spawn(());
        assert!(!waiting.enter(|cx, _| upload.poll_over(cx.waker())));
        upload.clone().end();
        assert!(waiting.is_woken());
        assert!(waiting.enter(|cx, _| upload.poll_over(cx.waker())));
    }
}
