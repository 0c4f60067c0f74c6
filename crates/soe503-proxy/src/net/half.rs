//! The two directions of a stream.
//!
//! A request's body and the answer to it may travel at the same time, read by one future and
//! written by another, so the directions are separate objects. TCP splits without a lock; the two
//! directions of TLS share its state, under a lock that is never contended, because one task has
//! both.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::{Stream, Tls, with_scratch};

/// The direction towards us.
#[derive(Debug)]
pub(crate) struct ReadHalf(Read);

/// The direction away from us.
///
/// Its drop does not shut the direction down: the socket closes when both halves are gone, and one
/// system call does it.
#[derive(Debug)]
pub(crate) struct WriteHalf(Option<Write>);

#[derive(Debug)]
enum Read {
    Tcp(OwnedReadHalf),
    Tls(tokio::io::ReadHalf<Tls>),
}

#[derive(Debug)]
enum Write {
    Tcp(OwnedWriteHalf),
    Tls(tokio::io::WriteHalf<Tls>),
}

pub(super) fn reunite(read: ReadHalf, mut write: WriteHalf) -> Option<Stream> {
    match (read.0, write.0.take()?) {
        (Read::Tcp(read), Write::Tcp(write)) => read.reunite(write).ok().map(Stream::Tcp),
        (Read::Tls(read), Write::Tls(write)) if read.is_pair_of(&write) => {
            Some(Stream::Tls(read.unsplit(write)))
        }
        _ => None,
    }
}

impl ReadHalf {
    pub(super) fn tcp(half: OwnedReadHalf) -> Self {
        Self(Read::Tcp(half))
    }

    pub(super) fn tls(half: tokio::io::ReadHalf<Tls>) -> Self {
        Self(Read::Tls(half))
    }

    /// Whether the peer has said anything, be it the end, while nobody was listening.
    ///
    /// Costs no system call while the event loop has not seen anything.
    pub(crate) fn is_disturbed(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        with_scratch(|scratch| {
            let mut buf = ReadBuf::new(&mut scratch[..1]);
            Pin::new(self).poll_read(&mut cx, &mut buf).is_ready()
        })
    }
}

impl WriteHalf {
    pub(super) fn tcp(half: OwnedWriteHalf) -> Self {
        Self(Some(Write::Tcp(half)))
    }

    pub(super) fn tls(half: tokio::io::WriteHalf<Tls>) -> Self {
        Self(Some(Write::Tls(half)))
    }

    /// Says that nothing more comes, where that takes more than closing: TLS tells the end from a
    /// connection that was cut (RFC 8446 §6.1).
    pub(crate) async fn say_end(&mut self) {
        if let Some(Write::Tls(half)) = &mut self.0 {
            // Whoever does not take it is gone.
            let _ = half.shutdown().await;
        }
    }

    fn get(&mut self) -> io::Result<&mut Write> {
        self.0
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for WriteHalf {
    fn drop(&mut self) {
        match self.0.take() {
            Some(Write::Tcp(half)) => half.forget(),
            Some(Write::Tls(_)) | None => {}
        }
    }
}

impl AsyncRead for ReadHalf {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Read::Tcp(half) => Pin::new(half).poll_read(cx, buf),
            Read::Tls(half) => Pin::new(half).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for WriteHalf {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut().get()? {
            Write::Tcp(half) => Pin::new(half).poll_write(cx, buf),
            Write::Tls(half) => Pin::new(half).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut().get()? {
            Write::Tcp(half) => Pin::new(half).poll_write_vectored(cx, bufs),
            Write::Tls(half) => Pin::new(half).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            Some(Write::Tcp(half)) => half.is_write_vectored(),
            Some(Write::Tls(half)) => half.is_write_vectored(),
            None => false,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut().get()? {
            Write::Tcp(half) => Pin::new(half).poll_flush(cx),
            Write::Tls(half) => Pin::new(half).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut().get()? {
            Write::Tcp(half) => Pin::new(half).poll_shutdown(cx),
            Write::Tls(half) => Pin::new(half).poll_shutdown(cx),
        }
    }
}
