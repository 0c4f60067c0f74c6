//! Is the peer still there? Asked with PING frames, and only when it matters.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::H2Options;
use super::link::Link;

/// By how much the interval grows while only pongs arrive: see the [module](super).
const GROWTH: [u32; 3] = [1, 4, 10];
/// What a PING carries. There is never more than one on its way.
const PAYLOAD: [u8; 8] = *b"soe503\0\0";

/// The pings of one connection.
#[derive(Debug)]
pub(super) struct Pulse {
    interval: Duration,
    timeout: Duration,
    /// The next look, or the end of the wait for a pong.
    alarm: Pin<Box<Sleep>>,
    /// The alarm knows whom to wake.
    set: bool,
    /// Bytes received when it was last looked.
    seen: u64,
    /// A ping is on its way.
    asked: bool,
    /// Pongs in a row with nothing else between.
    alone: usize,
}

impl Pulse {
    /// `None`: no pings are wanted.
    pub(super) fn new(options: &H2Options) -> Option<Self> {
        (!options.ping_interval.is_zero()).then(|| Self {
            interval: options.ping_interval,
            timeout: options.ping_timeout,
            alarm: Box::pin(tokio::time::sleep(options.ping_interval)),
            set: false,
            seen: 0,
            asked: false,
            alone: 0,
        })
    }

    /// Ready when the peer has not answered a ping in time, nor sent anything else. `read`: bytes received so far.
    ///
    /// Costs next to nothing until the alarm rings, and no request sets one.
    pub(super) fn poll_dead(&mut self, link: &Link, read: u64, cx: &mut Context<'_>) -> Poll<()> {
        if self.asked && link.lock().take_pong() {
            self.asked = false;
            self.seen = read;
            self.alone = (self.alone + 1).min(GROWTH.len() - 1);
            self.wait(self.interval * GROWTH[self.alone]);
        }
        while self.rings(cx) {
            let silent = std::mem::replace(&mut self.seen, read) == read;
            if self.asked && silent {
                return Poll::Ready(());
            }
            if !silent {
                self.alone = 0;
            }
            let mut state = link.lock();
            if self.asked || !silent || state.h2.streams() == 0 {
                // Something moves, or nobody waits. A pong that is still owed will come.
                self.wait(self.interval);
            } else {
                state.h2.ping(PAYLOAD);
                self.asked = true;
                self.wait(self.timeout);
            }
        }
        Poll::Pending
    }

    /// Whether it is time. The alarm is asked itself once after it was set; then it knows this task.
    fn rings(&mut self, cx: &mut Context<'_>) -> bool {
        if self.set && !self.alarm.is_elapsed() {
            return false;
        }
        self.set = true;
        self.alarm.as_mut().poll(cx).is_ready()
    }

    fn wait(&mut self, time: Duration) {
        self.alarm.as_mut().reset(Instant::now() + time);
        self.set = false;
    }
}
