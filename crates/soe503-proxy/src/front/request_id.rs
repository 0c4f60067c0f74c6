//! Every request has an id: the client's, if it is sane, else ours.

use http::header::{Entry, HeaderName};
use http::{HeaderMap, HeaderValue};

/// The field that carries the id in both directions.
pub(crate) static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over from a client, in bytes.
const MAX_LENGTH: usize = 64;

/// Makes sure that `headers` carries exactly one usable id.
///
/// A client's id is kept if it is 1 to 64 letters, digits, `-`, `_`, `.` and `~`, which need
/// no escape anywhere; anything else is replaced.
pub(crate) fn ensure(headers: &mut HeaderMap) {
    match headers.entry(&X_REQUEST_ID) {
        Entry::Vacant(vacant) => {
            vacant.insert(generate());
        }
        Entry::Occupied(mut occupied) => {
            let id = if is_sane(occupied.get().as_bytes()) {
                occupied.get().clone()
            } else {
                generate()
            };
            // Replaces all of them, if there are several.
            occupied.insert(id);
        }
    }
}

fn is_sane(id: &[u8]) -> bool {
    !id.is_empty()
        && id.len() <= MAX_LENGTH
        && id
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'))
}

/// 128 random bits in hexadecimal.
fn generate() -> HeaderValue {
    let mut id = [0_u8; 32];
    for (half, random) in id
        .chunks_exact_mut(16)
        .zip([fastrand::u64(..), fastrand::u64(..)])
    {
        half.copy_from_slice(&hexadecimal(random));
    }
    HeaderValue::from_bytes(&id).unwrap_or(HeaderValue::from_static("-"))
}

/// 16 digits, all at once: spreads the nibbles over the bytes of a wide integer and adds what
/// makes a digit of each.
pub(super) fn hexadecimal(value: u64) -> [u8; 16] {
    let mut wide = u128::from(value);
    wide = (wide | wide << 32) & 0x0000_0000_ffff_ffff_0000_0000_ffff_ffff;
    wide = (wide | wide << 16) & 0x0000_ffff_0000_ffff_0000_ffff_0000_ffff;
    wide = (wide | wide << 8) & 0x00ff_00ff_00ff_00ff_00ff_00ff_00ff_00ff;
    wide = (wide | wide << 4) & 0x0f0f_0f0f_0f0f_0f0f_0f0f_0f0f_0f0f_0f0f;
    let letters = (wide + 0x0606_0606_0606_0606_0606_0606_0606_0606) >> 4
        & 0x0101_0101_0101_0101_0101_0101_0101_0101;
    (wide + 0x3030_3030_3030_3030_3030_3030_3030_3030 + letters * 0x27).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ensured(given: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for value in given {
            headers.append(X_REQUEST_ID.clone(), HeaderValue::from_str(value).unwrap());
        }
        ensure(&mut headers);
        headers
            .get_all(&X_REQUEST_ID)
            .iter()
            .map(|v| v.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn digits_are_those_of_the_formatter() {
        for value in [
            0,
            1,
            9,
            10,
            15,
            16,
            0x0123_4567_89ab_cdef,
            0xfedc_ba98_7654_3210,
            u64::MAX,
        ] {
            assert_eq!(
                hexadecimal(value).as_slice(),
                format!("{value:016x}").as_bytes()
            );
        }
    }

    #[test]
    fn a_sane_id_is_kept_and_anything_else_replaced() {
        assert_eq!(ensured(&["abc-123"]), ["abc-123"]);
        assert_eq!(ensured(&["first", "second"]), ["first"]);
        let long = "x".repeat(65);
        for bad in [
            vec![],
            vec![""],
            vec!["a b"],
            vec!["../../etc"],
            vec!["a\"b"],
            vec![long.as_str()],
        ] {
            let ids = ensured(&bad);
            assert_eq!(ids.len(), 1);
            assert!(
                ids[0].len() == 32 && ids[0].bytes().all(|b| b.is_ascii_hexdigit()),
                "{bad:?} -> {ids:?}"
            );
        }
        assert_ne!(ensured(&[]), ensured(&[]));
    }
}
