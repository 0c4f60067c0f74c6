//! What the log says.

use std::cell::Cell;
use std::io;
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// What is logged on this thread for as long as this lives.
pub(crate) struct Log {
    written: Written,
    /// So many lines of the target `audit` were taken.
    taken: Cell<usize>,
    _default: DefaultGuard,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn capture() -> Self {
        let written = Written::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(written.clone())
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .finish();
        Self {
            written,
            taken: Cell::new(0),
            _default: tracing::subscriber::set_default(subscriber),
        }
    }

    /// Everything.
    pub(crate) fn all(&self) -> String {
        String::from_utf8(self.written.0.lock().unwrap().clone()).unwrap()
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

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
