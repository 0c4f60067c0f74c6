//! Bytes that nobody would send with good intent.

mod common;

use bytes::Bytes;
use common::LIMITS;
use http::Method;
use proptest::prelude::*;
use soe503_h1::{BodyLength, Decoder, HeadLimits, Refusal, Step, parse_request, parse_response};

/// Pieces that heads are made of, and what breaks them.
const PIECES: &[&str] = &[
    "GET ",
    "POST ",
    "/",
    "/a?b",
    "http://a/",
    "*",
    " ",
    "  ",
    "\t",
    " HTTP/1.1",
    " HTTP/1.0",
    " HTTP/2.0",
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    "Host: a\r\n",
    "Host: ",
    "host:a\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: ",
    "5",
    ",",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding",
    ":",
    "chunked",
    "Connection: close\r\n",
    "Connection: x, upgrade\r\n",
    "Upgrade: y\r\n",
    "X-Custom: v\r\n",
    " folded\r\n",
    "\0",
    "\x7f",
    "\u{e4}",
    "#",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 204 x\r\n",
    "a",
    "A",
    "\x0b",
    "-",
    "_",
    "\"",
];

fn text() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(proptest::sample::select(PIECES), 0..25)
        .prop_map(|pieces| pieces.concat().into_bytes())
}

/// A head that is well-formed but for what is put somewhere into it.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    const HEAD: &[u8] = b"POST /a?b HTTP/1.1\r\nHost: a.example\r\nUser-Agent: x\r\nX-Own: y\r\n\
        Content-Length: 5\r\nConnection: keep-alive\r\n\r\nabcde";
    (
        0..HEAD.len(),
        0..3_usize,
        proptest::collection::vec(any::<u8>(), 0..3),
    )
        .prop_map(|(at, removed, added)| {
            let mut head = HEAD.to_vec();
            let end = (at + removed).min(head.len());
            head.splice(at..end, added);
            head
        })
}

fn heads() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        text(),
        damaged(),
        proptest::collection::vec(any::<u8>(), 0..200)
    ]
}

/// Names in small letters, and values.
type Fields = Vec<(String, Vec<u8>)>;

