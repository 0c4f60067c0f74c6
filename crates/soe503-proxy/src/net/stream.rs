//! One connected byte stream, whatever it runs over.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::Tls;
use super::fresh::Fresh;
use super::half::{ReadHalf, WriteHalf};
use super::tls::SharedTls;
use super::wire::{Ends, ends};

/// A connection to a client or to a backend.
#[derive(Debug)]
pub(crate) enum Stream {
    /// Plain TCP, just accepted: the event loop has not heard of it. `None`: it did not take it.
    Fresh(Option<std::net::TcpStream>),
    /// Plain TCP.
    Tcp(TcpStream),
    /// TLS over TCP.
    Tls(Tls),
}

impl Stream {
    /// Puts together what was split; `None` if the halves are of different streams.
    pub(crate) fn reunite(read: ReadHalf, write: WriteHalf) -> Option<Self> {
        super::half::reunite(read, write)
    }

    /// Its TCP connection, known to the event loop.
    ///
    /// # Errors
    ///
    /// The event loop does not take it, or there is TLS around it.
    pub(crate) fn tcp(&mut self) -> io::Result<&mut TcpStream> {
        if let Self::Fresh(fresh) = self
            && let Some(stream) = fresh.take()
        {
            *self = Self::Tcp(TcpStream::from_std(stream)?);
        }
        match self {
            Self::Tcp(stream) => Ok(stream),
            Self::Fresh(_) | Self::Tls(_) => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// The same, and nothing but that.
    ///
    /// # Errors
    ///
    /// As [`tcp`](Self::tcp).
    pub(crate) fn into_tcp(mut self) -> io::Result<TcpStream> {
        self.tcp()?;
        match self {
            Self::Tcp(stream) => Ok(stream),
            Self::Fresh(_) | Self::Tls(_) => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Its addresses, if the event loop knows it.
    pub(crate) fn ends(&self) -> Option<Ends> {
        match self {
            Self::Fresh(_) => None,
            Self::Tcp(stream) => ends(stream),
            Self::Tls(tls) => ends(tls.tcp()),
        }
    }

    /// The two directions, each to be used on its own.
    pub(crate) fn split(self) -> (ReadHalf, WriteHalf) {
        match self {
            Self::Fresh(stream) => {
                let fresh = Fresh::new(stream);
                (ReadHalf::fresh(fresh.clone()), WriteHalf::fresh(fresh))
            }
            Self::Tcp(stream) => {
                let (read, write) = stream.into_split();
                (ReadHalf::tcp(read), WriteHalf::tcp(write))
            }
            Self::Tls(tls) => {
                let tls = SharedTls::new(tls);
                (ReadHalf::tls(tls.clone()), WriteHalf::tls(tls))
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            plain => Pin::new(plain.tcp()?).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
            plain => Pin::new(plain.tcp()?).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            plain => Pin::new(plain.tcp()?).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Fresh(_) => true,
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            plain => Pin::new(plain.tcp()?).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            plain => Pin::new(plain.tcp()?).poll_shutdown(cx),
        }
    }
}
