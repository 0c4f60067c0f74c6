//! A stream over TLS, whichever side shook hands.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::tls::{ClientStream, ServerStream};

/// TLS with a client or with a backend. Boxed: its state is large, and plain connections shall not
/// pay for it.
#[derive(Debug)]
pub(crate) enum Tls {
    /// We are the server.
    Server(Box<ServerStream>),
    /// We are the client.
    Client(Box<ClientStream>),
}

/// A direction of it. One task has both and uses them one after the other: the lock is always free.
#[derive(Clone, Debug)]
pub(super) struct SharedTls(Arc<Mutex<Tls>>);

/// Does the same with either.
macro_rules! either {
    ($tls:expr, $stream:ident => $do:expr) => {
        match $tls {
            Tls::Server($stream) => $do,
            Tls::Client($stream) => $do,
        }
    };
}

impl Tls {
    /// The connection below.
    pub(super) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Server(stream) => stream.get_ref().0.get_ref(),
            Self::Client(stream) => stream.get_ref().0.get_ref(),
        }
    }

    /// Holds what is written from now on until [`poll_end`](Self::poll_end), which then follows it in the same
    /// send.
    pub(super) fn hold(&mut self) {
        if let Self::Server(stream) = self {
            stream.get_mut().0.hold();
        }
    }

    /// Says that nothing more comes (RFC 8446 §6.1), and leaves the connection below as it is: closing it
    /// comes next.
    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = match self {
            Self::Server(stream) => stream,
            Self::Client(stream) => return Pin::new(stream).poll_shutdown(cx),
        };
        stream.get_mut().1.send_close_notify();
        ready!(Pin::new(&mut *stream).poll_flush(cx))?;
        let transport = stream.get_mut().0;
        transport.let_go();
        Pin::new(transport).poll_flush(cx)
    }
}

impl SharedTls {
    pub(super) fn new(tls: Tls) -> Self {
        Self(Arc::new(Mutex::new(tls)))
    }

    /// A panic while it was held leaves at worst a connection that is closed next.
    pub(super) fn lock(&self) -> MutexGuard<'_, Tls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, if both directions are here.
    pub(super) fn reunite(self, other: Self) -> Option<Tls> {
        if !Arc::ptr_eq(&self.0, &other.0) {
            return None;
        }
        drop(other);
        let tls = Arc::into_inner(self.0)?;
        Some(tls.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl AsyncRead for Tls {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Tls {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        either!(self, stream => stream.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}
