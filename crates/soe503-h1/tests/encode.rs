//! Heads and chunks as they are written, and read again.

mod common;

use common::LIMITS;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use proptest::prelude::*;
use soe503_h1::{
    BodyLength, CHUNK_END, ConnectionOut, parse_request, parse_response, write_chunk_head,
    write_last_chunk, write_request_head, write_response_head,
};

fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    fields
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect()
}

fn request(method: &Method, target: &str, headers: &HeaderMap, body: BodyLength) -> String {
    let mut out = b"before|".to_vec();
    write_request_head(
        &mut out,
        method,
        &target.parse::<Uri>().unwrap(),
        headers,
        body,
        None,
    );
    String::from_utf8(out)
        .unwrap()
        .strip_prefix("before|")
        .unwrap()
        .to_owned()
}

fn response(
    status: u16,
    headers: &HeaderMap,
    body: BodyLength,
    connection: ConnectionOut,
    date: Option<&[u8]>,
) -> String {
    let mut out = Vec::new();
    write_response_head(
        &mut out,
        StatusCode::from_u16(status).unwrap(),
        headers,
        body,
        connection,
        date,
    );
    String::from_utf8(out).unwrap()
}

#[test]
fn request_lines() {
    for (method, target, line) in [
        (Method::GET, "/", "GET / HTTP/1.1\r\n\r\n"),
        (Method::GET, "/a?b", "GET /a?b HTTP/1.1\r\n\r\n"),
        (Method::GET, "http://a", "GET / HTTP/1.1\r\n\r\n"),
        (Method::GET, "http://a/b?c", "GET /b?c HTTP/1.1\r\n\r\n"),
        (Method::GET, "http://a?c", "GET /?c HTTP/1.1\r\n\r\n"),
        (Method::OPTIONS, "*", "OPTIONS * HTTP/1.1\r\n\r\n"),
    ] {
        assert_eq!(
            request(&method, target, &HeaderMap::new(), BodyLength::None),
            line
        );
    }
}

