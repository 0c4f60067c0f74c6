//! What is written is what the decoder reads.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use super::*;
use crate::head::HeadDecoder;

fn map(fields: &[(&str, &str)]) -> HeaderMap {
    let name = |name: &str| HeaderName::from_bytes(name.as_bytes()).unwrap();
    let value = |value: &str| HeaderValue::from_str(value).unwrap();
    fields.iter().map(|(n, v)| (name(n), value(v))).collect()
}

/// The fields that a decoder finds, as text.
fn text(map: &HeaderMap) -> Vec<(&str, &str)> {
    map.iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect()
}

fn request<'a>(headers: &'a HeaderMap) -> RequestOut<'a> {
    RequestOut {
        method: &Method::GET,
        https: true,
        authority: b"example.org",
        path: b"/a?b",
        headers,
        te_trailers: false,
        grpc_timeout: None,
    }
}

#[test]
fn a_request_is_written_without_what_concerns_http_1() {
    let headers = map(&[
        ("host", "other"),
        ("connection", "close"),
        ("keep-alive", "1"),
        ("proxy-connection", "close"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("te", "gzip"),
        ("accept", "*/*"),
        ("content-length", "5"),
        ("x-unknown", "1"),
        ("cookie", "a=b"),
    ]);
    let (mut encoder, mut decoder) = (HeadEncoder::new(), HeadDecoder::new(4096, 65_536));
    let mut sizes = Vec::new();
    for _ in 0..4 {
        let mut block = Vec::new();
        encoder.request(&mut block, &request(&headers));
        let head = decoder.request(&block).unwrap().unwrap();
        assert_eq!(head.parts.method, Method::GET);
        assert_eq!(head.parts.uri, "/a?b");
        assert!(head.scheme_https);
        assert_eq!(head.length, Some(5));
        assert_eq!(
            text(&head.parts.headers),
            [
                ("host", "example.org"),
                ("accept", "*/*"),
                ("content-length", "5"),
                ("x-unknown", "1"),
                ("cookie", "a=b"),
            ]
        );
        sizes.push(block.len());
    }
    // Known names are indexed the first time, others the second time.
    assert_eq!(sizes, [49, 33, 21, 21]);
}

#[test]
fn fields_that_the_caller_adds() {
    let headers = map(&[("grpc-timeout", "9S"), ("te", "x")]);
    let better = HeaderValue::from_static("100m");
    let (mut encoder, mut decoder) = (HeadEncoder::new(), HeadDecoder::new(4096, 65_536));
    for _ in 0..3 {
        let mut block = Vec::new();
        let out = RequestOut {
            te_trailers: true,
            grpc_timeout: Some(&better),
            method: &Method::PUT,
            https: false,
            path: b"/",
            ..request(&headers)
        };
        encoder.request(&mut block, &out);
        let head = decoder.request(&block).unwrap().unwrap();
        assert_eq!(head.parts.method, Method::PUT);
        assert!(!head.scheme_https);
        assert_eq!(
            text(&head.parts.headers),
            [
                ("host", "example.org"),
                ("grpc-timeout", "100m"),
                ("te", "trailers")
            ]
        );
    }
}

#[test]
fn a_date_is_added_where_there_is_none() {
    let (mut encoder, mut decoder) = (HeadEncoder::new(), HeadDecoder::new(4096, 65_536));
    for (fields, date, expected) in [
        (&[][..], None, None),
        (&[], Some(&b"now"[..]), Some("now")),
        (&[], Some(b"now"), Some("now")),
        (&[("date", "then")], Some(b"now"), Some("then")),
        (&[("date", "then")], None, Some("then")),
    ] {
        for status in [200, 204, 206, 304, 400, 404, 500, 503, 103] {
            let status = StatusCode::from_u16(status).unwrap();
            let mut block = Vec::new();
            encoder.response(&mut block, status, &map(fields), date);
            let head = decoder.response(&block).unwrap().unwrap();
            assert_eq!(head.parts.status, status);
            let found = head.parts.headers.get("date").map(|v| v.to_str().unwrap());
            assert_eq!(found, expected);
            assert!(head.parts.headers.get_all("date").iter().count() <= 1);
        }
    }
}

#[test]
fn a_trailer_section() {
    let headers = map(&[("grpc-status", "0"), ("x-sum", "1"), ("upgrade", "h2c")]);
    let (mut encoder, mut decoder) = (HeadEncoder::new(), HeadDecoder::new(4096, 65_536));
    let mut block = Vec::new();
    encoder.trailers(&mut block, &headers);
    let trailers = decoder.trailers(&block).unwrap().unwrap();
    assert_eq!(text(&trailers), [("grpc-status", "0"), ("x-sum", "1")]);
}

/// RFC 7541 §4.2: the next block says that the table has changed, and how small it was meanwhile.
#[test]
fn the_table_follows_the_peers_settings() {
    let headers = map(&[("server", "soe503"), ("accept", "*/*")]);
    for (settings, prefix) in [
        (&[][..], &[][..]),
        (&[65_536], &[]),
        (&[0], &[0x20]),
        (&[0, 4096], &[0x20, 0x3f, 0xe1, 0x1f]),
        (&[100, 50, 200], &[0x3f, 19, 0x3f, 0xa9, 0x01]),
        (&[200, 50, 50], &[0x3f, 19]),
    ] {
        let (mut encoder, mut decoder) = (HeadEncoder::new(), HeadDecoder::new(4096, 65_536));
        let mut block = Vec::new();
        encoder.request(&mut block, &request(&headers));
        decoder.skip(&block).unwrap();
        for &most in settings {
            encoder.set_table(most);
        }
        for round in 0..3 {
            block.clear();
            encoder.request(&mut block, &request(&headers));
            let said: &[u8] = if round == 0 { prefix } else { &[] };
            assert!(block.starts_with(said), "{settings:?} {block:x?}");
            assert_eq!(block[said.len()], 0x82);
            let head = decoder.request(&block).unwrap().unwrap();
            assert_eq!(head.parts.headers.len(), 3);
        }
    }
}
