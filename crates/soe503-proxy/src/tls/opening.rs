//! A transport that remembers how the other side began.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Remembers the first eight bytes that were read: when they are no TLS, they say what is.
#[derive(Debug)]
pub struct Opening<T> {
    inner: T,
    first: [u8; 8],
    count: usize,
}

// === impl Opening ===

impl<T> Opening<T> {
    /// A transport of which nothing was read yet.
    pub fn new(inner: T) -> Self {
        Self {
            inner,
            first: [0; 8],
            count: 0,
        }
    }

    /// The first bytes, zero where there were none.
    pub fn first(&self) -> [u8; 8] {
        self.first
    }

    /// The transport.
    pub fn get_ref(&self) -> &T {
        &self.inner
    }

    fn remember(&mut self, read: &[u8]) {
        let room = &mut self.first[self.count..];
        let count = room.len().min(read.len());
        room[..count].copy_from_slice(&read[..count]);
        self.count += count;
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Opening<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if self.count < self.first.len() {
            self.remember(&buf.filled()[before..]);
        }
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Opening<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn the_first_eight_bytes_however_they_come() {
        let (near, mut far) = tokio::io::duplex(64);
        let mut near = Opening::new(near);
        assert_eq!(near.first(), [0; 8]);
        for (piece, expected) in [
            (&b"HTT"[..], b"HTT\0\0\0\0\0"),
            (b"P/1.1 200", b"HTTP/1.1"),
            (b" OK", b"HTTP/1.1"),
        ] {
            far.write_all(piece).await.unwrap();
            near.read_exact(&mut vec![0; piece.len()]).await.unwrap();
            assert_eq!(&near.first(), expected);
        }
    }
}
