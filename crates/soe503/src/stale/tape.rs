//! An answer's body, taken down while it is passed on.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::cache::Shared;
use super::entry::Entry;
use crate::explain::Tape;

/// Becomes an entry when the body is whole.
pub(super) struct Recorder {
    store: Arc<Shared>,
    key: Box<str>,
    entry: Entry,
    body: Vec<u8>,
}

impl Recorder {
    pub(super) fn new(store: Arc<Shared>, key: Box<str>, entry: Entry, length: usize) -> Self {
        let body = Vec::with_capacity(length);
        Self {
            store,
            key,
            entry,
            body,
        }
    }
}

impl Tape for Recorder {
    fn data(&mut self, data: &Bytes) -> bool {
        let fits = self.body.len() + data.len() <= self.store.config.max_object;
        if fits {
            self.body.extend_from_slice(data);
        }
        fits
    }

    fn end(self: Box<Self>) {
        let Self {
            store,
            key,
            entry,
            mut body,
        } = *self;
        body.shrink_to_fit();
        store.entries.insert(key, Arc::new(entry.with_body(body)));
        store.kept.fetch_add(1, Ordering::Relaxed);
    }
}
