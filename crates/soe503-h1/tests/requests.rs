//! Every refusal, and what a head that is taken becomes.

mod common;

use common::{LIMITS, request};
use http::{Method, StatusCode, Version};
use soe503_h1::{BodyLength, HeadLimits, Refusal, parse_request};

#[rustfmt::skip]
const REFUSALS: &[(&str, &[u8], Refusal, u16)] = &[
    ("a TLS record", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", Refusal::TlsRecord, 400),
    ("RFC 9112 §3: no space", b"GET\r\n\r\n", Refusal::RequestLine, 400),
    ("RFC 9112 §3: no target", b"GET HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Version, 505),
    ("RFC 9112 §3: an empty target", b"GET  HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::RequestLine, 400),
    ("RFC 9112 §3: no version, but something", b"GET / FTP/1.1\r\nHost: a\r\n\r\n", Refusal::RequestLine, 400),
    ("RFC 9112 §2.2: empty lines without end", b"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n", Refusal::RequestLine, 400),
    ("RFC 9110 §9.1: a method with a brace", b"G{T / HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Method, 400),
    ("RFC 9110 §9.1: a method with a colon", b"GET: / HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Method, 400),
    ("RFC 9110 §9.1: a method with a high byte", b"G\xcbT / HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Method, 400),
    ("RFC 9110 §9.1: a long method with a brace", b"ABCDEFGHIJKLMNOPQRSTU{ / HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Method, 400),
    ("RFC 9112 §3.2: a fragment", b"GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2: a fragment behind a query", b"GET /?q#a HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2: a fragment in absolute form", b"GET http://a/#b HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2: a control character", b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2: DEL", b"GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2: a tab", b"GET /\t HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2: UTF-8", b"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2: a byte that is no UTF-8", b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2: an angle bracket", b"GET /<a> HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2.1: a path without a slash", b"GET a/b HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2.1: a query alone", b"GET ?q HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2.3: authority form with GET", b"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2.3: CONNECT without a port", b"CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2.3: CONNECT with a user", b"CONNECT u@a:80 HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2.3: CONNECT with a path", b"CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2.3: CONNECT in absolute form", b"CONNECT http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2.4: asterisk form with GET", b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9112 §3.2.2: another scheme", b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9110 §4.2.1: no host", b"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9110 §4.2.4: a user", b"GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 3986 §3.2.3: a port out of range", b"GET http://a:65536/ HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Target, 400),
    ("RFC 9110 §15.6.6: HTTP/2.0", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", Refusal::Version, 505),
    ("RFC 9113 §3.4: the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Refusal::Version, 505),
    ("RFC 9110 §15.6.6: HTTP/1.2", b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", Refusal::Version, 505),
    ("RFC 9110 §15.6.6: HTTP/0.9", b"GET / HTTP/0.9\r\nHost: a\r\n\r\n", Refusal::Version, 505),
    ("RFC 1945 §4.1: the simple request", b"GET /\r\n", Refusal::Version, 505),
    ("RFC 9112 §5.1: a space before the colon", b"GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", Refusal::HeaderName, 400),
    ("RFC 9112 §5.1: no name", b"GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n", Refusal::HeaderName, 400),
    ("RFC 9112 §5: no colon", b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", Refusal::HeaderName, 400),
    ("RFC 9110 §5.6.2: a name with a brace", b"GET / HTTP/1.1\r\nHost: a\r\nX{}: y\r\n\r\n", Refusal::HeaderName, 400),
    ("RFC 9110 §5.5: NUL", b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", Refusal::HeaderValue, 400),
    ("RFC 9110 §5.5: a bare CR", b"GET / HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n", Refusal::HeaderValue, 400),
    ("RFC 9110 §5.5: a control character", b"GET / HTTP/1.1\r\nHost: a\r\nX: \x1b[31m\r\n\r\n", Refusal::HeaderValue, 400),
    ("RFC 9112 §5.2: a folded line", b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", Refusal::ObsFold, 400),
    ("RFC 9112 §2.2: white space first", b"GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", Refusal::ObsFold, 400),
    ("RFC 9112 §6.3: a length with a sign", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", Refusal::ContentLength, 400),
    ("RFC 9110 §8.6: a length twice", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", Refusal::ContentLengthRepeated, 400),
    ("RFC 9112 §6.3: a length and a coding", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", Refusal::LengthAndCoding, 400),
    ("RFC 9112 §6.1: a coding on 1.0", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", Refusal::CodingOnHttp10, 400),
    ("RFC 9112 §6.3: chunked not last", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, deflate\r\n\r\n", Refusal::Coding, 400),
    ("RFC 9112 §6.1: another coding", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: deflate, chunked\r\n\r\n", Refusal::CodingUnsupported, 501),
    ("RFC 9112 §6.3: two fields of coding", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", Refusal::CodingRepeated, 400),
    ("RFC 9112 §3.2: no Host", b"GET / HTTP/1.1\r\nX: y\r\n\r\n", Refusal::HostMissing, 400),
    ("RFC 9112 §3.2: no Host, absolute form", b"GET http://a/ HTTP/1.1\r\n\r\n", Refusal::HostMissing, 400),
    ("RFC 9112 §3.2: two Hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Refusal::HostRepeated, 400),
    ("RFC 9112 §3.2: two Hosts on 1.0", b"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", Refusal::HostRepeated, 400),
    ("RFC 9110 §4.2.1: an empty Host", b"GET / HTTP/1.1\r\nHost:\r\n\r\n", Refusal::Host, 400),
    ("RFC 9112 §3.2: Host with a scheme", b"GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", Refusal::Host, 400),
];

#[test]
fn each_refusal_has_its_status() {
    for (name, bytes, expected, status) in REFUSALS {
        let refusal = parse_request(bytes, &LIMITS).map(|_| ()).expect_err(name);
        assert_eq!(refusal, *expected, "{name}");
        assert_eq!(
            refusal.status(),
            StatusCode::from_u16(*status).unwrap(),
            "{name}"
        );
        let detail = refusal.detail();
        assert!(
            detail.ends_with('.') && detail.lines().count() == 1,
            "{detail}"
        );
    }
}

/// `Host` as RFC 9112 §3.2 and RFC 3986 §3.2.2 have it, with the exceptions that the parser names.
#[test]
fn hosts() {
    const GOOD: &[&str] = &[
        "a",
        "A.example",
        "a:",
        "a:80",
        "a:65535",
        "a_b.c-d~e",
        "127.0.0.1:8080",
        "[::1]",
        "[::1]:443",
        "[2001:db8::1]",
        "a%41",
        "a!b",
        "xn--bcher-kva.example.",
        "a;b=c",
    ];
    const BAD: &[&str] = &[
        "", ":80", "a:b", "a:65536", "a:123456", "a:-1", "a:80:80", "a b", "a/b", "a?b", "a#b",
        "u@a", "a\\b", "a,b", "[::1", "::1", "[::1]x", "[::1]:x", "[]", "[1]", "[v1.a]", "a%4",
        "a%zz", "a\"", "<a>", "\u{e4}", "[::1]]", "a[::1]", "a\tb",
    ];
    let head = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes();
    for host in GOOD {
        let bytes = head(host);
        let (head, _) = request(&bytes).unwrap_or_else(|_| panic!("{host}"));
        assert_eq!(head.parts.headers["host"], host);
    }
    for host in BAD {
        assert_eq!(
            request(&head(host)).map(|_| ()).unwrap_err(),
            Refusal::Host,
            "{host}"
        );
    }
}

#[test]
fn forms_of_the_target() {
    for (line, uri) in [
        ("GET /", "/"),
        ("GET /a/b?c=d&e", "/a/b?c=d&e"),
        ("GET //a/b", "//a/b"),
        ("GET /{a}|\"b\"?'", "/{a}|\"b\"?'"),
        ("GET http://b.example/x?y", "http://b.example/x?y"),
        ("GET HTTPS://b.example:8443", "https://b.example:8443/"),
        ("OPTIONS *", "*"),
        ("OPTIONS http://b.example:80", "http://b.example:80*"),
        ("OPTIONS http://b.example/", "http://b.example/"),
        ("CONNECT b.example:443", "b.example:443"),
    ] {
        let bytes = format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes();
        let (head, _) = request(&bytes).unwrap_or_else(|refusal| panic!("{line}: {refusal:?}"));
        assert_eq!(head.parts.uri.to_string(), uri, "{line}");
    }
}

#[test]
fn a_head_becomes_parts() {
    let bytes = b"\r\nPATCH /a?b HTTP/1.1\r\nHost: a.example\r\nX-Two: 1\r\nx-two:  2 \r\n\
        Content-Length: 3\r\nEXPECT: 100-Continue\r\nX-Empty:\r\nX-High: \xe4\tx\r\n\r\nabcrest";
    let (head, rest) = request(bytes).unwrap();
    assert_eq!(head.parts.method, Method::PATCH);
    assert_eq!(head.parts.uri, "/a?b");
    assert_eq!(head.parts.version, Version::HTTP_11);
    assert_eq!(head.body, BodyLength::Length(3));
    assert!(head.expect_continue);
    assert_eq!(rest, b"abcrest");
    let headers: Vec<_> = head
        .parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    assert_eq!(
        headers,
        [
            ("host", &b"a.example"[..]),
            ("x-two", b"1"),
            ("x-two", b"2"),
            ("content-length", b"3"),
            ("expect", b"100-Continue"),
            ("x-empty", b""),
            ("x-high", b"\xe4\tx"),
        ]
    );
}

#[test]
fn a_method_of_ones_own() {
    for method in [
        "get",
        "M-SEARCH",
        "A",
        "VERSION-CONTROL-AND-MORE-THAN-THAT",
        "!#$%&'*+-.^_`|~",
    ] {
        let bytes = format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes();
        assert_eq!(request(&bytes).unwrap().0.parts.method.as_str(), method);
    }
}

/// RFC 9110 §10.1.1: no more than the one expectation, and not in HTTP/1.0.
#[test]
fn expectations() {
    for (line, expected) in [
        ("1.1\r\nExpect: 100-continue", true),
        ("1.0\r\nExpect: 100-continue", false),
        ("1.1\r\nExpect: 200-ok", false),
        ("1.1\r\nX: 100-continue", false),
    ] {
        let bytes = format!("PUT / HTTP/{line}\r\nHost: a\r\n\r\n").into_bytes();
        assert_eq!(
            request(&bytes).unwrap().0.expect_continue,
            expected,
            "{line}"
        );
    }
}

/// The shortest head whose target is `target` bytes, with `fields` fields, filled up to `bytes`.
fn head(target: usize, fields: usize, bytes: usize) -> Vec<u8> {
    let mut head = format!("GET /{} HTTP/1.1\r\nHost: a\r\n", "a".repeat(target - 1));
    for _ in 2..fields {
        head.push_str("a:\r\n");
    }
    let fill = bytes.saturating_sub(head.len() + "b:\r\n\r\n".len());
    head.push_str(&format!("b:{}\r\n\r\n", "b".repeat(fill)));
    head.into_bytes()
}

#[test]
fn limits_hold_to_the_byte() {
    let limits = HeadLimits {
        max_bytes: 600,
        max_headers: 80,
        max_target: 50,
    };
    for (name, bytes, expected) in [
        ("all at the limit", head(50, 80, 600), None),
        (
            "a byte more",
            head(50, 80, 601),
            Some(Refusal::HeadTooLarge),
        ),
        (
            "a field more",
            head(50, 81, 600),
            Some(Refusal::TooManyHeaders),
        ),
        (
            "a longer target",
            head(51, 80, 600),
            Some(Refusal::TargetTooLong),
        ),
    ] {
        let whole = parse_request(&bytes, &limits);
        match expected {
            None => assert_eq!(whole.unwrap().unwrap().len, 600, "{name}"),
            Some(refusal) => assert_eq!(whole.map(|_| ()).unwrap_err(), refusal, "{name}"),
        }
        let pieces = common::request_in_pieces(&bytes, 0..bytes.len(), &limits);
        assert_eq!(
            pieces,
            common::request_in_pieces(&bytes, [], &limits),
            "{name}, in pieces"
        );
    }
}

/// Nothing is waited for that could not be taken.
#[test]
fn limits_hold_before_the_end_is_there() {
    let limits = HeadLimits {
        max_bytes: 600,
        max_headers: 10,
        max_target: 50,
    };
    let refusal = |bytes: &[u8]| parse_request(bytes, &limits).map(|_| ()).unwrap_err();
    let line = "GET / HTTP/1.1\r\n";
    assert_eq!(
        refusal(format!("{line}a:{}", "x".repeat(600)).as_bytes()),
        Refusal::HeadTooLarge
    );
    assert_eq!(
        refusal(format!("{line}{}", "a:\r\n".repeat(11)).as_bytes()),
        Refusal::TooManyHeaders
    );
    assert_eq!(
        refusal(format!("GET /{}", "x".repeat(50)).as_bytes()),
        Refusal::TargetTooLong
    );
    assert_eq!(refusal("M".repeat(600).as_bytes()), Refusal::HeadTooLarge);
    assert_eq!(refusal(b"\x16\x03"), Refusal::TlsRecord);
    assert_eq!(refusal(b"SSH-2.0-x@"), Refusal::Method);
    assert_eq!(refusal(b"GET / HTTP/3.0\r\n"), Refusal::Version);
    for open in [
        &b""[..],
        b"\r",
        b"\x16",
        b"GET",
        b"GET\r",
        b"GET /",
        b"GET / HTTP/1.1\r\n",
    ] {
        assert!(parse_request(open, &limits).unwrap().is_none(), "{open:?}");
    }
}

/// More fields than fit on the stack, up to what a header map holds.
#[test]
fn many_fields() {
    let limits = HeadLimits {
        max_bytes: usize::MAX,
        max_headers: usize::MAX,
        max_target: 50,
    };
    for fields in [63, 64, 65, 66, 300, 20_000] {
        let head = parse_request(&head(1, fields, 0), &limits)
            .unwrap()
            .unwrap();
        assert_eq!(head.parts.headers.len(), fields);
    }
    let names: String = (0..40_000).map(|name| format!("x{name}:\r\n")).collect();
    let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\n{names}\r\n");
    let refusal = parse_request(bytes.as_bytes(), &limits)
        .map(|_| ())
        .unwrap_err();
    assert_eq!(refusal, Refusal::TooManyHeaders);
}

/// The type for targets holds 65,534 bytes.
#[test]
fn a_target_that_its_type_does_not_hold() {
    let limits = HeadLimits {
        max_bytes: 1 << 20,
        max_headers: 10,
        max_target: 1 << 20,
    };
    assert!(
        parse_request(&head(65_534, 2, 0), &limits)
            .unwrap()
            .is_some()
    );
    let refusal = parse_request(&head(65_535, 2, 0), &limits)
        .map(|_| ())
        .unwrap_err();
    assert_eq!(refusal, Refusal::TargetTooLong);
}
