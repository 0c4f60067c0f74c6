//! Protocol Buffers, as far as OTLP needs them: writing messages, and finding fields in one.

/// Writes the fields of a message.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Of a fixed length: none that we look for.
    Fixed,
}

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

// === impl Writer ===

impl Writer {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn tag(&mut self, field: u32, kind: u32) {
        self.varint(u64::from(field << 3 | kind));
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(super) fn number(&mut self, field: u32, number: u64) {
        self.tag(field, VARINT);
        self.varint(number);
    }

    pub(super) fn fixed64(&mut self, field: u32, number: u64) {
        self.tag(field, FIXED64);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn fixed32(&mut self, field: u32, number: u32) {
        self.tag(field, FIXED32);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.tag(field, LENGTH);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, field: u32, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    /// A message in this one. Its length is only known behind it, and is put before it then.
    pub(super) fn message(&mut self, field: u32, fill: impl FnOnce(&mut Self)) {
        self.tag(field, LENGTH);
        let start = self.0.len();
        fill(self);
        let mut length = Self::default();
        length.varint((self.0.len() - start) as u64);
        drop(self.0.splice(start..start, length.0));
    }
}

/// The fields of `message`, in their order; `None` if it is not one.
pub(super) fn fields(message: &[u8]) -> Option<Vec<(u32, Value<'_>)>> {
    let (mut rest, mut found) = (message, Vec::new());
    while !rest.is_empty() {
        let tag = u32::try_from(varint(&mut rest)?).ok()?;
        let value = match tag & 7 {
            VARINT => Value::Number(varint(&mut rest)?),
            LENGTH => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                Value::Bytes(take(&mut rest, length)?)
            }
            FIXED64 => take(&mut rest, 8).map(|_| Value::Fixed)?,
            FIXED32 => take(&mut rest, 4).map(|_| Value::Fixed)?,
            _ => return None,
        };
        // No field has the number 0.
        if tag >> 3 == 0 {
            return None;
        }
        found.push((tag >> 3, value));
    }
    Some(found)
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// Seven bits a byte, the lowest first, at most ten bytes.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found() {
        let long = "x".repeat(300);
        let mut writer = Writer::default();
        writer.number(1, 300);
        writer.message(2, |inner| {
            inner.text(1, &long);
            inner.message(3, |_| {});
        });
        writer.fixed64(3, 7);
        writer.fixed32(16, 7);
        writer.number(5, u64::MAX);
        let bytes = writer.into_bytes();
        let found = fields(&bytes).unwrap();
        assert_eq!(found[0], (1, Value::Number(300)));
        let (2, Value::Bytes(inner)) = found[1] else {
            panic!("{found:?}")
        };
        let inner = fields(inner).unwrap();
        assert_eq!(
            inner,
            [(1, Value::Bytes(long.as_bytes())), (3, Value::Bytes(b""))]
        );
        assert_eq!(found[2..4], [(3, Value::Fixed), (16, Value::Fixed)]);
        assert_eq!(found[4], (5, Value::Number(u64::MAX)));
    }

    /// The example of the encoding's own documentation: field 1 is 150.
    #[test]
    fn as_documented() {
        let mut writer = Writer::default();
        writer.number(1, 150);
        assert_eq!(writer.into_bytes(), [0x08, 0x96, 0x01]);
    }

    #[test]
    fn nonsense_is_no_message() {
        for bad in [
            &b"<html>"[..],
            b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x0a\x05abc",
            b"\x08",
            b"\x0b",
            b"\x00\x01",
            b"\x09\x01",
        ] {
            assert_eq!(fields(bad), None, "{bad:?}");
        }
        assert_eq!(fields(b"").map(|all| all.len()), Some(0));
    }
}
