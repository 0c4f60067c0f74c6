//! Requests that are malformed, rule by rule, and requests that are not.

use http::{HeaderMap, Method};

use crate::head::decoder::tests::{block, text};
use crate::head::{HeadDecoder, HeadFault, RequestHead};

fn request(fields: &[(&str, &str)]) -> Result<RequestHead, HeadFault> {
    HeadDecoder::new(4096, 65_536)
        .request(&block(fields))
        .unwrap()
}

const GET: [(&str, &str); 4] = [
    (":method", "GET"),
    (":scheme", "https"),
    (":authority", "a.example"),
    (":path", "/x?y"),
];

/// [`GET`] and more.
fn get(fields: &[(&str, &str)]) -> Result<RequestHead, HeadFault> {
    request(&[&GET, fields].concat())
}

fn headers(head: &RequestHead) -> Vec<(&str, &str)> {
    text(&head.parts.headers)
}

#[test]
fn a_request() {
    let head = get(&[("accept", "*/*"), ("content-length", "12"), ("x", "")]).unwrap();
    assert_eq!(head.parts.method, Method::GET);
    assert_eq!(head.parts.uri, "/x?y");
    assert_eq!(head.parts.uri.authority(), None);
    assert_eq!(head.parts.version, http::Version::HTTP_2);
    assert!(head.scheme_https);
    assert_eq!(head.length, Some(12));
    assert_eq!(head.protocol, None);
    assert_eq!(
        headers(&head),
        [
            ("host", "a.example"),
            ("accept", "*/*"),
            ("content-length", "12"),
            ("x", "")
        ]
    );
}

#[test]
fn malformed_by_a_field() {
    for (name, value, section) in [
        ("X-Upper", "1", "§8.2.1: upper case"),
        ("", "1", "§8.2.1: no name"),
        ("a b", "1", "§8.2.1: a space in a name"),
        ("a:", "1", "§8.2.1: a colon in a name"),
        ("a\u{7f}", "1", "§8.2.1: DEL in a name"),
        ("ä", "1", "§8.2.1: a name beyond ASCII"),
        ("a\0", "1", "§8.2.1: NUL in a name"),
        ("x", "a\0b", "§8.2.1: NUL in a value"),
        ("x", "a\nb", "§8.2.1: LF in a value"),
        ("x", "a\rb", "§8.2.1: CR in a value"),
        ("x", " a", "§8.2.1: a space before a value"),
        ("x", "a ", "§8.2.1: a space after a value"),
        ("x", "\ta", "§8.2.1: a tab before a value"),
        ("x", "a\t", "§8.2.1: a tab after a value"),
        ("x", " ", "§8.2.1: a value of white space"),
        ("x", "a\u{7f}", "RFC 9110 §5.5: DEL in a value"),
        ("connection", "close", "§8.2.2"),
        ("keep-alive", "1", "§8.2.2"),
        ("proxy-connection", "close", "§8.2.2"),
        ("transfer-encoding", "chunked", "§8.2.2"),
        ("upgrade", "h2c", "§8.2.2"),
        ("te", "gzip", "§8.2.2"),
        ("te", "trailers, gzip", "§8.2.2"),
        ("te", "", "§8.2.2"),
        (":path", "/x?y", "§8.3: a repeated pseudo-field"),
        (":method", "GET", "§8.3: a repeated pseudo-field"),
        (":scheme", "https", "§8.3: a repeated pseudo-field"),
        (":authority", "a.example", "§8.3: a repeated pseudo-field"),
        (":unknown", "1", "§8.3: an unknown pseudo-field"),
        (":", "1", "§8.3: an unknown pseudo-field"),
        (":PATH", "/", "§8.3: an unknown pseudo-field"),
        (":status", "200", "§8.3: a response's pseudo-field"),
        (":protocol", "websocket", "RFC 8441 §3: not agreed on"),
        ("content-length", "", "§8.1.1"),
        ("content-length", "+1", "§8.1.1"),
        ("content-length", "1, 1", "§8.1.1"),
        ("content-length", "0x1", "§8.1.1"),
        ("content-length", "9223372036854775808", "§8.1.1"),
        ("content-length", "00000000000000000001", "§8.1.1"),
    ] {
        let fault = get(&[(name, value)]).map(|_| ());
        assert_eq!(
            fault,
            Err(HeadFault::Malformed),
            "{name}: {value:?}, {section}"
        );
    }
    for (name, value) in [
        ("te", "trailers"),
        ("te", "Trailers"),
        ("x", ""),
        ("x", "a\tb c"),
        ("x", "ä"),
        ("content-length", "9223372036854775807"),
        ("x!#$%&'*+-.^_`|~1", "1"),
    ] {
        assert!(get(&[(name, value)]).is_ok(), "{name}: {value:?}");
    }
}

