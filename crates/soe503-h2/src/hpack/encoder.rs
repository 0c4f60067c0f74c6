//! From fields to header blocks.

use http::header::HeaderValue;

use super::names::{self, Named, Policy};
use super::recent::{self, Recent};
use super::{integer, static_table};

/// A connection's encoder.
#[derive(Debug)]
pub(crate) struct Encoder {
    recent: Recent,
    /// The table's size has changed since the last block: the smallest that it had meanwhile.
    smallest: Option<usize>,
}

/// The largest table that is used, however large a one the peer allows, in bytes.
const MOST: usize = 4096;
/// A cookie that is shorter, in bytes, could be guessed by trying (RFC 7541 §7.1.3).
const LONG_COOKIE: usize = 20;

impl Encoder {
    pub(crate) const fn new() -> Self {
        Self {
            recent: Recent::new(MOST),
            smallest: None,
        }
    }

    /// The peer's SETTINGS_HEADER_TABLE_SIZE. The next block tells it of the change (RFC 7541 §4.2).
    pub(crate) fn set_table(&mut self, most: u32) {
        let most = MOST.min(most as usize);
        if most != self.recent.most() {
            let smallest = self.smallest.unwrap_or(most).min(most);
            self.smallest = Some(smallest);
            self.recent.resize(most);
        }
    }

    /// Begins a block.
    #[inline]
    pub(crate) fn begin(&mut self, out: &mut Vec<u8>) {
        if let Some(smallest) = self.smallest.take() {
            self.update(out, smallest);
        }
    }

    #[cold]
    fn update(&self, out: &mut Vec<u8>, smallest: usize) {
        if smallest < self.recent.most() {
            integer::write(out, 0x20, 5, smallest);
        }
        integer::write(out, 0x20, 5, self.recent.most());
    }

    /// A field of the static table.
    #[inline]
    pub(crate) fn indexed(&self, out: &mut Vec<u8>, index: u8) {
        out.push(0x80 | index);
    }

    /// A field whose name has a static index, not indexed.
    #[inline]
    pub(crate) fn literal(&self, out: &mut Vec<u8>, index: u8, value: &[u8]) {
        integer::write(out, 0, 4, usize::from(index));
        string(out, value);
    }

    /// A field that is in no map, and whose values repeat. `index`: the name's in the static table, or 0.
    #[inline]
    pub(crate) fn repeating(&mut self, out: &mut Vec<u8>, index: u8, name: &[u8], value: &[u8]) {
        let name = Named {
            text: name,
            words: names::words(name),
            known: None,
        };
        self.index(out, index, &name, value, false);
    }

    /// A field of a map, as its policy says.
    #[inline]
    pub(crate) fn field(&mut self, out: &mut Vec<u8>, name: &Named<'_>, value: &HeaderValue) {
        let index = match name.known {
            Some(known) => known.index,
            None => 0,
        };
        let policy = name.policy();
        let text = value.as_bytes();
        let secret = match policy {
            Policy::Never => true,
            Policy::Cookie => text.len() < LONG_COOKIE,
            _ => false,
        };
        if secret || value.is_sensitive() {
            write(out, 0x10, 4, index, name.text, text);
        } else if matches!(policy, Policy::Literal | Policy::Deadline | Policy::Omit) {
            write(out, 0, 4, index, name.text, text);
        } else if index == ACCEPT_ENCODING && text == b"gzip, deflate" {
            self.indexed(out, ACCEPT_ENCODING);
        } else {
            self.index(out, index, name, text, policy != Policy::Index);
        }
    }

    /// `twice`: only what was met before is worth an entry.
    #[inline]
    fn index(&mut self, out: &mut Vec<u8>, index: u8, name: &Named<'_>, value: &[u8], twice: bool) {
        let hash = recent::hash(name.words, value);
        if let Some(newer) = self.recent.find(hash, name, value) {
            integer::write(out, 0x80, 7, static_table::LEN + 1 + newer);
        } else if (!twice || self.recent.met(hash)) && self.recent.insert(hash, name, value) {
            write(out, 0x40, 6, index, name.text, value);
        } else {
            write(out, 0, 4, index, name.text, value);
        }
    }
}

/// Where the static table has `accept-encoding: gzip, deflate`, its only field with a value that is
/// no pseudo-field.
const ACCEPT_ENCODING: u8 = 16;

/// A literal; the name is a string if its index is 0.
fn write(out: &mut Vec<u8>, pattern: u8, bits: u32, index: u8, name: &[u8], value: &[u8]) {
    integer::write(out, pattern, bits, usize::from(index));
    if index == 0 {
        string(out, name);
    }
    string(out, value);
}

fn string(out: &mut Vec<u8>, text: &[u8]) {
    integer::write(out, 0, 7, text.len());
    out.extend_from_slice(text);
}

#[cfg(test)]
#[path = "encoder_tests.rs"]
mod tests;
