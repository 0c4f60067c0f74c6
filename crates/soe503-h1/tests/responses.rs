//! Responses of backends: how their bodies end, and what is no response.

mod common;

use common::LIMITS;
use http::{Method, Version};
use soe503_h1::{BodyLength, HeadLimits, ResponseFault, parse_response};

use BodyLength::{Chunked, Length, None as NoBody, UntilClose};

/// The rules of RFC 9112 §6.3 by their number: the method, the head, the body, and the content length
/// that stays among the headers.
#[rustfmt::skip]
const BODIES: &[(&str, Method, &str, BodyLength, Option<&str>)] = &[
    ("1: HEAD", Method::HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 5", NoBody, Some("5")),
    ("1: HEAD, chunked", Method::HEAD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", NoBody, None),
    ("1: HEAD, nothing said", Method::HEAD, "HTTP/1.1 200 OK", NoBody, None),
    ("1: 100", Method::POST, "HTTP/1.1 100 Continue\r\nContent-Length: 5", NoBody, None),
    ("1: 101", Method::GET, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade", NoBody, None),
    ("1: 103, chunked", Method::GET, "HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked", NoBody, None),
    ("1: 204", Method::GET, "HTTP/1.1 204 No Content\r\nContent-Length: 5", NoBody, None),
    ("1: 204, chunked", Method::GET, "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked", NoBody, None),
    ("1: 304", Method::GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5", NoBody, Some("5")),
    ("1: 304, chunked", Method::GET, "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked", NoBody, None),
    ("2: CONNECT", Method::CONNECT, "HTTP/1.1 200 OK\r\nContent-Length: 5", NoBody, None),
    ("2: CONNECT, refused", Method::CONNECT, "HTTP/1.1 403 Forbidden\r\nContent-Length: 5", Length(5), Some("5")),
    ("4: chunked", Method::GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked", Chunked, None),
    ("5: equal lengths are one", Method::GET, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5", Length(5), Some("5")),
    ("5: equal lengths in a list", Method::GET, "HTTP/1.1 200 OK\r\nContent-Length: 5 , 5", Length(5), Some("5")),
    ("5: equal lengths in both", Method::GET, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5,5", Length(5), Some("5")),
    ("6: a length", Method::GET, "HTTP/1.1 200 OK\r\nContent-Length: 5", Length(5), Some("5")),
    ("6: a length of 0", Method::GET, "HTTP/1.1 200 OK\r\nContent-Length: 0", Length(0), Some("0")),
    ("6: a length on 1.0", Method::GET, "HTTP/1.0 200 OK\r\nContent-Length: 5", Length(5), Some("5")),
    ("6: an error to HEAD's sibling", Method::GET, "HTTP/1.1 500 Oops\r\nContent-Length: 5", Length(5), Some("5")),
    ("8: nothing said", Method::GET, "HTTP/1.1 200 OK", UntilClose, None),
    ("8: nothing said on 1.0", Method::POST, "HTTP/1.0 200 OK", UntilClose, None),
    ("8: nothing said, 205", Method::GET, "HTTP/1.1 205 Reset Content", UntilClose, None),
];

#[test]
fn bodies_end_as_rfc_9112_says() {
    for (name, method, head, body, length) in BODIES {
        let bytes = format!("{head}\r\n\r\nrest").into_bytes();
        let head = parse_response(&bytes, &LIMITS, method)
            .unwrap()
            .expect(name);
        assert_eq!(head.body, *body, "{name}");
        assert_eq!(&bytes[head.len..], b"rest", "{name}");
        let lengths: Vec<_> = head
            .parts
            .headers
            .get_all("content-length")
            .iter()
            .collect();
        assert_eq!(lengths, length.iter().collect::<Vec<_>>(), "{name}");
        assert!(
            !head.parts.headers.contains_key("transfer-encoding"),
            "{name}"
        );
        assert!(!head.parts.headers.contains_key("connection"), "{name}");
    }
}

#[rustfmt::skip]
const FAULTS: &[(&str, &[u8], ResponseFault)] = &[
    ("a greeting", b"SSH-2.0-OpenSSH_9\r\n", ResponseFault::NotHttp),
    ("half a greeting", b"220 ", ResponseFault::NotHttp),
    ("HTML", b"<html>", ResponseFault::NotHttp),
    ("ICY", b"ICY 200 OK\r\n\r\n", ResponseFault::NotHttp),
    ("an empty line before", b"\r\nHTTP/1.1 200 OK\r\n\r\n", ResponseFault::NotHttp),
    ("a chunk's end before", b"0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", ResponseFault::NotHttp),
    ("small letters", b"http/1.1 200 OK\r\n\r\n", ResponseFault::NotHttp),
    ("no status", b"HTTP/1.1\r\n\r\n", ResponseFault::NotHttp),
    ("a status of two digits", b"HTTP/1.1 20\r\n\r\n", ResponseFault::NotHttp),
    ("a status of four digits", b"HTTP/1.1 2000 OK\r\n\r\n", ResponseFault::NotHttp),
    ("a status below 100", b"HTTP/1.1 099 OK\r\n\r\n", ResponseFault::NotHttp),
    ("a status with a sign", b"HTTP/1.1 +20 OK\r\n\r\n", ResponseFault::NotHttp),
    ("two spaces before the status", b"HTTP/1.1  200 OK\r\n\r\n", ResponseFault::NotHttp),
    ("a tab before the reason", b"HTTP/1.1 200\tOK\r\n\r\n", ResponseFault::NotHttp),
    ("NUL in the reason", b"HTTP/1.1 200 O\0K\r\n\r\n", ResponseFault::NotHttp),
    ("a bare CR in the reason", b"HTTP/1.1 200 OK\rX: y\r\n\r\n", ResponseFault::NotHttp),
    ("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x46", ResponseFault::TlsRecord),
    ("a TLS handshake", b"\x16\x03\x03", ResponseFault::TlsRecord),
    ("HTTP/2.0 in a status line", b"HTTP/2.0 200 OK\r\n\r\n", ResponseFault::Version),
    ("HTTP/2 without minor", b"HTTP/2 200\r\n\r\n", ResponseFault::Version),
    ("HTTP/1.2", b"HTTP/1.2 200 OK\r\n\r\n", ResponseFault::Version),
    ("HTTP/0.9", b"HTTP/0.9 200 OK\r\n\r\n", ResponseFault::Version),
    ("SETTINGS of HTTP/2", b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64", ResponseFault::Version),
    ("another frame", b"\0\0\x12\x05\0\0\0\0\0\0\x03\0\0\0\x64", ResponseFault::NotHttp),
    ("RFC 9112 §5.2: a folded line", b"HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n", ResponseFault::InvalidHeader),
    ("RFC 9112 §5.1: a space before the colon", b"HTTP/1.1 200 OK\r\nX : y\r\n\r\n", ResponseFault::InvalidHeader),
    ("no colon", b"HTTP/1.1 200 OK\r\nX\r\n\r\n", ResponseFault::InvalidHeader),
    ("NUL", b"HTTP/1.1 200 OK\r\nX: \0\r\n\r\n", ResponseFault::InvalidHeader),
    ("a bare CR", b"HTTP/1.1 200 OK\r\nX: y\rSet-Cookie: z\r\n\r\n", ResponseFault::InvalidHeader),
    ("RFC 9112 §6.3: a length and a coding", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", ResponseFault::Length),
    ("RFC 9112 §6.3: different lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", ResponseFault::Length),
    ("RFC 9112 §6.3: different lengths in a list", b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n", ResponseFault::Length),
    ("RFC 9112 §6.3: a list with an empty element", b"HTTP/1.1 200 OK\r\nContent-Length: 5,\r\n\r\n", ResponseFault::Length),
    ("RFC 9112 §6.3: a length that is none", b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n", ResponseFault::Length),
    ("RFC 9112 §6.3: a length that is none, 204", b"HTTP/1.1 204 OK\r\nContent-Length: -1\r\n\r\n", ResponseFault::Length),
    ("RFC 9112 §6.3: another coding", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", ResponseFault::Length),
    ("RFC 9112 §6.3: no chunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", ResponseFault::Length),
    ("RFC 9112 §6.1: a coding on 1.0", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ResponseFault::Length),
];

#[test]
fn each_fault_is_found() {
    for (name, bytes, expected) in FAULTS {
        let fault = parse_response(bytes, &LIMITS, &Method::GET)
            .map(|_| ())
            .expect_err(name);
        assert_eq!(fault, *expected, "{name}");
        let detail = fault.detail();
        assert!(
            detail.ends_with('.') && detail.lines().count() == 1,
            "{detail}"
        );
    }
}

#[test]
fn the_outcome_does_not_depend_on_where_the_bytes_were_cut() {
    let heads = BODIES
        .iter()
        .map(|(_, method, head, ..)| (method, format!("{head}\r\n\r\n").into_bytes()));
    let faults = FAULTS
        .iter()
        .map(|(_, bytes, _)| (&Method::GET, bytes.to_vec()));
    for (method, bytes) in heads.chain(faults) {
        let whole = common::response_in_pieces(&bytes, [], &LIMITS, method);
        for cut in 0..bytes.len() {
            let pieces = common::response_in_pieces(&bytes, [cut], &LIMITS, method);
            assert_eq!(pieces, whole, "{} cut at {cut}", bytes.escape_ascii());
        }
        let single = common::response_in_pieces(&bytes, 0..bytes.len(), &LIMITS, method);
        assert_eq!(single, whole, "{} byte by byte", bytes.escape_ascii());
    }
}

#[test]
fn status_lines() {
    for (line, version, status) in [
        ("HTTP/1.1 200 OK", Version::HTTP_11, 200),
        ("HTTP/1.0 404 Not Found", Version::HTTP_10, 404),
        ("HTTP/1.1 200 ", Version::HTTP_11, 200),
        ("HTTP/1.1 200", Version::HTTP_11, 200),
        ("HTTP/1.1 299 Caf\u{e9}\tand so on", Version::HTTP_11, 299),
        ("HTTP/1.1 999 x", Version::HTTP_11, 999),
    ] {
        for end in ["\r\n", "\n"] {
            let bytes = format!("{line}{end}Server: x{end}{end}");
            let head = parse_response(bytes.as_bytes(), &LIMITS, &Method::GET)
                .unwrap()
                .unwrap();
            assert_eq!(
                (head.parts.version, head.parts.status.as_u16()),
                (version, status),
                "{line}"
            );
            assert_eq!(head.parts.headers["server"], "x");
            assert_eq!(head.len, bytes.len());
        }
    }
}

#[test]
fn limits_hold_before_the_end_is_there() {
    let limits = HeadLimits {
        max_bytes: 300,
        max_headers: 10,
        max_target: 0,
    };
    let fault = |bytes: &str| {
        parse_response(bytes.as_bytes(), &limits, &Method::GET)
            .map(|_| ())
            .unwrap_err()
    };
    let line = "HTTP/1.1 200 OK\r\n";
    assert_eq!(
        fault(&format!("{line}a:{}", "x".repeat(300))),
        ResponseFault::HeadersTooLarge
    );
    assert_eq!(
        fault(&format!("{line}{}", "a:\r\n".repeat(11))),
        ResponseFault::TooManyHeaders
    );
    assert_eq!(
        fault(&format!("HTTP/1.1 200 {}", "x".repeat(300))),
        ResponseFault::HeadersTooLarge
    );
    let ten = format!("{line}{}\r\n", "a:\r\n".repeat(10));
    assert_eq!(
        parse_response(ten.as_bytes(), &limits, &Method::GET)
            .unwrap()
            .unwrap()
            .len,
        ten.len()
    );
}
