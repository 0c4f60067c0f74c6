//! `xds.data.orca.v3.OrcaLoadReport` as bytes, as far as it is needed.

use super::{LoadReport, sane};

/// Reads what is left of a message.
struct Reader<'a>(&'a [u8]);

/// The report; `None` if it is cut off or no message.
pub(super) fn read(bytes: &[u8]) -> Option<LoadReport> {
    let mut reader = Reader(bytes);
    let mut report = LoadReport::default();
    while !reader.0.is_empty() {
        let tag = reader.varint()?;
        // Wire types: https://protobuf.dev/programming-guides/encoding/#structure
        match tag & 7 {
            0 => drop(reader.varint()?),
            1 => {
                let number = sane(f64::from_le_bytes(reader.take(8)?.try_into().ok()?));
                match tag >> 3 {
                    1 => report.cpu = number,
                    6 => report.rps = number,
                    7 => report.eps = number,
                    9 => report.application = number,
                    _ => {}
                }
            }
            2 => {
                let length = reader.varint()?;
                reader.take(usize::try_from(length).ok()?)?;
            }
            5 => drop(reader.take(4)?),
            _ => return None,
        }
    }
    Some(report)
}

impl<'a> Reader<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}
