//! Bytes searched eight at a time, in plain arithmetic.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const LOW: u64 = u64::from_ne_bytes([0x7f; 8]);

/// The high bit of each byte of `word` that is `byte`, the first byte's lowest; exactly those.
#[inline]
pub(crate) fn matches(word: [u8; 8], byte: u8) -> u64 {
    let differ = u64::from_le_bytes(word) ^ (ONES * u64::from(byte));
    !(((differ & LOW) + LOW) | differ | LOW)
}

/// Which byte of a word the lowest bit of [`matches`] is for.
#[inline]
pub(crate) fn lowest(matches: u64) -> usize {
    matches.trailing_zeros() as usize / 8
}

/// Where in `bytes` the first `byte` stands.
#[inline]
pub(crate) fn find(bytes: &[u8], byte: u8) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, &word) in words.iter().enumerate() {
        let found = matches(word, byte);
        if found != 0 {
            return Some(at * 8 + lowest(found));
        }
    }
    let at = rest.iter().position(|&other| other == byte)?;
    Some(words.len() * 8 + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_of_each_byte_is_found() {
        for byte in 0..=255_u8 {
            for other in [byte ^ 0x80, byte ^ 1, byte.wrapping_add(1)] {
                for at in 0..8 {
                    let mut word = [other; 8];
                    word[at] = byte;
                    word[7 - at / 2] = byte;
                    let expected = (0..8)
                        .filter(|&at| word[at] == byte)
                        .map(|at| 0x80 << (at * 8))
                        .sum();
                    assert_eq!(matches(word, byte), expected, "{byte} in {word:?}");
                }
            }
        }
    }

    #[test]
    fn the_first_is_found_in_any_length() {
        for len in 0..40 {
            for at in 0..=len {
                let mut bytes = vec![b'x'; len];
                bytes[at..].fill(b':');
                assert_eq!(
                    find(&bytes, b':'),
                    (at < len).then_some(at),
                    "{at} of {len}"
                );
            }
        }
    }
}
