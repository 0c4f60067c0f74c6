//! Requests whose length can be read in two ways.

use http::header::TRANSFER_ENCODING;
use pingora::proxy::Session;

/// Says no to a request with both `Content-Length` and `Transfer-Encoding`.
pub(crate) const BOTH_LENGTHS: &str = "The request has both Content-Length and Transfer-Encoding, which two servers could read differently.";

/// Whether the request came with both. Pingora drops the length and goes on (RFC 9112 §6.3 permits that), so it is the
/// head as it came that tells.
pub(crate) fn has_both_lengths(session: &Session) -> bool {
    if !session.req_header().headers.contains_key(TRANSFER_ENCODING) {
        return false;
    }
    session
        .as_downstream()
        .as_http1()
        .is_some_and(|http1| names_length(&http1.get_headers_raw_bytes()))
}

/// Whether a head, as bytes, has a field `Content-Length`. A name with a space behind it counts.
fn names_length(head: &[u8]) -> bool {
    head.split(|&byte| byte == b'\n').skip(1).any(|line| {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            return false;
        };
        line[..colon]
            .trim_ascii()
            .eq_ignore_ascii_case(b"content-length")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_by_any_spelling() {
        let rows: [(&[u8], bool); 6] = [
            (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", true),
            (
                b"POST / HTTP/1.1\r\nHost: a\r\ncontent-LENGTH:5\r\n\r\n",
                true,
            ),
            (b"POST / HTTP/1.1\nContent-Length : 5\n\n", true),
            (b"POST /Content-Length: HTTP/1.1\r\nHost: a\r\n\r\n", false),
            (b"POST / HTTP/1.1\r\nX-Content-Length: 5\r\n\r\n", false),
            (b"POST / HTTP/1.1\r\nX: Content-Length: 5\r\n\r\n", false),
        ];
        for (head, names) in rows {
            assert_eq!(names_length(head), names, "{}", head.escape_ascii());
        }
    }
}