#[test]
fn malformed_by_what_there_is_and_in_which_order() {
    let [method, scheme, authority, path] = GET;
    for (fields, section) in [
        (&[][..], "§8.3.1: nothing"),
        (&[scheme, authority, path], "§8.3.1: no method"),
        (&[method, authority, path], "§8.3.1: no scheme"),
        (&[method, scheme, authority], "§8.3.1: no path"),
        (
            &[method, scheme, authority, ("x", "1"), path],
            "§8.3: a pseudo-field after a field",
        ),
        (
            &[method, scheme, path, ("x", "1"), authority],
            "§8.3: a pseudo-field after a field",
        ),
        (
            &[method, scheme, path, ("host", "a"), authority],
            "§8.3: a pseudo-field after a field",
        ),
        (
            &[method, scheme, path, ("cookie", "a"), authority],
            "§8.3: a pseudo-field after a field",
        ),
        (
            &[method, scheme, authority, (":path", "")],
            "§8.3.1: an empty path",
        ),
        (
            &[method, scheme, authority, (":path", "x")],
            "§8.3.1: no slash",
        ),
        (
            &[method, scheme, authority, (":path", "https://a/x")],
            "§8.3.1: an absolute path",
        ),
        (
            &[method, scheme, authority, (":path", "*")],
            "§8.3.1: * is for OPTIONS",
        ),
        (&[method, scheme, authority, (":path", "*x")], "§8.3.1"),
        (
            &[method, scheme, authority, (":path", "/x#y")],
            "§8.3.1: a fragment",
        ),
        (
            &[method, scheme, authority, (":path", "/x y")],
            "§8.3.1: a space",
        ),
        (
            &[method, scheme, authority, (":path", "/ä")],
            "§8.3.1: beyond ASCII",
        ),
        (
            &[method, scheme, authority, (":path", "/x\0")],
            "§8.3.1: NUL",
        ),
        (
            &[method, ("\u{3a}scheme", "ftp"), authority, path],
            "§8.3.1: another scheme",
        ),
        (
            &[method, (":scheme", ""), authority, path],
            "§8.3.1: another scheme",
        ),
        (
            &[(":method", ""), scheme, authority, path],
            "§8.3.1: no token",
        ),
        (
            &[(":method", "G T"), scheme, authority, path],
            "§8.3.1: no token",
        ),
        (&[method, scheme, (":authority", "a\n"), path], "§8.2.1"),
        (&[method, scheme, (":authority", " a"), path], "§8.2.1"),
        (
            &[(":method", "CONNECT"), scheme, authority, path],
            "§8.5: CONNECT with a path",
        ),
        (
            &[(":method", "CONNECT"), scheme, authority],
            "§8.5: CONNECT with a scheme",
        ),
        (&[(":method", "CONNECT")], "§8.5: CONNECT to nowhere"),
        (
            &[
                (":method", "CONNECT"),
                (":protocol", "x"),
                scheme,
                authority,
                path,
            ],
            "RFC 8441 §3",
        ),
    ] {
        let fault = request(fields).map(|_| ());
        assert_eq!(fault, Err(HeadFault::Malformed), "{section} {fields:?}");
    }
}

