//! What the log says.

use std::cell::{Cell, RefCell};
use std::io;
use std::sync::Once;

/// What is logged on this thread from now on.
pub(crate) struct Log {
    /// So many lines of the target `audit` were taken.
    taken: Cell<usize>,
}

thread_local! {
    static WRITTEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes to what its thread has.
struct Here;

/// Has everything logged, each thread for itself. Before anything is logged anywhere: whether somebody listens is found out once
/// for the whole process.
pub(crate) fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        tracing_subscriber::fmt()
            .with_writer(|| Here)
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .init();
    });
}

impl Log {
    pub(crate) fn capture() -> Self {
        listen();
        WRITTEN.take();
        Self {
            taken: Cell::new(0),
        }
    }

    /// Everything.
    pub(crate) fn all(&self) -> String {
        String::from_utf8(WRITTEN.with_borrow(Clone::clone)).unwrap()
    }

    /// The fields of each line of the target `audit`.
    pub(crate) fn audit(&self) -> Vec<String> {
        let all = self.all();
        let lines = all.lines();
        let fields = lines.filter_map(|line| line.split_once(" INFO audit: audit "));
        fields.map(|(_, fields)| fields.to_owned()).collect()
    }

    /// The same of those lines that were not taken before.
    pub(crate) fn take_audit(&self) -> Vec<String> {
        let audit = self.audit();
        let taken = self.taken.replace(audit.len());
        audit[taken..].to_vec()
    }
}

impl io::Write for Here {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        WRITTEN.with_borrow_mut(|written| written.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
