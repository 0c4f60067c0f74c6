//! Telling open connections to finish.
//!
//! One signal per process, many thousand listeners. A connection registers its waker once, with
//! its first poll, and from then on looks at a flag: a request pays one relaxed load for the
//! possibility of a shutdown.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// The signal to finish. Clones are the same signal.
#[derive(Clone, Debug, Default)]
pub struct Drain(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    begun: AtomicBool,
    notify: Arc<Notify>,
}

pin_project! {
    /// A connection future that is told once to finish what is in flight.
    pub(crate) struct Drained<C> {
        #[pin]
        connection: C,
        #[pin]
        notified: OwnedNotified,
        drain: Drain,
        registered: bool,
        told: bool,
    }
}

/// A connection that can finish gracefully.
pub(crate) trait Graceful: Future {
    /// Finish what is in flight, accept nothing new.
    fn finish(self: Pin<&mut Self>);
}

impl Drain {
    /// Begins the drain; it cannot be taken back.
    pub fn begin(&self) {
        self.0.begun.store(true, Ordering::Release);
        self.0.notify.notify_waiters();
    }

    /// Whether the drain has begun.
    pub fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::Acquire)
    }

    /// Resolves when the drain begins, at once if it has.
    pub async fn begun(&self) {
        let notified = Arc::clone(&self.0.notify).notified_owned();
        tokio::pin!(notified);
        // Registered before the flag is read: a drain that begins in between is not missed.
        notified.as_mut().enable();
        if !self.has_begun() {
            notified.await;
        }
    }

    pub(crate) fn watch<C: Graceful>(&self, connection: C) -> Drained<C> {
        let notified = Arc::clone(&self.0.notify).notified_owned();
        Drained {
            connection,
            notified,
            drain: self.clone(),
            registered: false,
            told: false,
        }
    }
}

impl<C: Graceful> Future for Drained<C> {
    type Output = C::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C::Output> {
        let mut this = self.project();
        if !*this.registered {
            // Spawned tasks keep their waker, so once is enough.
            *this.registered = true;
            let _not_yet = this.notified.as_mut().poll(cx);
        }
        if !*this.told && this.drain.0.begun.load(Ordering::Relaxed) {
            *this.told = true;
            this.connection.as_mut().finish();
        }
        this.connection.poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_test::{assert_pending, assert_ready, task};

    pin_project! {
        struct Fake { finished: bool }
    }
    impl Future for Fake {
        type Output = ();
        fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
            if self.finished {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }
    }
    impl Graceful for Fake {
        fn finish(self: Pin<&mut Self>) {
            *self.project().finished = true;
        }
    }

    #[test]
    fn a_waiting_connection_is_woken_and_told() {
        let drain = Drain::default();
        let mut connection = task::spawn(drain.watch(Fake { finished: false }));
        assert_pending!(connection.poll());
        assert!(!connection.is_woken());
        drain.begin();
        assert!(connection.is_woken());
        assert_ready!(connection.poll());
    }

    #[test]
    fn a_connection_that_comes_late_is_told_at_once() {
        let drain = Drain::default();
        drain.begin();
        let mut connection = task::spawn(drain.watch(Fake { finished: false }));
        assert_ready!(connection.poll());
        assert_ready!(task::spawn(drain.begun()).poll());
    }
}
