//! Is the peer still there? Asked with PING frames, and only when it matters.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::h2::{Ping, PingPong};
use tokio::time::{Instant, Sleep};

use super::session::Shared;

/// By how much the interval grows while only pongs arrive: see the [module](super).
const GROWTH: [u32; 3] = [1, 4, 10];

/// The pings of one session.
#[derive(Debug)]
pub(super) struct Pulse {
    pings: PingPong,
    interval: Duration,
    timeout: Duration,
    /// The next look, or the end of the wait for a pong.
    alarm: Pin<Box<Sleep>>,
    /// Bytes received when it was last looked.
    seen: u64,
    /// A ping is on its way.
    asked: bool,
    /// Pongs in a row with nothing else between.
    alone: usize,
}

impl Pulse {
    pub(super) fn new(pings: PingPong, interval: Duration, timeout: Duration) -> Self {
        Self {
            pings,
            interval,
            timeout,
            alarm: Box::pin(tokio::time::sleep(interval)),
            seen: 0,
            asked: false,
            alone: 0,
        }
    }

    /// Ready when the peer has not answered a ping in time, nor sent anything else.
    pub(super) fn poll_dead(&mut self, shared: &Shared, cx: &mut Context<'_>) -> Poll<()> {
        if self.asked && self.pings.poll_pong(cx).is_ready() {
            // An error is the connection's, and its own poll tells it.
            self.asked = false;
            self.seen = shared.line.read();
            self.alone = (self.alone + 1).min(GROWTH.len() - 1);
            self.wait(self.interval * GROWTH[self.alone]);
        }
        loop {
            ready!(self.alarm.as_mut().poll(cx));
            let read = shared.line.read();
            let silent = std::mem::replace(&mut self.seen, read) == read;
            if self.asked && silent {
                return Poll::Ready(());
            }
            if !silent {
                self.alone = 0;
            }
            if self.asked || !silent || shared.streams() == 0 {
                // Something moves, or nobody waits. A pong that is still owed will come.
                self.wait(self.interval);
            } else if self.pings.send_ping(Ping::opaque()).is_ok() {
                self.asked = true;
                self.wait(self.timeout);
                if self.pings.poll_pong(cx).is_ready() {
                    self.asked = false;
                }
            } else {
                self.wait(self.interval);
            }
        }
    }

    fn wait(&mut self, time: Duration) {
        self.alarm.as_mut().reset(Instant::now() + time);
    }
}
