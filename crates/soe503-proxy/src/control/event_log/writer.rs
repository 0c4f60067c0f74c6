//! The thread that writes.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::buffer::Batch;
use super::handle::Inner;
use crate::control::sink::{Open, Sink};

/// What the thread is told, beside lines.
#[derive(Debug)]
pub(super) enum Order {
    /// Open the file again.
    Reopen,
    /// Write there from now on.
    Move(Box<Open>),
}

/// A destination that could be opened, for [`super::EventLog::follow`].
#[derive(Debug)]
pub(crate) struct Prepared(pub(super) Box<Open>);

impl Prepared {
    /// Opens `sink`.
    ///
    /// # Errors
    ///
    /// If its file cannot be opened for appending.
    pub(crate) fn open(sink: Sink) -> io::Result<Self> {
        Open::new(sink).map(|open| Self(Box::new(open)))
    }
}

/// Starts the thread, which ends with the process.
pub(super) fn start(inner: Arc<Inner>, mut open: Open) -> io::Result<()> {
    let run = move || {
        let mut spare = Vec::new();
        loop {
            let work = inner.buffer.next(spare);
            for (before, order) in work.orders {
                write(&inner, &mut open, &before);
                match order {
                    // The old file stays in use: a line in the rotated file is better than none.
                    Order::Reopen => {
                        if let Err(error) = open.reopen() {
                            tracing::error!(%error, "the event log cannot be reopened; the old file stays in use");
                        }
                    }
                    Order::Move(other) => open = *other,
                }
            }
            write(&inner, &mut open, &work.batch);
            spare = work.batch.bytes;
        }
    };
    let thread = std::thread::Builder::new().name("soe503-log".into());
    // Nobody joins it: at the end it is waited for, but not if its disk does not answer.
    thread.spawn(run).map(drop)
}

fn write(inner: &Inner, open: &mut Open, batch: &Batch) {
    if batch.bytes.is_empty() {
        return;
    }
    // There is nobody to be told but who reads the metrics.
    let done = open.write(&batch.bytes).is_ok();
    for (count, lines) in inner.written.iter().zip(batch.lines) {
        match done {
            true => count.fetch_add(lines, Relaxed),
            false => inner.dropped.fetch_add(lines, Relaxed),
        };
    }
}
