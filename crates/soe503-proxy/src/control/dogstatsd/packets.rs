//! Lines as packets: as many lines in each as it has room for.

/// Packets that are being made.
#[derive(Debug)]
pub(super) struct Packets {
    /// The bytes of a packet, at most.
    limit: usize,
    full: Vec<String>,
    open: String,
    too_long: usize,
}

// === impl Packets ===

impl Packets {
    /// None yet.
    pub(super) const fn of(limit: usize) -> Self {
        Self {
            limit,
            full: Vec::new(),
            open: String::new(),
            too_long: 0,
        }
    }

    /// Adds a line. One that no packet has room for is lost.
    pub(super) fn push(&mut self, line: &str) {
        if line.len() > self.limit {
            self.too_long += 1;
            return;
        }
        let begun = !self.open.is_empty();
        if begun && self.open.len() + 1 + line.len() > self.limit {
            self.full.push(std::mem::take(&mut self.open));
        } else if begun {
            self.open.push('\n');
        }
        self.open.push_str(line);
    }

    /// The packets, and how many lines were lost.
    pub(super) fn finish(mut self) -> (Vec<String>, usize) {
        if !self.open.is_empty() {
            self.full.push(self.open);
        }
        (self.full, self.too_long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_has_as_many_lines_as_it_has_room_for() {
        let mut packets = Packets::of(7);
        for line in ["abc", "def", "g", "0123456", "01234567", "h", "ijklmn"] {
            packets.push(line);
        }
        let (packets, too_long) = packets.finish();
        assert_eq!(packets, ["abc\ndef", "g", "0123456", "h", "ijklmn"]);
        assert_eq!(too_long, 1);
        assert_eq!(Packets::of(7).finish(), (vec![], 0));
    }
}
