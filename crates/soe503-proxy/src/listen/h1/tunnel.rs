//! After `101 Switching Protocols`: bytes, in both directions, until either side is done.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::body::Shared;
use crate::listen::watch::Watch;
use crate::net::{WriteHalf, with_scratch};
use crate::upstream::Detached;

/// One direction. Holds bytes only while the other side does not take them.
#[derive(Debug, Default)]
struct Way {
    held: Bytes,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// The source has ended; its end is being passed on.
    Closing,
    Closed,
}

/// Runs until both directions have ended or one breaks.
pub(super) async fn run(inbox: &Shared, write: &mut WriteHalf, backend: Detached, watch: &Watch) {
    let Detached {
        mut read,
        write: mut to_backend,
        carry,
    } = backend;
    let mut up = Way::default();
    let mut down = Way {
        held: carry,
        ..Way::default()
    };
    poll_fn(|cx| {
        let mut inbox = inbox.lock();
        if let Some(first) = inbox.take_carry() {
            up.held = first;
        }
        let up = up.poll(cx, inbox.half(), &mut to_backend, watch);
        let down = down.poll(cx, &mut read, write, watch);
        match (up, down) {
            (Poll::Ready(Err(_)), _) | (_, Poll::Ready(Err(_))) => Poll::Ready(()),
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => Poll::Ready(()),
            _ => Poll::Pending,
        }
    })
    .await;
}

impl Way {
    /// Ready when the source's end has been passed on.
    fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
        to: &mut W,
        watch: &Watch,
    ) -> Poll<io::Result<()>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        loop {
            while !self.held.is_empty() {
                let written = ready!(Pin::new(&mut *to).poll_write(cx, &self.held))?;
                if written == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.held.advance(written);
            }
            match self.state {
                State::Open => {
                    let read = self.poll_pass(cx, from, to);
                    match read {
                        Poll::Ready(state) => self.state = state?,
                        Poll::Pending => {
                            ready!(Pin::new(&mut *to).poll_flush(cx))?;
                            return Poll::Pending;
                        }
                    }
                    watch.tunnel();
                }
                State::Closing => {
                    ready!(Pin::new(&mut *to).poll_shutdown(cx))?;
                    self.state = State::Closed;
                }
                State::Closed => return Poll::Ready(Ok(())),
            }
        }
    }

    /// Reads once and writes it at once; what does not go is held.
    fn poll_pass<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
        to: &mut W,
    ) -> Poll<io::Result<State>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        with_scratch(|scratch| {
            let mut buf = ReadBuf::new(scratch);
            ready!(Pin::new(from).poll_read(cx, &mut buf))?;
            let mut rest = buf.filled();
            if rest.is_empty() {
                return Poll::Ready(Ok(State::Closing));
            }
            while !rest.is_empty() {
                match Pin::new(&mut *to).poll_write(cx, rest)? {
                    Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(written) => rest = &rest[written..],
                    Poll::Pending => break,
                }
            }
            self.held = Bytes::copy_from_slice(rest);
            Poll::Ready(Ok(State::Open))
        })
    }
}
