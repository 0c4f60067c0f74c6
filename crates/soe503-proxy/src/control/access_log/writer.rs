//! The thread that writes, and the handle that feeds it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, channel, sync_channel,
};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Entry, Sink, line};
use crate::control::clock::Anchor;
use crate::control::sink::Open;

/// How long the writer rests after a pass that found entries.
const BUSY: Duration = Duration::from_millis(25);
/// How long it rests after a pass that found none: the latest a line can be.
const IDLE: Duration = Duration::from_millis(200);
/// How long the end of the process waits for what is left to be written: a pipe that nobody reads takes nothing, ever.
const PATIENCE: Duration = Duration::from_secs(2);
/// Lines are handed to the operating system in pieces of about this size.
const CHUNK: usize = 64 * 1024;

/// Settings of the access log.
///
/// # Defaults
///
/// `capacity` 16384 entries · `log_query` false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many entries may wait for the writer before further ones are dropped.
    pub capacity: usize,
    /// Write the query string too. Off by default: queries carry tokens and personal data.
    pub log_query: bool,
}

/// The workers' end: a cheap-clone handle that never blocks.
#[derive(Clone, Debug, Default)]
pub struct AccessLog {
    inner: Option<Arc<Inner>>,
}

#[derive(Debug)]
struct Inner {
    entries: SyncSender<Entry>,
    commands: Sender<Command>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    written: AtomicU64,
    dropped: AtomicU64,
}

#[derive(Debug)]
enum Command {
    Reopen,
    Flush(SyncSender<()>),
    Stop,
}

/// The writer's end, for whoever shuts down. Dropping it writes what is left, too, or gives up after two seconds.
#[derive(Debug)]
pub struct Writer {
    commands: Sender<Command>,
    thread: Option<JoinHandle<()>>,
    /// Nothing is ever sent; its other end is gone when the thread has ended.
    ended: Receiver<()>,
}

/// Opens `sink` and starts the writer thread.
///
/// # Errors
///
/// When the file cannot be opened or the thread cannot be started.
pub fn start(sink: Sink, options: Options) -> io::Result<(AccessLog, Writer)> {
    let open = Open::new(sink)?;
    let (entries, queue) = sync_channel(options.capacity.max(1));
    let (commands, orders) = channel();
    let (ending, ended) = sync_channel(0);
    let counts = Arc::new(Counts::default());
    let task = Task {
        queue,
        orders,
        open,
        counts: Arc::clone(&counts),
        log_query: options.log_query,
        buffer: Vec::with_capacity(CHUNK + 4096),
        buffered: 0,
        failing: false,
    };
    let thread = std::thread::Builder::new()
        .name("soe503-access-log".into())
        .spawn(move || {
            let _ending = ending;
            task.run();
        })?;
    let log = AccessLog {
        inner: Some(Arc::new(Inner {
            entries,
            commands: commands.clone(),
            counts,
        })),
    };
    let writer = Writer {
        commands,
        thread: Some(thread),
        ended,
    };
    Ok((log, writer))
}

struct Task {
    queue: Receiver<Entry>,
    orders: Receiver<Command>,
    open: Open,
    counts: Arc<Counts>,
    log_query: bool,
    buffer: Vec<u8>,
    buffered: u64,
    failing: bool,
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        Self {
            capacity: 16_384,
            log_query: false,
        }
    }
}

// === impl AccessLog ===

impl AccessLog {
    /// A log that is turned off: entries cost a branch.
    pub const fn off() -> Self {
        Self { inner: None }
    }

    /// Whether anybody reads. Ask before filling an [`Entry`].
    pub const fn is_on(&self) -> bool {
        self.inner.is_some()
    }

    /// Hands an entry to the writer, or counts a drop when the channel is full.
    pub fn log(&self, entry: Entry) {
        let Some(inner) = &self.inner else { return };
        match inner.entries.try_send(entry) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                inner.counts.dropped.fetch_add(1, Relaxed);
            }
        }
    }

    /// Entries lost so far: channel full, or not writable.
    pub fn dropped(&self) -> u64 {
        self.count(|counts| &counts.dropped)
    }

    /// Lines written so far.
    pub fn written(&self) -> u64 {
        self.count(|counts| &counts.written)
    }

    /// Asks the writer to open its file again, after a log rotation.
    pub fn reopen(&self) {
        if let Some(inner) = &self.inner {
            // An error means that the writer has stopped: nothing is left to reopen.
            let _ = inner.commands.send(Command::Reopen);
        }
    }

    fn count(&self, which: impl Fn(&Counts) -> &AtomicU64) -> u64 {
        self.inner
            .as_ref()
            .map_or(0, |inner| which(&inner.counts).load(Relaxed))
    }
}

// === impl Writer ===

impl Writer {
    /// Waits until everything sent before this call is written. For tests and for shutdown; a
    /// worker never calls it.
    pub fn flush(&self) {
        let (done, finished) = sync_channel(1);
        if self.commands.send(Command::Flush(done)).is_ok() {
            // An error means that the writer has stopped, and it drains before it stops.
            let _ = finished.recv();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Errors mean that the thread is gone, which is what is asked for.
        let _ = self.commands.send(Command::Stop);
        if let Err(RecvTimeoutError::Timeout) = self.ended.recv_timeout(PATIENCE) {
            tracing::warn!("the access log takes nothing more; what is left of it is lost");
            return;
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

// === impl Task ===

impl Task {
    fn run(mut self) {
        let mut rest = IDLE;
        loop {
            let order = self.orders.recv_timeout(rest);
            rest = if self.drain() > 0 { BUSY } else { IDLE };
            match order {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Command::Reopen) => self.reopen(),
                Ok(Command::Flush(done)) => {
                    // The asker may have given up; the lines are written either way.
                    let _ = done.send(());
                }
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Writes every entry that waits; how many there were.
    fn drain(&mut self) -> u64 {
        let anchor = Anchor::now();
        let mut drained = 0;
        while let Ok(entry) = self.queue.try_recv() {
            drained += 1;
            let before = self.buffer.len();
            if line::append(&mut self.buffer, &entry, anchor, self.log_query).is_err() {
                self.buffer.truncate(before);
                self.counts.dropped.fetch_add(1, Relaxed);
                continue;
            }
            self.buffered += 1;
            if self.buffer.len() >= CHUNK {
                self.write();
            }
        }
        self.write();
        drained
    }

    fn write(&mut self) {
        if self.buffered == 0 {
            return;
        }
        match self.open.write(&self.buffer) {
            Ok(()) => {
                self.counts.written.fetch_add(self.buffered, Relaxed);
                self.failing = false;
            }
            Err(error) => {
                self.counts.dropped.fetch_add(self.buffered, Relaxed);
                if !self.failing {
                    tracing::error!(%error, "the access log cannot be written; lines are dropped");
                }
                self.failing = true;
            }
        }
        self.buffer.clear();
        self.buffered = 0;
    }

    fn reopen(&mut self) {
        if let Err(error) = self.open.reopen() {
            tracing::error!(%error, "the access log cannot be reopened; the old file stays in use");
        }
    }
}
