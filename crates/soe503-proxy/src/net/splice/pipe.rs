//! The pipes of a worker.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// How much a pipe is to hold, in bytes. It holds pages that were in a receive queue before.
const CAPACITY: usize = 256 * 1024;

/// How many hold something at the same time, per worker; each has two descriptors.
pub(super) const MOST: usize = 64;

/// How many empty ones wait for their next use, per worker.
const SPARE: usize = 8;

thread_local! {
    static EMPTY: RefCell<Vec<Pipe>> = const { RefCell::new(Vec::new()) };
    /// All of this worker.
    static OPEN: Cell<usize> = const { Cell::new(0) };
}

/// An empty pipe, or one that holds what its user knows of. Dropped with something in it, that is gone.
#[derive(Debug)]
pub(super) struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
}

impl Pipe {
    /// An empty one, if there may be another.
    pub(super) fn take() -> Option<Self> {
        EMPTY
            .with_borrow_mut(Vec::pop)
            .or_else(|| (OPEN.get() < MOST).then(Self::open)?)
    }

    fn open() -> Option<Self> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).ok()?;
        OPEN.set(OPEN.get() + 1);
        let pipe = Self { read, write };
        // Who has many pipes is not granted the size; a small one costs more calls than it saves copies.
        fcntl_setpipe_size(&pipe.write, CAPACITY).ok()?;
        Some(pipe)
    }

    /// It is empty, and the next one may have it.
    pub(super) fn give_back(self) {
        // A thread that is ending has nobody to keep it for.
        let _gone = EMPTY.try_with(|empty| {
            let mut empty = empty.borrow_mut();
            if empty.len() < SPARE {
                empty.push(self);
            }
        });
    }

    /// Moves up to `most` bytes from `from` into it.
    ///
    /// # Errors
    ///
    /// What `from` says; `WouldBlock` if there is nothing.
    pub(super) fn fill(&self, from: &TcpStream, most: usize) -> io::Result<usize> {
        from.try_io(Interest::READABLE, || {
            pass(from.as_fd(), self.write.as_fd(), most)
        })
    }

    /// Moves up to `held` bytes from it to `to`.
    ///
    /// # Errors
    ///
    /// What `to` says; `WouldBlock` if it takes nothing.
    pub(super) fn drain(&self, to: &TcpStream, held: usize) -> io::Result<usize> {
        to.try_io(Interest::WRITABLE, || {
            pass(self.read.as_fd(), to.as_fd(), held)
        })
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let _gone = OPEN.try_with(|open| open.set(open.get() - 1));
    }
}

fn pass(from: impl AsFd, to: impl AsFd, most: usize) -> io::Result<usize> {
    let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
    Ok(splice(from, None, to, None, most, flags)?)
}
