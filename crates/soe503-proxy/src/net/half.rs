//! The two directions of a stream.
//!
//! A request's body and the answer to it may travel at the same time, read by one future and
//! written by another, so the directions are separate objects. TCP splits without a lock; the two
//! directions of TLS share its state, under a lock that is never contended, because one task has
//! both.

use std::future::poll_fn;
use std::io::{self, IoSlice, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::fresh::Fresh;
use super::tls::SharedTls;
use super::wire::{Ends, ends};
use super::{Stream, with_scratch};

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
    Fresh(Fresh),
    Tcp(OwnedReadHalf),
    Tls(SharedTls),
}

#[derive(Debug)]
enum Write {
    Fresh(Fresh),
    Tcp(OwnedWriteHalf),
    Tls(SharedTls),
}

pub(super) fn reunite(read: ReadHalf, write: WriteHalf) -> Option<Stream> {
    let (read, write) = (read.watched().ok()?, write.watched().ok()?);
    match (read, write) {
        (Read::Tcp(read), Write::Tcp(write)) => read.reunite(write).ok().map(Stream::Tcp),
        (Read::Tls(read), Write::Tls(write)) => read.reunite(write).map(Stream::Tls),
        _ => None,
    }
}

impl ReadHalf {
    pub(super) fn fresh(half: Fresh) -> Self {
        Self(Read::Fresh(half))
    }

    pub(super) fn tcp(half: OwnedReadHalf) -> Self {
        Self(Read::Tcp(half))
    }

    pub(super) fn tls(half: SharedTls) -> Self {
        Self(Read::Tls(half))
    }

    /// The event loop does not know the connection, and would have to learn of it if this were read
    /// while there is nothing to read.
    pub(crate) fn is_unwatched(&self) -> bool {
        matches!(&self.0, Read::Fresh(fresh) if fresh.is_unwatched())
    }

    /// Its TCP connection, if there is nothing around it and the event loop knows it.
    pub(super) fn plain(&self) -> Option<&TcpStream> {
        match &self.0 {
            Read::Tcp(half) => Some(half.as_ref()),
            Read::Fresh(_) | Read::Tls(_) => None,
        }
    }

    /// The addresses of its connection, if the event loop knows it.
    pub(crate) fn ends(&self) -> Option<Ends> {
        match &self.0 {
            Read::Tcp(half) => ends(half.as_ref()),
            Read::Tls(half) => ends(half.lock().tcp()),
            Read::Fresh(_) => None,
        }
    }

    fn watched(self) -> io::Result<Read> {
        Ok(match self.0 {
            Read::Fresh(fresh) => Read::Tcp(fresh.to_read()?),
            ordinary => ordinary,
        })
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
    pub(super) fn fresh(half: Fresh) -> Self {
        Self(Some(Write::Fresh(half)))
    }

    pub(super) fn tcp(half: OwnedWriteHalf) -> Self {
        Self(Some(Write::Tcp(half)))
    }

    pub(super) fn tls(half: SharedTls) -> Self {
        Self(Some(Write::Tls(half)))
    }

    /// Says that nothing more comes, where that takes more than closing: TLS tells the end from a
    /// connection that was cut (RFC 8446 §6.1).
    pub(crate) async fn say_end(&mut self) {
        if let Some(Write::Tls(half)) = &self.0 {
            // Whoever does not take it is gone.
            let _ = poll_fn(|cx| half.lock().poll_end(cx)).await;
        }
    }

    /// What is written from now on may wait for the connection's end, which follows: it takes a
    /// [`say_end`](Self::say_end) or a shutdown.
    pub(crate) fn hold(&mut self) {
        if let Some(Write::Tls(half)) = &self.0 {
            half.lock().hold();
        }
    }

    /// Its TCP connection, if there is nothing around it and the event loop knows it.
    pub(super) fn plain(&self) -> Option<&TcpStream> {
        match &self.0 {
            Some(Write::Tcp(half)) => Some(half.as_ref()),
            Some(Write::Fresh(_) | Write::Tls(_)) | None => None,
        }
    }

    fn watched(mut self) -> io::Result<Write> {
        match self.0.take() {
            Some(Write::Fresh(fresh)) => Ok(Write::Tcp(fresh.to_write()?)),
            Some(ordinary) => Ok(ordinary),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn get(&mut self) -> io::Result<&mut Write> {
        self.0
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Write {
    /// Writes by `write` if the connection is fresh; `None` if it no longer is, or would block.
    fn at_once(
        &mut self,
        write: impl FnMut(&mut std::net::TcpStream) -> io::Result<usize>,
    ) -> io::Result<Option<usize>> {
        let Self::Fresh(fresh) = self else {
            return Ok(None);
        };
        match fresh.write(write) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                *self = Self::Tcp(fresh.to_write()?);
                Ok(None)
            }
            written => written.map(Some),
        }
    }
}

impl Drop for WriteHalf {
    fn drop(&mut self) {
        match self.0.take() {
            Some(Write::Tcp(half)) => half.forget(),
            Some(Write::Fresh(_) | Write::Tls(_)) | None => {}
        }
    }
}

impl AsyncRead for ReadHalf {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Read::Fresh(fresh) = &this.0 {
            match fresh.read(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    this.0 = Read::Tcp(fresh.to_read()?);
                }
                read => return Poll::Ready(read),
            }
        }
        match &mut this.0 {
            Read::Fresh(_) => Poll::Pending,
            Read::Tcp(half) => Pin::new(half).poll_read(cx, buf),
            Read::Tls(half) => Pin::new(&mut *half.lock()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for WriteHalf {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = self.get_mut().get()?;
        if let Some(written) = write.at_once(|stream| stream.write(buf))? {
            return Poll::Ready(Ok(written));
        }
        match write {
            Write::Fresh(_) => Poll::Pending,
            Write::Tcp(half) => Pin::new(half).poll_write(cx, buf),
            Write::Tls(half) => Pin::new(&mut *half.lock()).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = self.get_mut().get()?;
        if let Some(written) = write.at_once(|stream| stream.write_vectored(bufs))? {
            return Poll::Ready(Ok(written));
        }
        match write {
            Write::Fresh(_) => Poll::Pending,
            Write::Tcp(half) => Pin::new(half).poll_write_vectored(cx, bufs),
            Write::Tls(half) => Pin::new(&mut *half.lock()).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            Some(Write::Fresh(_)) => true,
            Some(Write::Tcp(half)) => half.is_write_vectored(),
            Some(Write::Tls(half)) => half.lock().is_write_vectored(),
            None => false,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut().get()? {
            Write::Fresh(_) => Poll::Ready(Ok(())),
            Write::Tcp(half) => Pin::new(half).poll_flush(cx),
            Write::Tls(half) => Pin::new(&mut *half.lock()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let write = self.get_mut().get()?;
        if let Write::Fresh(fresh) = write {
            if fresh.shutdown()? {
                return Poll::Ready(Ok(()));
            }
            *write = Write::Tcp(fresh.to_write()?);
        }
        match write {
            Write::Fresh(_) => Poll::Pending,
            Write::Tcp(half) => Pin::new(half).poll_shutdown(cx),
            Write::Tls(half) => Pin::new(&mut *half.lock()).poll_shutdown(cx),
        }
    }
}
