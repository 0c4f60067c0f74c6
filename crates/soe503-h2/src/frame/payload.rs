//! What a payload holds beside padding and priorities.

use std::ops::Range;

use super::head::flag;
use crate::code::Code;

/// Where in a DATA frame's payload the data is (RFC 9113 §6.1).
///
/// # Errors
///
/// FRAME_SIZE_ERROR without room for the padding's length, PROTOCOL_ERROR if the padding is longer than the rest.
pub(crate) fn data_range(flags: u8, payload: &[u8]) -> Result<Range<usize>, Code> {
    if flags & flag::PADDED == 0 {
        return Ok(0..payload.len());
    }
    let pad = usize::from(*payload.first().ok_or(Code::FRAME_SIZE_ERROR)?);
    match (payload.len() - 1).checked_sub(pad) {
        Some(len) => Ok(1..1 + len),
        None => Err(Code::PROTOCOL_ERROR),
    }
}

/// The header block's fragment of a HEADERS frame (RFC 9113 §6.2). Priorities are deprecated and not looked at (§5.3.2).
///
/// # Errors
///
/// FRAME_SIZE_ERROR if the fields before it do not fit, PROTOCOL_ERROR if the padding is longer than the rest.
pub(crate) fn fragment(flags: u8, payload: &[u8]) -> Result<&[u8], Code> {
    let range = data_range(flags, payload)?;
    let skipped = if flags & flag::PRIORITY == 0 { 0 } else { 5 };
    if range.start + skipped > payload.len() {
        return Err(Code::FRAME_SIZE_ERROR);
    }
    payload
        .get(range.start + skipped..range.end)
        .ok_or(Code::PROTOCOL_ERROR)
}

/// A whole payload of 32 bits.
///
/// # Errors
///
/// FRAME_SIZE_ERROR if it has another length.
pub(crate) fn u32_at(payload: &[u8]) -> Result<u32, Code> {
    <[u8; 4]>::try_from(payload)
        .map(u32::from_be_bytes)
        .map_err(|_| Code::FRAME_SIZE_ERROR)
}

/// A whole payload of a reserved bit and 31 bits.
///
/// # Errors
///
/// FRAME_SIZE_ERROR if it has another length.
pub(crate) fn u31(payload: &[u8]) -> Result<u32, Code> {
    Ok(u32_at(payload)? & 0x7fff_ffff)
}

#[cfg(test)]
mod tests {
    use super::{Code, data_range, flag, fragment};

    #[test]
    fn padding() {
        type Row<'a> = (&'a [u8], Result<&'a [u8], Code>);
        let rows: [Row<'_>; 6] = [
            (b"", Err(Code::FRAME_SIZE_ERROR)),
            (b"\0", Ok(b"")),
            (b"\x01", Err(Code::PROTOCOL_ERROR)),
            (b"\x01a", Ok(b"")),
            (b"\x01ab", Ok(b"a")),
            (b"\x03ab", Err(Code::PROTOCOL_ERROR)),
        ];
        for (payload, want) in rows {
            let got = data_range(flag::PADDED, payload).map(|range| &payload[range]);
            assert_eq!(got, want, "{payload:?}");
            assert_eq!(fragment(flag::PADDED, payload), want, "{payload:?}");
        }
        assert_eq!(data_range(0, b"\x03ab"), Ok(0..3));
    }

    #[test]
    fn priority() {
        let both = flag::PADDED | flag::PRIORITY;
        assert_eq!(fragment(flag::PRIORITY, b"12345ab"), Ok(&b"ab"[..]));
        assert_eq!(
            fragment(flag::PRIORITY, b"1234"),
            Err(Code::FRAME_SIZE_ERROR)
        );
        assert_eq!(fragment(both, b"\x0112345ab"), Ok(&b"a"[..]));
        assert_eq!(fragment(both, b"\x0312345ab"), Err(Code::PROTOCOL_ERROR));
    }
}