#[test]
fn methods_and_targets() {
    let [method, scheme, authority, path] = GET;
    let options = request(&[(":method", "OPTIONS"), scheme, authority, (":path", "*")]).unwrap();
    assert_eq!(options.parts.uri, "*");
    let connect = request(&[(":method", "CONNECT"), (":authority", "a:1")]).unwrap();
    assert_eq!(connect.parts.method, Method::CONNECT);
    assert_eq!(connect.parts.uri, "/");
    let other = request(&[path, authority, (":scheme", "HTTP"), (":method", "BREW")]).unwrap();
    assert_eq!(other.parts.method.as_str(), "BREW");
    assert!(!other.scheme_https);
    let nobody = request(&[method, scheme, path]).unwrap();
    assert_eq!(nobody.parts.headers.len(), 0);
}

/// RFC 8441 §4: once agreed on, CONNECT may have a protocol, and then has scheme and path.
#[test]
fn extended_connect() {
    let [_, scheme, authority, path] = GET;
    let connect = (":method", "CONNECT");
    let protocol = (":protocol", "websocket");
    let mut decoder = HeadDecoder::new(4096, 65_536);
    decoder.extended = true;
    let mut request = |fields: &[(&str, &str)]| decoder.request(&block(fields)).unwrap();
    let head = request(&[connect, protocol, scheme, authority, path]).unwrap();
    assert_eq!(head.protocol.unwrap(), "websocket");
    assert_eq!(head.parts.uri, "/x?y");
    for fields in [
        &[connect, protocol, scheme, authority][..],
        &[connect, protocol, authority, path],
        &[(":method", "GET"), protocol, scheme, authority, path],
        &[connect, scheme, authority, path],
    ] {
        assert!(request(fields).is_err(), "{fields:?}");
    }
}

/// RFC 9113 §8.3.1.
#[test]
fn hosts() {
    let [method, scheme, _, path] = GET;
    for (fields, hosts) in [
        (&[(":authority", "a.example")][..], &["a.example"][..]),
        (&[("host", "b")], &["b"]),
        (&[("host", "b"), ("host", "b")], &["b", "b"]),
        (&[(":authority", "a"), ("host", "a")], &["a"]),
        (
            &[(":authority", "a.example:1"), ("host", "A.Example:1")],
            &["a.example:1"],
        ),
        (&[(":authority", "a"), ("host", "b")], &["a", "b"]),
        (&[(":authority", "a"), ("host", "")], &["a", ""]),
        (&[(":authority", ""), ("host", "a")], &["", "a"]),
        (&[(":authority", "u@a")], &["u@a"]),
    ] {
        let head = request(&[&[method, scheme, path], fields].concat()).unwrap();
        assert_eq!(values(&head.parts.headers, "host"), hosts);
        assert_eq!(head.parts.headers.keys().next().unwrap(), "host");
    }
}

fn values<'a>(map: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    map.get_all(name)
        .iter()
        .map(|v| v.to_str().unwrap())
        .collect()
}

/// RFC 9113 §8.2.3.
#[test]
fn cookies_are_joined() {
    for (cookies, joined) in [
        (&["a=b"][..], "a=b"),
        (&["a=b", "c=d"], "a=b; c=d"),
        (&["a=b; c=d", "e=f", "g=h"], "a=b; c=d; e=f; g=h"),
        (&["", "a=b"], "; a=b"),
    ] {
        let mut fields = Vec::new();
        for cookie in cookies {
            fields.extend([("cookie", *cookie), ("accept", "x")]);
        }
        let head = get(&fields).unwrap();
        assert_eq!(values(&head.parts.headers, "cookie"), [joined]);
        assert_eq!(values(&head.parts.headers, "accept").len(), cookies.len());
    }
}

#[test]
fn a_repeated_length_is_malformed() {
    let length = ("content-length", "5");
    assert_eq!(
        get(&[length, length]).map(|_| ()),
        Err(HeadFault::Malformed)
    );
}
