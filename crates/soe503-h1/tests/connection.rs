//! What messages say about their connection.

mod common;

use common::{LIMITS, request};
use soe503_h1::{BodyLength, Connection, Refusal, parse_response};

/// What `fields` in an HTTP/1.`minor` request say.
fn of(minor: u8, fields: &str) -> Connection {
    let bytes = format!("GET / HTTP/1.{minor}\r\nHost: a\r\n{fields}\r\n").into_bytes();
    request(&bytes)
        .unwrap_or_else(|refusal| panic!("{fields}: {refusal:?}"))
        .0
        .connection
}

/// RFC 9112 §9.3.
#[test]
fn persistence() {
    for (minor, fields, expected) in [
        (1, "", true),
        (1, "Connection: close\r\n", false),
        (1, "Connection: CLOSE\r\n", false),
        (1, "Connection: x, close\r\n", false),
        (1, "Connection: x\r\nConnection: close\r\n", false),
        (1, "Connection: keep-alive, close\r\n", false),
        (1, "Connection: close, keep-alive\r\n", false),
        (1, "Connection: closed\r\n", true),
        (1, "Connection:\r\n", true),
        (1, "Proxy-Connection: close\r\n", true),
        (0, "", false),
        (0, "Connection: keep-alive\r\n", true),
        (0, "Connection: Keep-Alive\r\n", true),
        (0, "Connection: x,\t keep-alive\r\n", true),
        (0, "Connection: keep-alive, close\r\n", false),
        (0, "Proxy-Connection: keep-alive\r\n", false),
    ] {
        assert_eq!(
            of(minor, fields).keep_alive,
            expected,
            "1.{minor} {fields:?}"
        );
    }
}

/// RFC 9112 §9.3 for responses, whose body may end with the connection.
#[test]
fn persistence_of_responses() {
    for (head, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", true),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n",
            false,
        ),
        ("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n", false),
        ("HTTP/1.1 204 No Content\r\n\r\n", true),
        ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", false),
        (
            "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n",
            true,
        ),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", false),
    ] {
        let head = parse_response(head.as_bytes(), &LIMITS, &http::Method::GET)
            .unwrap()
            .unwrap();
        assert_eq!(head.connection.keep_alive, expected, "{head:?}");
        assert!(!expected || head.body != BodyLength::UntilClose);
    }
}

/// RFC 9110 §7.8: named, there, and not in HTTP/1.0.
#[test]
fn upgrade() {
    for (minor, fields, expected) in [
        (1, "Connection: upgrade\r\nUpgrade: websocket\r\n", true),
        (
            1,
            "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n",
            true,
        ),
        (1, "Upgrade: websocket\r\n", false),
        (1, "Connection: upgrade\r\n", false),
        (0, "Connection: upgrade\r\nUpgrade: websocket\r\n", false),
    ] {
        assert_eq!(of(minor, fields).upgrade, expected, "1.{minor} {fields:?}");
    }
    let bytes = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    assert_eq!(request(bytes).unwrap().0.parts.headers["upgrade"], "x");
}

/// RFC 9110 §7.6.1.
#[test]
fn named_fields() {
    for (fields, expected) in [
        ("", &[][..]),
        ("Connection: close, keep-alive, upgrade\r\n", &[]),
        ("Connection: X-A,x-b ,, X-a\r\n", &["x-a", "x-b"]),
        (
            "Connection: X-A\r\nConnection: Cookie\r\n",
            &["x-a", "cookie"],
        ),
        ("Connection: te, trailer, proxy-connection\r\n", &[]),
        (
            "Connection: Host, Content-Length, Transfer-Encoding, Connection, x-a\r\n",
            &["x-a"],
        ),
        ("Connection: a b, \"x\", c/d\r\n", &[]),
    ] {
        let named = of(1, fields).named.unwrap_or_default();
        assert_eq!(
            named
                .iter()
                .map(http::HeaderName::as_str)
                .collect::<Vec<_>>(),
            expected,
            "{fields:?}"
        );
    }
    assert!(of(1, "Connection: close\r\n").named.is_none());
}

#[test]
fn a_connection_that_names_too_many_is_refused() {
    let names = |count: usize| {
        (0..count)
            .map(|name| format!("x{name},"))
            .collect::<String>()
    };
    let head = |count| {
        format!(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: {}\r\n\r\n",
            names(count)
        )
    };
    assert!(request(head(32).as_bytes()).is_ok());
    let refusal = request(head(33).as_bytes()).map(|_| ()).unwrap_err();
    assert_eq!(refusal, Refusal::TooManyHeaders);
}

#[test]
fn fields_of_one_hop() {
    for name in [
        "Keep-Alive",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Upgrade",
        "Proxy-Authenticate",
        "Proxy-Authorization",
    ] {
        assert!(of(1, &format!("{name}: x\r\n")).hop_by_hop, "{name}");
        let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\n{name}: x\r\n\r\n").into_bytes();
        assert!(
            request(&bytes).unwrap().0.parts.headers.contains_key(name),
            "{name}"
        );
    }
    for name in [
        "Accept",
        "Connection",
        "Date",
        "Expect",
        "X-Te",
        "Proxy-Authentication-Info",
    ] {
        assert!(!of(1, &format!("{name}: x\r\n")).hop_by_hop, "{name}");
    }
}
