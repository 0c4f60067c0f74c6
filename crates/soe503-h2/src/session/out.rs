//! Bytes on their way to the socket.

/// Above so many bytes no data is taken; heads and control frames are.
pub(super) const SOFT_LIMIT: usize = 64 * 1024;
/// Whoever was blocked by the limit goes on below so many.
pub(super) const LOW_WATER: usize = SOFT_LIMIT / 2;
/// What an empty buffer may hold on to.
const KEPT: usize = 512;
/// What a buffer begins with: a head and a small body.
const FIRST: usize = 2048;

/// A buffer that is filled at its end and emptied from its front.
#[derive(Debug, Default)]
pub(super) struct Out {
    bytes: Vec<u8>,
    /// Bytes at the front that were sent.
    start: usize,
    /// Bytes that were sent ever.
    sent: u64,
}

impl Out {
    pub(super) fn queued(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    pub(super) fn offset(&self) -> u64 {
        self.sent + self.len() as u64
    }

    /// Where to append.
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        if self.bytes.is_empty() && self.bytes.capacity() < FIRST {
            self.bytes.reserve_exact(FIRST);
        }
        &mut self.bytes
    }

    /// Takes `n` bytes, or all, from the front. What an empty buffer needs no more is given back. True: it is empty.
    pub(super) fn sent(&mut self, n: usize) -> bool {
        let n = n.min(self.len());
        self.sent += n as u64;
        self.start += n;
        if self.start == self.bytes.len() {
            self.start = 0;
            if self.bytes.capacity() > KEPT {
                self.bytes = Vec::new();
            } else {
                self.bytes.clear();
            }
        } else if self.start >= self.len() {
            // No byte is moved more often than others were sent.
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.is_empty()
    }
}
