//! Where lines of logs go.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

/// The destination of a log.
pub enum Sink {
    /// The process's standard output.
    Stdout,
    /// The process's standard error.
    Stderr,
    /// A file, appended to; opened again for log rotation.
    File(PathBuf),
    /// Any other writer.
    Writer(Box<dyn Write + Send>),
}

/// An open [`Sink`].
pub(super) struct Open {
    sink: Sink,
    file: Option<File>,
    /// What was written last may have ended within a line.
    torn: bool,
}

// === impl Sink ===

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("Stdout"),
            Self::Stderr => f.write_str("Stderr"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Writer(_) => f.write_str("Writer"),
        }
    }
}

// === impl Open ===

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Open").field(&self.sink).finish()
    }
}

impl Open {
    /// Opens `sink`.
    ///
    /// # Errors
    ///
    /// When its file cannot be opened for appending.
    pub(super) fn new(sink: Sink) -> io::Result<Self> {
        let mut open = Self {
            sink,
            file: None,
            torn: false,
        };
        open.reopen()?;
        Ok(open)
    }

    /// Opens the file again, at its path; nothing for other sinks. On failure the old file stays
    /// in use: a line in the rotated file is better than none.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        if let Sink::File(path) = &self.sink {
            self.file = Some(OpenOptions::new().append(true).create(true).open(path)?);
            self.torn = false;
        }
        Ok(())
    }

    /// Writes all of `bytes`, whole lines, through to the operating system. After a failure, such as a full disk, which
    /// may have left half a line, the next one begins on a line of its own.
    ///
    /// # Errors
    ///
    /// Those of the destination. Some of `bytes` may be there.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mended = if self.torn { self.put(b"\n") } else { Ok(()) };
        let written = mended.and_then(|()| self.put(bytes));
        self.torn = written.is_err();
        written
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        match (&mut self.sink, &mut self.file) {
            (Sink::File(_), Some(file)) => whole(file, bytes),
            (Sink::File(_), None) => Err(io::ErrorKind::NotFound.into()),
            (Sink::Stdout, _) => whole(&mut io::stdout().lock(), bytes),
            (Sink::Stderr, _) => whole(&mut io::stderr().lock(), bytes),
            (Sink::Writer(out), _) => whole(out, bytes),
        }
    }
}

/// In one piece: who reads a log while it is written is not to meet the first half of a line.
fn whole(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes)?;
    out.flush()
}

#[cfg(test)]
#[path = "sink_tests.rs"]
mod tests;
