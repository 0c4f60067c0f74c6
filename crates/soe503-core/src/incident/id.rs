//! Identifiers that sort by time and can be read out over the telephone.

use std::sync::Arc;

/// Crockford's base 32: no letter that is mistaken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: u32 = 8;

/// Gives identifiers: the first eight characters of a ULID, which are its time in steps of 1,024 ms. Where one
/// step needs several, the next ones are taken: no two are the same, and they sort in the order in which they
/// were given.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    last: u64,
}

impl Ids {
    /// The next one, at `unix_ms`.
    pub fn next(&mut self, unix_ms: i64) -> Arc<str> {
        let step = u64::try_from(unix_ms).unwrap_or_default() >> 10;
        self.last = step.max(self.last + 1);
        let digit = |place: u32| {
            let five = (self.last >> (5 * place)) & 31;
            char::from(ALPHABET[five as usize])
        };
        (0..LENGTH).rev().map(digit).collect::<String>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ulids_cut_short_and_never_the_same() {
        let mut ids = Ids::default();
        let first = ids.next(1_795_369_252_000);
        assert_eq!(
            &*first, "01M825HD",
            "so begins the ULID of this millisecond"
        );
        let again = ids.next(1_795_369_252_000);
        let back = ids.next(0);
        let later = ids.next(1_795_369_262_000);
        assert!(
            first < again && again < back && back < later,
            "{first} {again} {back} {later}"
        );
    }
}
