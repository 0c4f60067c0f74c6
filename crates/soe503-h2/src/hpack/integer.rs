//! Integers with a prefix of N bits (RFC 7541 §5.1).

/// Takes an integer whose first byte has `bits` bits of it. `None`: it is incomplete, or so large that
/// it can mean nothing.
#[inline]
pub(super) fn read(bytes: &mut &[u8], bits: u32) -> Option<u32> {
    let (&first, rest) = bytes.split_first()?;
    *bytes = rest;
    let most = (1_u32 << bits) - 1;
    let value = u32::from(first) & most;
    if value < most {
        Some(value)
    } else {
        read_rest(bytes, value)
    }
}

/// The bytes after a prefix that is all ones. Four of them hold 2^28, more than a block is ever
/// long; longer forms are refused, zeros included, so that an integer is five bytes at most.
fn read_rest(bytes: &mut &[u8], prefix: u32) -> Option<u32> {
    let mut value = prefix;
    for shift in [0, 7, 14, 21] {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value += u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Appends `value` with a prefix of `bits` bits, the bits above it from `pattern`.
#[inline]
pub(super) fn write(out: &mut Vec<u8>, pattern: u8, bits: u32, value: usize) {
    let most = (1_usize << bits) - 1;
    if value < most {
        out.push(pattern | value as u8);
    } else {
        write_rest(out, pattern | most as u8, value - most);
    }
}

fn write_rest(out: &mut Vec<u8>, first: u8, mut value: usize) {
    out.push(first);
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bits: u32, value: usize) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, 0, bits, value);
        out
    }

    /// RFC 7541, appendix C.1.
    #[test]
    fn the_examples_of_the_standard() {
        for (bits, value, bytes) in [
            (5, 10, &[10][..]),
            (5, 1337, &[31, 154, 10]),
            (8, 42, &[42]),
        ] {
            assert_eq!(written(bits, value), bytes);
            assert_eq!(read(&mut &bytes[..], bits), Some(value as u32));
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for bits in 4..=7 {
            for value in (0..70_000).chain([1 << 20, (1 << 28) - 1]) {
                let bytes = written(bits, value);
                let mut rest = &bytes[..];
                assert_eq!(read(&mut rest, bits), Some(value as u32));
                assert!(rest.is_empty());
                assert_eq!(read(&mut &bytes[..bytes.len() - 1], bits), None);
            }
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        assert_eq!(
            read(&mut &[0x7f, 0xff, 0xff, 0xff, 0x7f][..], 7),
            Some((1 << 28) - 1 + 127)
        );
        assert_eq!(
            read(&mut &[0x7f, 0xff, 0xff, 0xff, 0xff, 0x00][..], 7),
            None
        );
        assert_eq!(
            read(&mut &[0x7f, 0x80, 0x80, 0x80, 0x80, 0x00][..], 7),
            None
        );
        assert_eq!(read(&mut &[0xff; 20][..], 7), None);
    }
}
