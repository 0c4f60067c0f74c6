//! The task of a connection: moves its frames, pings its peer, and notes how it ended.
//!
//! Requests put their frames into the session and wake this task once, however many they are: what all
//! of them have said since then leaves with one write. What was read wakes the requests it is for.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use soe503_core::ledger::{Fault, Http2Fault};
use tokio::io::AsyncWrite;

use super::H2Options;
use super::link::{Link, State, Woken};
use super::pulse::Pulse;
use crate::net::{Stream, read_scratch};

/// So often it is read before others get their turn.
const READS: usize = 8;

/// Runs until the connection is closed or broken, or its peer is found dead. Dropped before that, it ends the
/// connection for all streams.
#[derive(Debug)]
pub(super) struct Driver {
    io: Stream,
    link: Arc<Link>,
    pulse: Option<Pulse>,
    /// Bytes received.
    read: u64,
    /// The socket took everything, and TLS below it has not.
    unflushed: bool,
    /// Empty between two polls.
    woken: Woken,
}

impl Driver {
    pub(super) fn new(io: Stream, link: Arc<Link>, options: &H2Options) -> Self {
        Self {
            io,
            link,
            pulse: Pulse::new(options),
            read: 0,
            unflushed: false,
            woken: Woken::new(),
        }
    }

    /// Reads what is there. `Some`: the connection is over.
    fn read(&mut self, cx: &mut Context<'_>) -> Option<Fault> {
        let Self {
            io,
            link,
            read,
            woken,
            ..
        } = self;
        for _ in 0..READS {
            let came = read_scratch(io, cx, |bytes| {
                *read += bytes.len() as u64;
                let mut state = link.lock();
                if bytes.is_empty() {
                    return Err(state.blamed.map_or(Fault::Closed, |code| {
                        // A peer that ends the connection with an error, and all streams on it.
                        Fault::Http2(Http2Fault::Reset(code.0))
                    }));
                }
                let received = state.receive(bytes, woken);
                received.map_err(|violation| Fault::Http2(Http2Fault::Violation(violation.code.0)))
            });
            match came {
                Poll::Pending => return None,
                Poll::Ready(Ok(Ok(()))) => {}
                Poll::Ready(Ok(Err(fault))) => return Some(fault),
                Poll::Ready(Err(error)) => return Some(of_io(&error)),
            }
        }
        cx.waker().wake_by_ref();
        None
    }

    /// Writes what is queued. Ready: the socket has taken everything.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.link.lock();
        while !state.h2.queued().is_empty() {
            match Pin::new(&mut self.io).poll_write(cx, state.h2.queued()) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(bytes)) => {
                    state.h2.sent(bytes);
                    self.unflushed = true;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    // What has left made room.
                    state.dispatch(&mut self.woken);
                    return Poll::Pending;
                }
            }
        }
        state.dispatch(&mut self.woken);
        if self.unflushed {
            std::task::ready!(Pin::new(&mut self.io).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// How it ended, if it has.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Fault> {
        if let Some(fault) = self.read(cx) {
            return Poll::Ready(fault);
        }
        if let Some(pulse) = &mut self.pulse
            && pulse.poll_dead(&self.link, self.read, cx).is_ready()
        {
            return Poll::Ready(Fault::Http2(Http2Fault::PingTimeout));
        }
        let written = self.poll_write(cx);
        if let Poll::Ready(Err(error)) = &written {
            // Before the peer closed it may have said what it leaves out.
            let fault = of_io(error);
            return Poll::Ready(
                self.read(cx)
                    .filter(|said| *said != Fault::Closed)
                    .unwrap_or(fault),
            );
        }
        let mut state = self.link.lock();
        if written.is_ready() && state.h2.is_over() {
            return Poll::Ready(Fault::Closed);
        }
        rest(&mut state, written.is_pending(), cx);
        Poll::Pending
    }
}

/// Until somebody wakes the driver, which need not be if it waits for the socket.
fn rest(state: &mut State, waits: bool, cx: &Context<'_>) {
    state.asked = waits;
    if !state.driver.will_wake(cx.waker()) {
        state.driver = cx.waker().clone();
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let polled = this.poll_end(cx);
        if let Poll::Ready(fault) = polled {
            // With the end noted first: whoever is woken looks for it.
            this.link.end(fault);
            // A last word, if there is one and the socket takes it at once; then that nothing more comes.
            let _word = this.poll_write(cx);
            let _end = Pin::new(&mut this.io).poll_shutdown(cx);
            this.woken.drain(..).for_each(Waker::wake);
            return Poll::Ready(());
        }
        this.woken.drain(..).for_each(Waker::wake);
        Poll::Pending
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.link.end(Fault::Closed);
    }
}

fn of_io(error: &io::Error) -> Fault {
    error.raw_os_error().map_or(Fault::Closed, Fault::Errno)
}
