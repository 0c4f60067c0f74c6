//! Answers that are passed on: the same as with a map, without one.

mod common;

use common::LIMITS;
use http::Method;
use proptest::prelude::*;
use soe503_h1::{
    BodyLength, ConnectionOut, ResponseFault, ResponseHead, Written, parse_plain_response,
    parse_response, write_plain_response_head, write_response_head,
};

fn plain(bytes: &[u8], to: &Method) -> (Result<Option<ResponseHead>, ResponseFault>, String) {
    let mut out = b"before".to_vec();
    let head = parse_plain_response(bytes, &LIMITS, to, &mut out);
    assert!(out.starts_with(b"before"));
    (head, String::from_utf8_lossy(&out[6..]).into_owned())
}

#[test]
fn what_is_written_is_checked_and_in_one_form() {
    let head = "HTTP/1.1 200 OK\r\nSERVER:x\nX-Own:  \t a  b\t\r\nDate: today\r\n\
        Content-Length: 3\r\nConnection: keep-alive\r\nSet-Cookie: a\r\nX-own:\r\nSet-Cookie: b\r\n\r\n";
    let (parsed, lines) = plain(head.as_bytes(), &Method::GET);
    let parsed = parsed.unwrap().unwrap();
    assert!(parsed.written.is_some_and(|written| written.dated));
    assert!(parsed.parts.headers.is_empty());
    assert_eq!(parsed.body, BodyLength::Length(3));
    assert!(parsed.connection.keep_alive);
    assert_eq!(parsed.len, head.len());
    let expected =
        "server: x\r\nx-own: a  b\r\ndate: today\r\nset-cookie: a\r\nx-own: \r\nset-cookie: b\r\n";
    assert_eq!(lines, expected);
}

/// Fields that somebody has to look at, and what they make of an answer.
#[rustfmt::skip]
const UNDERSTOOD: &[&str] = &[
    "HTTP/1.1 500 Oops\r\nContent-Length: 1\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: x-own\r\nX-Own: 1\r\nContent-Length: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX-Own: 1\r\nConnection: close, X-Own\r\nContent-Length: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTrailer: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: application/grpc+proto\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
    "HTTP/1.1 200 OK\r\nSoe-Anything: 1\r\nContent-Length: 5\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-ERROR-CODE: SOE-503\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx-soe-degraded: stale\r\nContent-Length: 5\r\n\r\n",
];

#[test]
fn what_must_be_understood_goes_into_the_map() {
    for head in UNDERSTOOD {
        let (parsed, lines) = plain(head.as_bytes(), &Method::GET);
        let parsed = parsed.unwrap().expect(head);
        assert_eq!((parsed.written, lines.as_str()), (None, ""), "{head}");
        let by_map = parse_response(head.as_bytes(), &LIMITS, &Method::GET);
        let by_map = by_map.unwrap().unwrap();
        assert_eq!(parsed.parts.headers, by_map.parts.headers, "{head}");
    }
    let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let (parsed, _) = plain(ok, &Method::HEAD);
    assert_eq!(parsed.unwrap().unwrap().written, None, "to HEAD");
}

#[test]
fn what_explains_a_failure_is_pointed_out() {
    for (field, expected) in [
        ("Soe-Cause: overload/queue_full", true),
        ("SOE-ATTEMPTS: 3", true),
        ("x-error-code: SOE-503", true),
        ("X-Soe-Degraded: stale", true),
        ("X-Error-Codes: 1", false),
        ("X-Soe: 1", false),
        ("Soe: 1", false),
        ("Proxy-Status: a", false),
    ] {
        for status in ["200", "503"] {
            let head = format!("HTTP/1.1 {status} x\r\n{field}\r\nContent-Length: 1\r\n\r\n");
            let (parsed, _) = plain(head.as_bytes(), &Method::GET);
            assert_eq!(parsed.unwrap().unwrap().explains, expected, "{head}");
        }
    }
}

#[test]
fn an_incomplete_head_writes_nothing() {
    let head = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 1\r\n\r\n";
    for end in 0..head.len() {
        let (parsed, lines) = plain(&head[..end], &Method::GET);
        assert!(matches!(parsed, Ok(None)), "{end}: {parsed:?}");
        assert_eq!(lines, "", "{end}");
    }
}

fn name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "Server",
        "DATE",
        "content-type",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "keep-alive",
        "set-cookie",
        "Host",
        "Expect",
        "ETag",
        "Soe-Cause",
    ]);
    prop_oneof![
        4 => known.prop_map(str::to_owned),
        2 => "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}",
        1 => "[ -~]{0,8}",
        1 => Just("x\u{7f}".to_owned()),
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ -~\t]{0,24}",
        2 => prop::sample::select(vec!["5", "05", "chunked", "keep-alive", "close", "upgrade", "x-a, close", "gzip", "application/grpc"])
            .prop_map(str::to_owned),
        1 => "[\u{0}-\u{ff}]{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nothing_is_taken_that_a_map_would_not_take_and_nothing_changes(
        fields in prop::collection::vec((name(), value(), prop::sample::select(vec!["\r\n", "\n"])), 0..8),
        version in prop::sample::select(vec!["1.1", "1.0"]),
        status in prop::sample::select(vec![200_u16, 206, 404]),
    ) {
        let mut head = format!("HTTP/{version} {status} X\r\n");
        for (name, value, end) in &fields {
            head.push_str(&format!("{name}: {value}{end}"));
        }
        head.push_str("\r\n");
        let by_map = parse_response(head.as_bytes(), &LIMITS, &Method::GET);
        let (parsed, lines) = plain(head.as_bytes(), &Method::GET);
        let (by_map, parsed) = match (by_map, parsed) {
            (Ok(Some(by_map)), Ok(Some(parsed))) => (by_map, parsed),
            (by_map, parsed) => {
                prop_assert_eq!(format!("{by_map:?}"), format!("{parsed:?}"));
                return Ok(());
            }
        };
        prop_assert_eq!(by_map.body, parsed.body);
        prop_assert_eq!(by_map.len, parsed.len);
        prop_assert_eq!(by_map.connection.keep_alive, parsed.connection.keep_alive);
        if let Some(written) = parsed.written {
            prop_assert_eq!(
                sorted(&with_map(&by_map)),
                sorted(&with_lines(&parsed, &lines, written))
            );
        }
    }
}

fn with_map(head: &ResponseHead) -> Vec<u8> {
    let mut out = Vec::new();
    let (status, headers) = (head.parts.status, &head.parts.headers);
    let date = Some(&b"now"[..]);
    write_response_head(
        &mut out,
        status,
        headers,
        head.body,
        ConnectionOut::Omit,
        date,
    );
    out
}

fn with_lines(head: &ResponseHead, lines: &str, written: Written) -> Vec<u8> {
    let mut out = Vec::new();
    let (status, lines) = (head.parts.status, lines.as_bytes());
    write_plain_response_head(
        &mut out,
        status,
        lines,
        written,
        head.body,
        ConnectionOut::Omit,
        b"now",
    );
    out
}

/// A map groups fields of one name; between those of different names the order means nothing.
fn sorted(head: &[u8]) -> Vec<String> {
    let head = String::from_utf8_lossy(head).into_owned();
    let mut lines: Vec<_> = head.split("\r\n").map(str::to_owned).collect();
    lines.sort_by(|a, b| a.split(':').next().cmp(&b.split(':').next()));
    lines
}
