//! The head of a frame, RFC 9113 §4.1.

/// Types of frames, RFC 9113 §6.
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const PRIORITY: u8 = 2;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PUSH_PROMISE: u8 = 5;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

/// Flags; what a bit means depends on the frame's type.
pub(crate) mod flag {
    pub(crate) const END_STREAM: u8 = 0x1;
    pub(crate) const ACK: u8 = 0x1;
    pub(crate) const END_HEADERS: u8 = 0x4;
    pub(crate) const PADDED: u8 = 0x8;
    pub(crate) const PRIORITY: u8 = 0x20;
}

/// Length, type, flags and stream of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHead {
    /// Bytes of the payload, 24 bits.
    pub(crate) len: u32,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    /// 31 bits; the reserved one is ignored.
    pub(crate) stream: u32,
}

impl FrameHead {
    /// Bytes of a head.
    pub(crate) const LEN: usize = 9;

    pub(crate) const fn parse(bytes: &[u8; Self::LEN]) -> Self {
        let &[l0, l1, l2, kind, flags, s0, s1, s2, s3] = bytes;
        Self {
            len: u32::from_be_bytes([0, l0, l1, l2]),
            kind,
            flags,
            stream: u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]),
        }
    }

    pub(crate) const fn to_bytes(self) -> [u8; Self::LEN] {
        let [_, l0, l1, l2] = self.len.to_be_bytes();
        let [s0, s1, s2, s3] = self.stream.to_be_bytes();
        [l0, l1, l2, self.kind, self.flags, s0, s1, s2, s3]
    }

    pub(crate) const fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Head and payload.
    pub(crate) const fn total(self) -> usize {
        Self::LEN + self.len as usize
    }
}

#[cfg(test)]
mod tests {
    use super::FrameHead;

    #[test]
    fn the_reserved_bit_is_ignored_and_the_rest_kept() {
        let bytes = [0x01, 0x02, 0x03, 0x08, 0x0d, 0xff, 0xff, 0xff, 0xfe];
        let head = FrameHead::parse(&bytes);
        assert_eq!(
            head,
            FrameHead {
                len: 0x01_02_03,
                kind: 8,
                flags: 13,
                stream: 0x7fff_fffe
            }
        );
        let written = head.to_bytes();
        assert_eq!(written[..5], bytes[..5]);
        assert_eq!(written[5..], [0x7f, 0xff, 0xff, 0xfe]);
    }
}
