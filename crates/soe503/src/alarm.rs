//! A timer that costs nothing until somebody has to wait for it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use soe503_core::Tick;
use tokio::time::Sleep;

use crate::clock;

pin_project! {
    /// Fires at `at`. The tokio timer is registered by the first poll, so a service that answers
    /// at once never touches the timer wheel; setting it again reuses the entry.
    #[derive(Debug)]
    pub(crate) struct Alarm {
        at: Option<Tick>,
        armed: Option<Tick>,
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl Alarm {
    /// An alarm for `at`; `None` never fires.
    pub(crate) const fn new(at: Option<Tick>) -> Self {
        Self {
            at,
            armed: None,
            sleep: None,
        }
    }

    /// Moves the alarm.
    pub(crate) fn set(self: Pin<&mut Self>, at: Option<Tick>) {
        *self.project().at = at;
    }

    /// Ready with the tick that was asked for, once it has come.
    pub(crate) fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Tick> {
        let mut this = self.project();
        let Some(at) = *this.at else {
            return Poll::Pending;
        };
        if *this.armed != Some(at) {
            let deadline = clock::instant(at);
            match this.sleep.as_mut().as_pin_mut() {
                Some(sleep) => sleep.reset(deadline),
                None => this.sleep.set(Some(tokio::time::sleep_until(deadline))),
            }
            *this.armed = Some(at);
        }
        if let Some(sleep) = this.sleep.as_pin_mut() {
            ready!(sleep.poll(cx));
        }
        Poll::Ready(at)
    }
}
