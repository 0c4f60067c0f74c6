//! Responses that are malformed, rule by rule, and trailer sections.

use http::HeaderMap;

use crate::head::decoder::tests::{block, text};
use crate::head::{HeadDecoder, HeadFault, ResponseHead};

fn response(fields: &[(&str, &str)]) -> Result<ResponseHead, HeadFault> {
    HeadDecoder::new(4096, 65_536)
        .response(&block(fields))
        .unwrap()
}

fn trailers(fields: &[(&str, &str)]) -> Result<HeaderMap, HeadFault> {
    HeadDecoder::new(4096, 65_536)
        .trailers(&block(fields))
        .unwrap()
}

#[test]
fn a_response() {
    let head = response(&[
        (":status", "503"),
        ("content-length", "0"),
        ("set-cookie", "a"),
    ])
    .unwrap();
    assert_eq!(head.parts.status, 503);
    assert_eq!(head.parts.version, http::Version::HTTP_2);
    assert_eq!(head.length, Some(0));
    assert_eq!(
        text(&head.parts.headers),
        [("content-length", "0"), ("set-cookie", "a")]
    );
    for status in ["100", "103", "200", "599", "999"] {
        assert!(response(&[(":status", status)]).is_ok());
    }
}

/// RFC 9110 §8.6: equal lengths are one.
#[test]
fn lengths() {
    let ok = (":status", "200");
    let head = response(&[ok, ("content-length", "5"), ("content-length", "5")]).unwrap();
    assert_eq!(text(&head.parts.headers), [("content-length", "5")]);
    for second in ["6", "", "5, 5"] {
        let fields = [ok, ("content-length", "5"), ("content-length", second)];
        assert!(response(&fields).is_err(), "{second}");
    }
}

#[test]
fn malformed_responses() {
    let ok = (":status", "200");
    for (fields, section) in [
        (&[][..], "§8.3.2: no status"),
        (&[("x", "1")], "§8.3.2: no status"),
        (&[ok, ok], "§8.3: a repeated pseudo-field"),
        (&[("x", "1"), ok], "§8.3: a pseudo-field after a field"),
        (
            &[("content-length", "1"), ok],
            "§8.3: a pseudo-field after a field",
        ),
        (&[(":status", "")], "§8.3.2"),
        (&[(":status", "20")], "§8.3.2"),
        (&[(":status", "2000")], "§8.3.2"),
        (&[(":status", "099")], "§8.3.2"),
        (&[(":status", "+20")], "§8.3.2"),
        (&[(":status", "101")], "§8.6"),
        (&[ok, (":method", "GET")], "§8.3: a request's pseudo-field"),
        (&[ok, (":path", "/")], "§8.3: a request's pseudo-field"),
        (&[ok, (":scheme", "http")], "§8.3: a request's pseudo-field"),
        (&[ok, (":authority", "a")], "§8.3: a request's pseudo-field"),
        (&[ok, (":protocol", "a")], "§8.3: a request's pseudo-field"),
        (&[ok, (":x", "a")], "§8.3: an unknown pseudo-field"),
        (&[ok, ("X", "1")], "§8.2.1"),
        (&[ok, ("x", "a\r\nb: c")], "§8.2.1"),
        (&[ok, ("x", "a ")], "§8.2.1"),
        (&[ok, ("connection", "close")], "§8.2.2"),
        (&[ok, ("transfer-encoding", "chunked")], "§8.2.2"),
        (&[ok, ("content-length", "-1")], "§8.1.1"),
    ] {
        let fault = response(fields).map(|_| ());
        assert_eq!(fault, Err(HeadFault::Malformed), "{section} {fields:?}");
    }
}

/// RFC 9110 §6.5.1: dropped, as in HTTP/1.
#[test]
fn what_does_not_belong_into_a_trailer_section() {
    for name in [
        "authorization",
        "cache-control",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "if-match",
        "if-unheard-of",
        "max-forwards",
        "proxy-authenticate",
        "proxy-authorization",
        "range",
        "set-cookie",
        "te",
        "trailer",
        "www-authenticate",
        "x-forwarded-for",
        "x-forwarded-unheard-of",
    ] {
        let map = trailers(&[("x", "1"), (name, "1"), ("grpc-status", "0")]).unwrap();
        assert_eq!(text(&map), [("x", "1"), ("grpc-status", "0")], "{name}");
    }
    assert!(trailers(&[]).unwrap().is_empty());
}

#[test]
fn malformed_trailer_sections() {
    for (name, value, section) in [
        (":status", "200", "§8.1: a pseudo-field"),
        (":path", "/", "§8.1: a pseudo-field"),
        (":x", "/", "§8.1: a pseudo-field"),
        ("X", "1", "§8.2.1"),
        ("x", "a\nb", "§8.2.1"),
        ("connection", "x", "§8.2.2"),
        ("transfer-encoding", "chunked", "§8.2.2"),
    ] {
        let fault = trailers(&[("y", "1"), (name, value)]);
        assert_eq!(
            fault,
            Err(HeadFault::Malformed),
            "{section} {name}: {value:?}"
        );
    }
}
