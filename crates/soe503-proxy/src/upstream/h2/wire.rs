//! The transport below a session, watched: how much went out and came in, and which system call
//! failed. `h2` keeps of an I/O error its kind and text only; the facts need the number.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What crossed a session's transport. Shared by the tasks of one worker, so relaxed order is enough.
#[derive(Debug, Default)]
pub(super) struct Line {
    written: AtomicU64,
    read: AtomicU64,
    /// 0: none so far.
    errno: AtomicI32,
}

/// A transport that tells a [`Line`].
#[derive(Debug)]
pub(super) struct Wire<T> {
    inner: T,
    line: Arc<Line>,
}

// === impl Line ===

impl Line {
    /// Bytes handed to the transport.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Bytes received.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The first error of the system.
    pub(super) fn errno(&self) -> Option<i32> {
        Some(self.errno.load(Ordering::Relaxed)).filter(|errno| *errno != 0)
    }

    fn note<T>(&self, polled: &Poll<io::Result<T>>) {
        if let Poll::Ready(Err(error)) = polled
            && let (Some(errno), None) = (error.raw_os_error(), self.errno())
        {
            self.errno.store(errno, Ordering::Relaxed);
        }
    }

    fn wrote(&self, polled: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = polled {
            self.written.fetch_add(*bytes as u64, Ordering::Relaxed);
        }
        self.note(polled);
    }
}

// === impl Wire ===

impl<T> Wire<T> {
    pub(super) fn new(inner: T) -> (Self, Arc<Line>) {
        let line = Arc::new(Line::default());
        let wire = Self {
            inner,
            line: Arc::clone(&line),
        };
        (wire, line)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Wire<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        let bytes = buf.filled().len() - before;
        self.line.read.fetch_add(bytes as u64, Ordering::Relaxed);
        self.line.note(&polled);
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Wire<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.line.wrote(&polled);
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.line.wrote(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(cx);
        self.line.note(&polled);
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
