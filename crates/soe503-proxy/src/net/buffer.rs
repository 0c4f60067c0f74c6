//! Buffers that belong to the worker, not to its connections.
//!
//! Ten thousand idle connections are quiet: they hold no buffer. Whoever reads does so into the
//! worker's one buffer and copies what must be kept; whoever writes borrows a vector and gives it
//! back. Both are free within a few instructions of being needed again.

use std::cell::RefCell;
use std::io;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// The most that is read at once, in bytes: enough for a head with a short body, and few calls
/// for a long one.
const READ: usize = 64 * 1024;

/// How many output buffers wait for their next use, per worker.
const SPARE: usize = 64;

/// An output buffer that grew above this is not kept, in bytes.
const LARGEST_SPARE: usize = 64 * 1024;

thread_local! {
    static INPUT: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
    static OUTPUT: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// An output buffer on loan: empty at first, given back when dropped.
#[derive(Debug, Default)]
pub(crate) struct Scratch(Vec<u8>);

/// Lends the worker's input buffer for the length of one synchronous call.
pub(crate) fn with_scratch<R>(f: impl FnOnce(&mut [u8]) -> R) -> R {
    INPUT.with_borrow_mut(|buffer| f(buffer))
}

/// Reads what is there and shows it to `f`; an empty slice is the end of the stream.
///
/// # Errors
///
/// What the stream says.
pub(crate) fn read_scratch<T: AsyncRead + Unpin, R>(
    from: &mut T,
    cx: &mut Context<'_>,
    f: impl FnOnce(&[u8]) -> R,
) -> Poll<io::Result<R>> {
    with_scratch(|buffer| {
        let mut buf = ReadBuf::new(buffer);
        ready!(Pin::new(from).poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(f(buf.filled())))
    })
}

impl Scratch {
    pub(crate) fn take() -> Self {
        Self(OUTPUT.with_borrow_mut(Vec::pop).unwrap_or_default())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.0);
        if buffer.capacity() == 0 || buffer.capacity() > LARGEST_SPARE {
            return;
        }
        buffer.clear();
        // A thread that is ending has nobody to keep it for.
        let _gone = OUTPUT.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < SPARE {
                spare.push(buffer);
            }
        });
    }
}

impl Deref for Scratch {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_is_lent_again_and_empty() {
        let mut first = Scratch::take();
        first.extend_from_slice(&[1; 100]);
        let (place, size) = (first.as_ptr(), first.capacity());
        drop(first);
        let second = Scratch::take();
        assert!(second.is_empty());
        assert_eq!((second.as_ptr(), second.capacity()), (place, size));
    }

    #[test]
    fn a_buffer_that_grew_too_large_is_let_go() {
        let mut large = Scratch::take();
        large.reserve(2 * LARGEST_SPARE);
        drop(large);
        assert_eq!(Scratch::take().capacity(), 0);
    }
}