/// What httparse makes of a request, as far as it can be compared.
fn by_httparse(bytes: &[u8]) -> Option<(String, String, usize, Fields)> {
    let mut fields = [httparse::EMPTY_HEADER; 128];
    let mut request = httparse::Request::new(&mut fields);
    let Ok(httparse::Status::Complete(len)) = request.parse(bytes) else {
        return None;
    };
    let fields = request
        .headers
        .iter()
        .map(|field| (field.name.to_lowercase(), field.value.to_vec()));
    Some((
        request.method?.to_owned(),
        request.path?.to_owned(),
        len,
        fields.collect(),
    ))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    /// What is taken here is taken by a parser that many use, and understood in the same way.
    #[test]
    fn a_request_means_to_others_what_it_means_here(bytes in heads()) {
        let Ok(Some(head)) = parse_request(&bytes, &LIMITS) else { return Ok(()) };
        let (method, path, len, fields) = by_httparse(&bytes).expect("httparse takes it");
        prop_assert_eq!(head.len, len);
        prop_assert_eq!(head.parts.method.as_str(), method);
        let uri = head.parts.uri.to_string();
        prop_assert!(uri == path || uri.starts_with("http"), "{} {}", uri, path);
        let kept: Vec<_> = fields
            .into_iter()
            .filter(|(name, _)| name != "connection" && name != "transfer-encoding")
            .collect();
        prop_assert_eq!(head.parts.headers.len(), kept.len());
        for name in head.parts.headers.keys() {
            let ours: Vec<_> = head.parts.headers.get_all(name).iter().map(|value| value.as_bytes()).collect();
            let theirs: Vec<_> =
                kept.iter().filter(|(other, _)| other == name.as_str()).map(|(_, value)| &value[..]).collect();
            prop_assert_eq!(ours, theirs);
        }
    }

    /// What httparse takes is refused for one of the reasons that it does not know, or taken.
    #[test]
    fn a_request_is_refused_for_a_reason(bytes in heads()) {
        if by_httparse(&bytes).is_none() { return Ok(()) }
        let outcome = parse_request(&bytes, &LIMITS);
        let known = match &outcome {
            Ok(head) => head.is_some(),
            Err(refusal) => !matches!(
                refusal,
                Refusal::TlsRecord | Refusal::Method | Refusal::Version
                    | Refusal::HeaderName | Refusal::ObsFold
            ),
        };
        prop_assert!(known, "{:?}", outcome);
    }

    #[test]
    fn the_outcome_does_not_depend_on_where_the_bytes_were_cut(
        bytes in heads(),
        mut cuts in proptest::collection::vec(0..200_usize, 0..8),
        max_bytes in 1..200_usize,
        max_headers in 0..6_usize,
        max_target in 0..8_usize,
    ) {
        cuts.retain(|cut| *cut <= bytes.len());
        cuts.sort_unstable();
        for limits in [LIMITS, HeadLimits { max_bytes, max_headers, max_target }] {
            let whole = common::request_in_pieces(&bytes, [], &limits);
            prop_assert_eq!(common::request_in_pieces(&bytes, cuts.clone(), &limits), whole.clone());
            prop_assert_eq!(common::request_in_pieces(&bytes, 0..bytes.len(), &limits), whole);
            for method in [Method::GET, Method::HEAD] {
                let whole = common::response_in_pieces(&bytes, [], &limits, &method);
                let pieces = common::response_in_pieces(&bytes, cuts.clone(), &limits, &method);
                prop_assert_eq!(pieces, whole.clone());
                let single = common::response_in_pieces(&bytes, 0..bytes.len(), &limits, &method);
                prop_assert_eq!(single, whole);
            }
        }
    }

    /// Pieces of chunked framing in any order: no panic, no endless loop, the same for every cut, and
    /// never more data than bytes.
    #[test]
    fn chunked_nonsense(
        pieces in proptest::collection::vec(proptest::sample::select(&[
            "0", "1", "5", "a", "F", "\r\n", "\r", "\n", ";", ";a=b", " ", "\t", "x", "hello", "\0", "\"",
            "0\r\n\r\n", "1\r\nx\r\n", "X: y\r\n", ":", "ffffffffffffffff",
        ][..]), 0..30),
        piece in 1..20_usize,
    ) {
        let bytes = pieces.concat().into_bytes();
        let whole = common::decode(BodyLength::Chunked, [&bytes[..]]);
        prop_assert!(whole.data.len() <= bytes.len());
        prop_assert_eq!(&common::decode(BodyLength::Chunked, bytes.chunks(piece)), &whole);
        prop_assert_eq!(&common::decode(BodyLength::Chunked, bytes.chunks(1)), &whole);
    }

    #[test]
    fn a_response_of_any_bytes(bytes in heads(), max_headers in 0..6_usize) {
        let limits = HeadLimits { max_headers, ..LIMITS };
        if let Ok(Some(head)) = parse_response(&bytes, &limits, &Method::GET) {
            prop_assert!(head.len <= bytes.len());
            prop_assert!(head.parts.headers.len() <= max_headers);
        }
    }
}

/// A chunk that never ends is passed on as it comes; nothing is kept back.
#[test]
fn a_decoder_keeps_nothing_but_trailers() {
    let mut decoder = Decoder::new(BodyLength::Chunked);
    let mut head = Bytes::from_static(b"7fffffffffffffff\r\n");
    assert!(matches!(decoder.decode(&mut head), Ok(Step::More)));
    let block = Bytes::from(vec![b'x'; 1 << 16]);
    for _ in 0..1000 {
        let mut input = block.clone();
        let Ok(Step::Data(data)) = decoder.decode(&mut input) else {
            panic!("no data")
        };
        assert_eq!(data.as_ptr(), block.as_ptr());
        assert_eq!(data.len(), block.len());
    }
    assert!(size_of::<Decoder>() <= 80, "{}", size_of::<Decoder>());
}