/// Whatever the map says about framing and the connection, it is not what is written.
#[test]
fn the_map_does_not_frame() {
    let headers = map(&[
        ("host", "a"),
        ("connection", "close"),
        ("transfer-encoding", "chunked"),
        ("content-length", "7"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("upgrade", "h2c"),
        ("x", "y"),
    ]);
    let body = |body| request(&Method::POST, "/", &headers, body);
    let start = "POST / HTTP/1.1\r\nhost: a\r\nx: y\r\n";
    assert_eq!(body(BodyLength::None), format!("{start}\r\n"));
    assert_eq!(
        body(BodyLength::Length(0)),
        format!("{start}content-length: 0\r\n\r\n")
    );
    assert_eq!(
        body(BodyLength::Length(u64::MAX)),
        format!("{start}content-length: 18446744073709551615\r\n\r\n")
    );
    assert_eq!(
        body(BodyLength::Chunked),
        format!("{start}transfer-encoding: chunked\r\n\r\n")
    );
    let body = |body| response(200, &headers, body, ConnectionOut::Omit, None);
    let start = "HTTP/1.1 200 OK\r\nhost: a\r\n";
    let rest = "upgrade: h2c\r\nx: y\r\n";
    assert_eq!(
        body(BodyLength::None),
        format!("{start}content-length: 7\r\n{rest}\r\n")
    );
    assert_eq!(
        body(BodyLength::Length(5)),
        format!("{start}{rest}content-length: 5\r\n\r\n")
    );
    assert_eq!(
        body(BodyLength::Chunked),
        format!("{start}{rest}transfer-encoding: chunked\r\n\r\n")
    );
    assert_eq!(body(BodyLength::UntilClose), format!("{start}{rest}\r\n"));
}

#[test]
fn an_upgrade_is_asked_for() {
    let mut out = Vec::new();
    let value = HeaderValue::from_static("websocket");
    let headers = map(&[("upgrade", "other"), ("host", "a")]);
    let target = Uri::from_static("/");
    write_request_head(
        &mut out,
        &Method::GET,
        &target,
        &headers,
        BodyLength::None,
        Some(&value),
    );
    let expected = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    assert_eq!(str::from_utf8(&out).unwrap(), expected);
    let head = parse_request(&out, &LIMITS).unwrap().unwrap();
    assert!(head.connection.upgrade);
}

#[test]
fn status_lines() {
    let line = |status| {
        response(
            status,
            &HeaderMap::new(),
            BodyLength::UntilClose,
            ConnectionOut::Omit,
            None,
        )
    };
    assert_eq!(line(200), "HTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(line(404), "HTTP/1.1 404 Not Found\r\n\r\n");
    assert_eq!(line(299), "HTTP/1.1 299 \r\n\r\n");
}

#[test]
fn connection_and_date() {
    let none = HeaderMap::new();
    let with = |connection, date| response(200, &none, BodyLength::Length(0), connection, date);
    let head = |fields| format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n");
    assert_eq!(with(ConnectionOut::Omit, None), head(""));
    assert_eq!(
        with(ConnectionOut::Close, None),
        head("connection: close\r\n")
    );
    assert_eq!(
        with(ConnectionOut::KeepAlive, None),
        head("connection: keep-alive\r\n")
    );
    assert_eq!(
        with(ConnectionOut::Omit, Some(b"now")),
        head("date: now\r\n")
    );
    let dated = map(&[("date", "then")]);
    let written = response(
        200,
        &dated,
        BodyLength::Length(0),
        ConnectionOut::Omit,
        Some(b"now"),
    );
    assert_eq!(written, head("date: then\r\n"));
    let upgrade = map(&[("upgrade", "websocket")]);
    assert_eq!(
        response(
            101,
            &upgrade,
            BodyLength::None,
            ConnectionOut::Upgrade,
            None
        ),
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"
    );
}

/// RFC 9110 §8.6 and RFC 9112 §6.1: not in 1xx and 204, whatever is asked for.
#[test]
fn statuses_without_a_body_have_no_length() {
    let headers = map(&[("content-length", "7"), ("x", "y")]);
    for status in [100, 101, 103, 204] {
        for body in [BodyLength::None, BodyLength::Length(5), BodyLength::Chunked] {
            let head = response(status, &headers, body, ConnectionOut::Omit, None);
            assert!(
                !head.contains("length") && !head.contains("encoding"),
                "{status}: {head}"
            );
            assert!(head.contains("x: y"));
        }
    }
    let head = response(304, &headers, BodyLength::None, ConnectionOut::Omit, None);
    assert!(head.contains("content-length: 7\r\n"));
}

#[test]
fn chunks() {
    for (len, expected) in [
        (1, "1\r\n"),
        (15, "f\r\n"),
        (16, "10\r\n"),
        (0xabc, "abc\r\n"),
        (65_536, "10000\r\n"),
        (usize::MAX, "ffffffffffffffff\r\n"),
    ] {
        let mut out = Vec::new();
        write_chunk_head(&mut out, len);
        assert_eq!(str::from_utf8(&out).unwrap(), expected);
    }
    let mut out = Vec::new();
    write_last_chunk(&mut out, None);
    write_last_chunk(
        &mut out,
        Some(&map(&[("x", "y"), ("content-length", "5"), ("host", "a")])),
    );
    assert_eq!(str::from_utf8(&out).unwrap(), "0\r\n\r\n0\r\nx: y\r\n\r\n");
}

/// Names that are no business of the parser, and values that it passes on as they are.
fn fields() -> impl Strategy<Value = Vec<(HeaderName, HeaderValue)>> {
    const NAMES: &[&str] = &[
        "accept",
        "user-agent",
        "cookie",
        "content-type",
        "etag",
        "server",
        "vary",
        "x-a",
        "x-b_c",
        "x.d",
        "x-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789",
    ];
    let name = proptest::sample::select(NAMES);
    // Any byte that a value may hold, but no white space around it.
    let byte = prop_oneof![Just(b'\t'), b' '..=b'~', 0x80..=0xff_u8];
    let value =
        proptest::collection::vec(byte, 0..60).prop_map(|value| value.trim_ascii().to_vec());
    proptest::collection::vec((name, value), 0..20).prop_map(|fields| {
        let field = |(name, value): (&str, Vec<u8>)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_bytes(&value).unwrap())
        };
        fields.into_iter().map(field).collect()
    })
}

