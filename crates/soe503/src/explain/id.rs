//! Identifiers for requests that came without.

use crate::clock;

/// Crockford's base 32: no letter that is mistaken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A new identifier: 26 characters as a ULID has them, the first ten the time in milliseconds, so
/// that they sort by age; the rest random.
#[must_use]
pub fn request_id() -> String {
    let millis = u128::from(clock::unix_millis()) & ((1 << 48) - 1);
    let bits = millis << 80 | fastrand::u128(..) >> 48;
    let digit = |index: u32| {
        let five = (bits >> (5 * index)) & 31;
        char::from(ALPHABET[five as usize])
    };
    (0..26).rev().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ulid_by_form() {
        let (a, b) = (request_id(), request_id());
        assert_eq!(a.len(), 26);
        assert!(a.bytes().all(|byte| ALPHABET.contains(&byte)), "{a}");
        assert!(a.as_bytes()[0] <= b'7', "128 bits in 130: {a}");
        assert_ne!(a, b);
        assert_eq!(a[..7], b[..7], "the same half minute");
    }
}
