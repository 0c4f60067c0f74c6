//! What a head may cost, and how the end of a body is known.

use crate::{lines, scan};

/// Limits of one head. They hold for what has arrived, also while the head is incomplete, so that no
/// memory is spent on a head that would be refused.
#[derive(Clone, Copy, Debug)]
pub struct HeadLimits {
    /// Bytes of the whole head, from its first byte to the empty line's end.
    pub max_bytes: usize,
    /// Fields. Up to 64 are parsed without the heap.
    pub max_headers: usize,
    /// Bytes of the request line's target. [`http::Uri`] holds 65,534 at most, whatever this says.
    pub max_target: usize,
}

impl HeadLimits {
    /// Whether to parse a head again that was incomplete when `seen` bytes of `buf` were there. No: its
    /// first line has been judged, no line has ended since, and there is room for more, so that the
    /// outcome would be `None` again. With this question asked first, a head that comes byte by byte is
    /// parsed once for each of its lines, whose number is limited, and not once for each of its bytes.
    #[must_use]
    pub fn worth_parsing(&self, buf: &[u8], seen: usize) -> bool {
        let (before, since) = buf.split_at(seen.min(buf.len()));
        let first_line_is_open = || {
            let start = lines::skip_empty(before).unwrap_or(before.len());
            scan::find(&before[start..], b'\n').is_none()
        };
        self.is_full(buf.len()) || scan::find(since, b'\n').is_some() || first_line_is_open()
    }

    /// The part of `buf` that a head may take.
    pub(crate) fn window<'b>(&self, buf: &'b [u8]) -> &'b [u8] {
        &buf[..buf.len().min(self.bytes())]
    }

    /// Whether a head of `len` bytes may not have more.
    pub(crate) fn is_full(&self, len: usize) -> bool {
        len >= self.bytes()
    }

    /// Positions in a head are 32 bits wide.
    fn bytes(&self) -> usize {
        self.max_bytes.min(u32::MAX as usize)
    }
}

/// How the end of a message's body is known (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// There is no body.
    None,
    /// So many bytes (`Content-Length`).
    Length(u64),
    /// In chunks (`Transfer-Encoding: chunked`).
    Chunked,
    /// Whatever comes until the connection closes. Responses only.
    UntilClose,
}
