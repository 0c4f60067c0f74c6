//! A stream that remembers when its first byte came, and how it began.

use core::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use crate::clock;

/// Enough to recognise a protocol by.
const KEPT: usize = 64;

/// What a [`Witness`] saw; shared, because the stream itself goes into hyper.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Arc<Mutex<Bytes>>);

#[derive(Debug, Default)]
struct Bytes {
    first_at: Option<Instant>,
    head: Vec<u8>,
}

/// The stream.
#[derive(Debug)]
pub(super) struct Witness<S> {
    inner: S,
    seen: Seen,
}

impl<S> Witness<S> {
    /// Watches `inner`.
    pub(super) fn new(inner: S) -> (Self, Seen) {
        let seen = Seen::default();
        let witness = Self {
            inner,
            seen: seen.clone(),
        };
        (witness, seen)
    }
}

impl Seen {
    /// When the first byte was read.
    pub(super) fn first_at(&self) -> Option<Instant> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .first_at
    }

    /// The first bytes that were read.
    pub(super) fn head(&self) -> Vec<u8> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.head.clone()
    }

    fn note(&self, read: &[u8]) {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if read.is_empty() || bytes.head.len() >= KEPT {
            return;
        }
        bytes.first_at.get_or_insert_with(clock::now);
        let room = KEPT - bytes.head.len();
        bytes.head.extend(read.iter().take(room));
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Witness<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        self.seen.note(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Witness<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
