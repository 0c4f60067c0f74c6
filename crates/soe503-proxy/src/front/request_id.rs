//! Every request has an id: the client's, if it is sane, else ours.

use http::header::HeaderName;
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
    let usable = headers
        .get(&X_REQUEST_ID)
        .is_some_and(|value| is_sane(value.as_bytes()));
    if !usable {
        headers.insert(X_REQUEST_ID.clone(), generate());
    } else if headers.get_all(&X_REQUEST_ID).iter().nth(1).is_some()
        && let Some(first) = headers.remove(&X_REQUEST_ID)
    {
        headers.insert(X_REQUEST_ID.clone(), first);
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
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let random = fastrand::u128(..).to_be_bytes();
    let mut id = [0_u8; 32];
    for (pair, byte) in id.chunks_exact_mut(2).zip(random) {
        pair[0] = HEX[usize::from(byte >> 4)];
        pair[1] = HEX[usize::from(byte & 15)];
    }
    HeaderValue::from_bytes(&id).unwrap_or(HeaderValue::from_static("-"))
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
