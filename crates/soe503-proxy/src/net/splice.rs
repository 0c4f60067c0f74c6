//! Bytes of a long body that go from one connection to another without coming to user mode.
//!
//! Whoever reads a body and writes it again has each byte copied twice, which is more than a third of what a long
//! answer costs. Between two plain TCP connections the kernel can hand over the pages that it has instead, by way
//! of a pipe (`splice`, splice(2); HAProxy and others do the same). How much has moved is known, and it can end at
//! any time, so all that counts or cuts a body does as before; what has to see the bytes keeps them from going this way.
//!
//! A pipe is borrowed from the worker for as long as it holds something, which is not longer than the receiver lets
//! it wait. Where there is none (another system, no descriptors left, too many pipes), bytes go the ordinary way.

use std::io;
use std::task::{Context, Poll};

use super::{ReadHalf, WriteHalf};

#[cfg(target_os = "linux")]
mod pipe;
#[cfg(not(target_os = "linux"))]
#[path = "splice/none.rs"]
mod pipe;

use pipe::Pipe;

/// What was taken from one connection, and not yet by the other.
#[derive(Debug, Default)]
pub(crate) struct Splice {
    /// Present while it holds something.
    pipe: Option<Pipe>,
    held: usize,
}

impl Splice {
    /// Something waits for the receiver.
    pub(crate) fn holds(&self) -> bool {
        self.held > 0
    }

    /// Takes what has come on `from`, `most` bytes at most: how many; 0 at its end; `None`: not between
    /// these two, or not now.
    ///
    /// # Errors
    ///
    /// What `from` says. It may not say it again.
    pub(crate) fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        from: &ReadHalf,
        to: &WriteHalf,
        most: usize,
    ) -> Poll<io::Result<Option<usize>>> {
        debug_assert!(!self.holds(), "what is held goes first");
        let (Some(from), Some(_)) = (from.plain(), to.plain()) else {
            return Poll::Ready(Ok(None));
        };
        loop {
            std::task::ready!(from.poll_read_ready(cx))?;
            let Some(pipe) = Pipe::take() else {
                return Poll::Ready(Ok(None));
            };
            match pipe.fill(from, most) {
                Ok(0) => {
                    pipe.give_back();
                    return Poll::Ready(Ok(Some(0)));
                }
                Ok(filled) => {
                    (self.pipe, self.held) = (Some(pipe), filled);
                    return Poll::Ready(Ok(Some(filled)));
                }
                Err(error) if is_passing(&error) => pipe.give_back(),
                // A sandbox that forbids it, or a kernel that cannot: nothing was read.
                Err(error) if is_refusal(&error) => return Poll::Ready(Ok(None)),
                Err(error) => {
                    pipe.give_back();
                    return Poll::Ready(Err(error));
                }
            }
        }
    }

    /// Ready when `to` has taken all of it.
    pub(crate) fn poll_drain(
        &mut self,
        cx: &mut Context<'_>,
        to: &WriteHalf,
    ) -> Poll<io::Result<()>> {
        while let Some(pipe) = &self.pipe {
            let Some(to) = to.plain() else {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            };
            std::task::ready!(to.poll_write_ready(cx))?;
            match pipe.drain(to, self.held) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(drained) => self.held -= drained,
                Err(error) if is_passing(&error) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            if self.held == 0
                && let Some(pipe) = self.pipe.take()
            {
                pipe.give_back();
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// It says no more than that it has to be tried again.
fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// It says something about the call, and nothing about the connection.
fn is_refusal(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported)
}

#[cfg(all(test, target_os = "linux"))]
#[path = "splice_tests.rs"]
mod tests;
