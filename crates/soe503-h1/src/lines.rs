//! A head as lines. This is the only pass that an incomplete head costs.

use std::ops::Range;

use crate::scan;

/// Lines whose ends fit on the stack: the start line and 64 fields.
pub(crate) const FEW: usize = 65;
/// Empty lines that may stand before a request line. RFC 9112 §2.2 asks for one.
const EMPTY_LINES: usize = 4;

/// What a look for a head's end found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A head of so many lines, without the empty one, and of so many bytes.
    Head { lines: usize, len: usize },
    /// Its end is not there.
    Partial,
    /// It has more lines than there is room for.
    TooMany,
}

/// Looks for the end of the head that begins at `start`, and notes where in `bytes` each line's LF
/// stands. There is room for at least one line.
pub(crate) fn find(bytes: &[u8], start: usize, ends: &mut [u32]) -> Found {
    let mut search = Search {
        bytes,
        ends,
        lines: 0,
        start,
    };
    let (blocks, rest) = bytes[start..].as_chunks::<16>();
    let mut base = start;
    for block in blocks {
        let (words, _) = block.as_chunks::<8>();
        let found = [
            scan::matches(words[0], b'\n'),
            scan::matches(words[1], b'\n'),
        ];
        if found[0] | found[1] != 0 {
            for mut found in found {
                while found != 0 {
                    if let Some(found) = search.line(base + scan::lowest(found)) {
                        return found;
                    }
                    found &= found - 1;
                }
                base += 8;
            }
        } else {
            base += 16;
        }
    }
    for (at, &byte) in rest.iter().enumerate() {
        if byte == b'\n'
            && let Some(found) = search.line(base + at)
        {
            return found;
        }
    }
    Found::Partial
}

struct Search<'a> {
    bytes: &'a [u8],
    ends: &'a mut [u32],
    lines: usize,
    /// Where the line begins that is being looked for the end of.
    start: usize,
}

impl Search<'_> {
    /// A line that ends with the LF at `end`.
    #[inline]
    fn line(&mut self, end: usize) -> Option<Found> {
        let len = end - self.start;
        if len == 0 || (len == 1 && self.bytes[self.start] == b'\r') {
            return Some(Found::Head {
                lines: self.lines,
                len: end + 1,
            });
        }
        let Some(place) = self.ends.get_mut(self.lines) else {
            return Some(Found::TooMany);
        };
        *place = end as u32;
        self.lines += 1;
        self.start = end + 1;
        None
    }
}

/// The bytes of the line from `start` to its LF, without the line's end.
#[inline]
pub(crate) fn line(bytes: &[u8], start: usize, lf: usize) -> Range<usize> {
    let end = if lf > start && bytes[lf - 1] == b'\r' {
        lf - 1
    } else {
        lf
    };
    start..end
}

/// Where a request line begins: behind empty lines, of which there are not many. `None`: there are too
/// many, or a CR without LF.
#[inline]
pub(crate) fn skip_empty(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for _ in 0..=EMPTY_LINES {
        at += match &bytes[at..] {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            [b'\r', _, ..] => return None,
            _ => return Some(at),
        };
    }
    None
}