fn body() -> impl Strategy<Value = BodyLength> {
    prop_oneof![
        Just(BodyLength::None),
        Just(BodyLength::Chunked),
        (0..=i64::MAX as u64).prop_map(BodyLength::Length),
    ]
}

fn without_length(mut headers: HeaderMap) -> HeaderMap {
    headers.remove("content-length");
    headers
}

const WIDE: soe503_h1::HeadLimits = soe503_h1::HeadLimits {
    max_bytes: 1 << 20,
    max_headers: 100,
    max_target: 1 << 15,
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_request_that_was_written_is_read_again(
        method in proptest::sample::select(&["GET", "POST", "QUERY", "M-SEARCH", "A-METHOD-OF-ONES-OWN"][..]),
        target in proptest::sample::select(&["/", "/a/b%20c", "/?", "/a?b=c&d", "/~e/"][..]),
        fields in fields(),
        body in body(),
    ) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let target: Uri = target.parse().unwrap();
        let mut headers: HeaderMap = fields.into_iter().collect();
        headers.insert("host", HeaderValue::from_static("a.example"));
        let mut out = Vec::new();
        write_request_head(&mut out, &method, &target, &headers, body, None);
        let head = parse_request(&out, &WIDE).unwrap().unwrap();
        prop_assert_eq!(head.len, out.len());
        prop_assert_eq!(head.parts.method, method);
        prop_assert_eq!(head.parts.uri, target);
        prop_assert_eq!(head.body, body);
        prop_assert!(head.connection.keep_alive);
        prop_assert_eq!(without_length(head.parts.headers), headers);
    }

    #[test]
    fn a_response_that_was_written_is_read_again(
        status in 200..=599_u16,
        fields in fields(),
        body in body(),
    ) {
        prop_assume!(status != 204 && status != 304 && body != BodyLength::None);
        let status = StatusCode::from_u16(status).unwrap();
        let headers: HeaderMap = fields.into_iter().collect();
        let mut out = Vec::new();
        write_response_head(&mut out, status, &headers, body, ConnectionOut::Close, None);
        let head = parse_response(&out, &WIDE, &Method::GET).unwrap().unwrap();
        prop_assert_eq!(head.len, out.len());
        prop_assert_eq!(head.parts.status, status);
        prop_assert_eq!(head.body, body);
        prop_assert!(!head.connection.keep_alive);
        prop_assert_eq!(without_length(head.parts.headers), headers);
    }

    #[test]
    fn a_body_that_was_written_is_read_again(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 0..20),
        piece in 1..400_usize,
        fields in fields(),
    ) {
        let mut out = Vec::new();
        for chunk in &chunks {
            write_chunk_head(&mut out, chunk.len());
            out.extend_from_slice(chunk);
            out.extend_from_slice(CHUNK_END);
        }
        let trailers: HeaderMap = fields
            .into_iter()
            .filter(|(name, _)| name != "cookie" && name != "content-type")
            .take(60)
            .collect();
        write_last_chunk(&mut out, Some(&trailers));
        let decoded = common::decode(BodyLength::Chunked, out.chunks(piece));
        prop_assert_eq!(decoded.end, Some(Ok(0)));
        prop_assert_eq!(decoded.data, chunks.concat());
        prop_assert_eq!(decoded.trailers.unwrap_or_default(), trailers);
    }
}
