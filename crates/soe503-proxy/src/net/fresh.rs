//! A connection that the event loop does not know yet.
//!
//! A client that opens a connection for one request has sent it by the time we accept, and takes the answer
//! at once. For such a connection nobody ever has to wait, so telling the event loop about it, and taking it
//! back, would be two system calls and two allocations for nothing. A fresh connection is read and written
//! as it is; the first call that would block makes it an ordinary one, and from then on it costs what
//! any other does. (HAProxy does the same.)

use std::io::{self, Read};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::ReadBuf;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// What the two directions of a fresh connection share until each has become an ordinary one.
#[derive(Clone, Debug)]
pub(super) struct Fresh(Arc<Mutex<State>>);

#[derive(Debug)]
enum State {
    /// Non-blocking, and unknown to the event loop.
    Unwatched(TcpStream),
    /// Known to it.
    Watched(Halves),
    /// The event loop did not take it.
    Lost,
}

/// The directions that have not been used since the connection became an ordinary one.
#[derive(Debug)]
struct Halves {
    read: Option<OwnedReadHalf>,
    write: Option<OwnedWriteHalf>,
}

impl Fresh {
    /// `stream` has to be non-blocking; `None`: there is none, and every use fails.
    pub(super) fn new(stream: Option<TcpStream>) -> Self {
        let state = stream.map_or(State::Lost, State::Unwatched);
        Self(Arc::new(Mutex::new(state)))
    }

    /// Reads what is there.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if nothing is, or if the connection is an ordinary one by now: [`to_read`](Self::to_read)
    /// says which.
    pub(super) fn read(&self, buf: &mut ReadBuf<'_>) -> io::Result<()> {
        let State::Unwatched(stream) = &mut *self.lock() else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        let count = retry(|| stream.read(buf.initialize_unfilled()))?;
        buf.advance(count);
        Ok(())
    }

    /// Writes by `write` what the kernel takes.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub(super) fn write(
        &self,
        mut write: impl FnMut(&mut TcpStream) -> io::Result<usize>,
    ) -> io::Result<usize> {
        match &mut *self.lock() {
            State::Unwatched(stream) => retry(|| write(stream)),
            State::Watched(_) | State::Lost => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Nothing more will be written. False: the connection is an ordinary one by now.
    pub(super) fn shutdown(&self) -> io::Result<bool> {
        match &*self.lock() {
            State::Unwatched(stream) => stream.shutdown(Shutdown::Write).map(|()| true),
            State::Watched(_) | State::Lost => Ok(false),
        }
    }

    /// The event loop does not know it.
    pub(super) fn is_unwatched(&self) -> bool {
        matches!(*self.lock(), State::Unwatched(_))
    }

    /// The direction towards us, as an ordinary one.
    ///
    /// # Errors
    ///
    /// The event loop does not take it.
    pub(super) fn to_read(&self) -> io::Result<OwnedReadHalf> {
        let half = self.lock().watch()?.read.take();
        half.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// The direction away from us, as an ordinary one.
    ///
    /// # Errors
    ///
    /// As [`to_read`](Self::to_read).
    pub(super) fn to_write(&self) -> io::Result<OwnedWriteHalf> {
        let half = self.lock().watch()?.write.take();
        half.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Makes it known to the event loop, if it is not.
    fn watch(&mut self) -> io::Result<&mut Halves> {
        if let Self::Unwatched(_) = self
            && let Self::Unwatched(stream) = std::mem::replace(self, Self::Lost)
        {
            let (read, write) = tokio::net::TcpStream::from_std(stream)?.into_split();
            let (read, write) = (Some(read), Some(write));
            *self = Self::Watched(Halves { read, write });
        }
        match self {
            Self::Watched(halves) => Ok(halves),
            Self::Unwatched(_) | Self::Lost => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// Dropped with the connection, which one system call closes.
impl Drop for Halves {
    fn drop(&mut self) {
        if let Some(write) = self.write.take() {
            write.forget();
        }
    }
}

/// A signal is no reason to wait.
fn retry<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
#[path = "fresh_tests.rs"]
mod tests;
