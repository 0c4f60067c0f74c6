//! HTTP/1 or HTTP/2 with prior knowledge? The first bytes tell.

/// What every HTTP/2 connection begins with (RFC 9113 §3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Whether a connection that begins with `bytes` speaks HTTP/2: `None` if not, else whether the
/// preface is complete.
pub(crate) fn preface(bytes: &[u8]) -> Option<bool> {
    if bytes.len() >= PREFACE.len() {
        return bytes.starts_with(PREFACE).then_some(true);
    }
    (!bytes.is_empty() && PREFACE.starts_with(bytes)).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_by_the_first_bytes() {
        let mut more = PREFACE.to_vec();
        more.extend_from_slice(&[0, 0, 0, 4, 0]);
        for (bytes, expected) in [
            (&PREFACE[..], Some(true)),
            (&more, Some(true)),
            (&PREFACE[..3], Some(false)),
            (&PREFACE[..23], Some(false)),
            (b"P", Some(false)),
            (b"PUT", None),
            (b"PRI * HTTP/1.1\r\n", None),
            (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", None),
            (b"\x16\x03\x01", None),
            (b"", None),
        ] {
            assert_eq!(preface(bytes), expected, "{bytes:?}");
        }
    }
}
