//! From fields to header blocks.

use http::header::{HeaderName, HeaderValue};

use super::names::{self, Known, Policy};
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

    /// A field whose values repeat. `index`: the name's in the static table, or 0.
    #[inline]
    pub(crate) fn repeating(&mut self, out: &mut Vec<u8>, index: u8, name: &[u8], value: &[u8]) {
        let hash = recent::hash(names::words(name), value);
        self.index(out, hash, index, name, value, false);
    }

    /// A field of a map, as its policy says. `known`: its row of [`names`], if it has one.
    #[inline]
    pub(crate) fn field(
        &mut self,
        out: &mut Vec<u8>,
        name: &HeaderName,
        known: Option<&Known>,
        words: [u64; 2],
        value: &HeaderValue,
    ) {
        let index = known.map_or(0, |known| known.index);
        let policy = known.map_or(Policy::Repeated, |known| known.policy);
        let name = name.as_str().as_bytes();
        let text = value.as_bytes();
        let never = match policy {
            Policy::Index | Policy::Repeated | Policy::Date => value.is_sensitive(),
            Policy::Cookie => text.len() < LONG_COOKIE || value.is_sensitive(),
            Policy::Literal | Policy::Deadline | Policy::Omit => {
                return write(
                    out,
                    if value.is_sensitive() { 0x10 } else { 0 },
                    4,
                    index,
                    name,
                    text,
                );
            }
            Policy::Never => true,
        };
        if never {
            return write(out, 0x10, 4, index, name, text);
        }
        if index == ACCEPT_ENCODING && text == b"gzip, deflate" {
            return self.indexed(out, ACCEPT_ENCODING);
        }
        let hash = recent::hash(words, text);
        self.index(out, hash, index, name, text, policy != Policy::Index);
    }

    /// `twice`: only what was met before is worth an entry.
    #[inline]
    fn index(
        &mut self,
        out: &mut Vec<u8>,
        hash: u32,
        index: u8,
        name: &[u8],
        value: &[u8],
        twice: bool,
    ) {
        if let Some(newer) = self.recent.find(hash, name, value) {
            integer::write(out, 0x80, 7, static_table::LEN + 1 + newer);
        } else if (!twice || self.recent.met(hash)) && self.recent.insert(hash, name, value) {
            write(out, 0x40, 6, index, name, value);
        } else {
            write(out, 0, 4, index, name, value);
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
