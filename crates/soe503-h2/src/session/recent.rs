//! Streams that this side reset a short time ago.

use std::collections::VecDeque;

/// As many are remembered: what can be on its way for more of them at once is treated as for any closed stream.
const REMEMBERED: usize = 256;

/// The last streams that this side reset. Frames for them were on their way and are no violation (RFC 9113 §5.1, "closed").
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<u32>);

impl Recent {
    pub(super) fn push(&mut self, stream: u32) {
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(stream);
    }

    pub(super) fn contains(&self, stream: u32) -> bool {
        self.0.contains(&stream)
    }
}
