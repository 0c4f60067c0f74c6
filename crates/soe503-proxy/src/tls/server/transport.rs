//! The transport under TLS with a client: what is small leaves together.
//!
//! A send is the dearest thing that a new connection asks of the kernel, and the TLS library makes one for
//! each thing it has to say. So the flight of a handshake is held until the client has to say something;
//! the tickets for the next session (RFC 8446 §4.6.1), which nobody waits for, until the first answer, as
//! BoringSSL does; an answer after which the connection closes until the closing alert.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use smallvec::SmallVec;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::Scratch;

/// The type of the record that every TLS connection begins with (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

/// What would make more than this is not held, in bytes: copying it begins to cost more than a send, and
/// one record fits.
const ROOM: usize = 16 * 1024 + 512;

/// Remembers how the client began, if that is no TLS, and holds what need not go at once.
#[derive(Debug)]
pub struct Gathering<T> {
    inner: T,
    held: Scratch,
    gone: usize,
    mode: Mode,
    began: Began,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Everything is held until there is nothing to read.
    Handshake,
    /// Nothing is; what is held leaves with what is written next.
    Open,
    /// Everything is held until [`Gathering::let_go`].
    Last,
}

/// How a client begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Began {
    /// It has said nothing.
    Silent,
    /// With a TLS handshake.
    Tls,
    /// With something else: its first bytes, and how many there are.
    Otherwise([u8; 8], usize),
}

// === impl Gathering ===

impl<T> Gathering<T> {
    /// What is below.
    pub fn get_ref(&self) -> &T {
        &self.inner
    }

    /// A transport of which nothing was read yet, and over which a handshake comes.
    pub(super) fn new(inner: T) -> Self {
        Self {
            inner,
            held: Scratch::take(),
            gone: 0,
            mode: Mode::Handshake,
            began: Began::Silent,
        }
    }

    /// The transport.
    pub(super) fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    pub(super) fn began(&self) -> Began {
        self.began
    }

    /// The handshake is over. What is held now leaves with the next write, or with the next flush.
    pub(super) fn open(&mut self) {
        self.mode = Mode::Open;
        // The client may stay silent for long: it keeps no more room than that takes.
        let held = std::mem::take(&mut self.held);
        self.held.extend_from_slice(&held[self.gone..]);
        self.gone = 0;
    }

    /// Holds all that is written from now on: the connection's end follows.
    pub(crate) fn hold(&mut self) {
        self.mode = Mode::Last;
    }

    /// Holds nothing any more; a flush is still to come.
    pub(crate) fn let_go(&mut self) {
        self.mode = Mode::Open;
    }

    fn is_empty(&self) -> bool {
        self.gone == self.held.len()
    }
}

impl<T: AsyncWrite + Unpin> Gathering<T> {
    /// Sends what is held.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let rest = &self.held[self.gone..];
            match ready!(Pin::new(&mut self.inner).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.gone += sent,
            }
        }
        self.release();
        Poll::Ready(Ok(()))
    }

    /// Gives the buffer back: an idle connection has none.
    fn release(&mut self) {
        self.held = Scratch::default();
        self.gone = 0;
    }

    /// Sends `bufs` behind what is held, in one call: how much of `bufs` is gone.
    fn poll_append(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        while !self.is_empty() {
            let sent = {
                let mut together = SmallVec::<[IoSlice<'_>; 8]>::new();
                together.push(IoSlice::new(&self.held[self.gone..]));
                together.extend(bufs.iter().copied());
                ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, &together))?
            };
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let of_held = sent.min(self.held.len() - self.gone);
            self.gone += of_held;
            if self.is_empty() {
                self.release();
            }
            if sent > of_held {
                return Poll::Ready(Ok(sent - of_held));
            }
        }
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gathering<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(&mut this.inner).poll_read(cx, buf);
        if read.is_pending() && this.mode == Mode::Handshake {
            // The client waits for it. Not gone: the wake-up for it comes here again.
            if let Poll::Ready(Err(error)) = this.poll_send(cx) {
                return Poll::Ready(Err(error));
            }
        }
        if this.began == Began::Silent {
            this.began = Began::of(&buf.filled()[before..]);
            if let Began::Otherwise(..) = this.began {
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Gathering<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let new: usize = bufs.iter().map(|buf| buf.len()).sum();
        if this.mode == Mode::Open || this.held.len() + new > ROOM {
            return this.poll_append(cx, bufs);
        }
        if this.held.capacity() == 0 {
            this.held = Scratch::take();
        }
        for buf in bufs {
            this.held.extend_from_slice(buf);
        }
        Poll::Ready(Ok(new))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.mode == Mode::Open {
            ready!(this.poll_send(cx))?;
        }
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_send(cx))?;
        Pin::new(&mut this.inner).poll_shutdown(cx)
    }
}

// === impl Began ===

impl Began {
    fn of(read: &[u8]) -> Self {
        match read {
            [] => Self::Silent,
            [HANDSHAKE, ..] => Self::Tls,
            _ => {
                let (mut first, count) = ([0; 8], read.len().min(8));
                first[..count].copy_from_slice(&read[..count]);
                Self::Otherwise(first, count)
            }
        }
    }
}

#[cfg(test)]
#[path = "transport_tests.rs"]
mod tests;
