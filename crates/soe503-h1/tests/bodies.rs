//! Bodies: their ends, chunks strictly, and what a hostile peer may make of them.

mod common;

use bytes::Bytes;
use common::{Decoded, decode};
use soe503_h1::{BodyFault, BodyLength, Decoder, Step};

use BodyFault::{ChunkEnd, ChunkExtension, ChunkSize, Trailer};

/// The bytes that are left over, or the fault; `None`: the body is not complete.
type End = Option<Result<usize, BodyFault>>;

/// Names and values.
type Fields = &'static [(&'static str, &'static str)];

/// Chunked bodies (RFC 9112 §7.1), their data and their end.
#[rustfmt::skip]
const CHUNKED: &[(&str, &[u8], &str, End)] = &[
    ("empty", b"0\r\n\r\n", "", Some(Ok(0))),
    ("one chunk", b"5\r\nhello\r\n0\r\n\r\n", "hello", Some(Ok(0))),
    ("two chunks", b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", Some(Ok(0))),
    ("the next message follows", b"1\r\nx\r\n0\r\n\r\nGET /", "x", Some(Ok(5))),
    ("digits of both cases", b"a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n", "01234567890123456789a", Some(Ok(0))),
    ("zeros before", b"0000000000000001\r\nx\r\n000\r\n\r\n", "x", Some(Ok(0))),
    ("data that looks like framing", b"7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n\r\n", Some(Ok(0))),
    ("nothing", b"", "", None),
    ("half a size", b"5", "", None),
    ("half a line's end", b"5\r", "", None),
    ("half the data", b"5\r\nhel", "hel", None),
    ("no last chunk", b"5\r\nhello\r\n", "hello", None),
    ("half the end", b"0\r\n\r", "", None),
    ("no empty line", b"0\r\n", "", None),
    // the size
    ("no size", b"\r\n", "", Some(Err(ChunkSize))),
    ("no digit", b"x\r\n", "", Some(Err(ChunkSize))),
    ("no digit, an extension", b";a\r\n", "", Some(Err(ChunkSize))),
    ("a space before", b" 5\r\nhello\r\n", "", Some(Err(ChunkSize))),
    ("a plus", b"+5\r\nhello\r\n", "", Some(Err(ChunkSize))),
    ("a minus", b"-5\r\n", "", Some(Err(ChunkSize))),
    ("0x", b"0x5\r\nhello\r\n", "", Some(Err(ChunkSize))),
    ("an underscore", b"1_0\r\n", "", Some(Err(ChunkSize))),
    ("a decimal point", b"5.0\r\n", "", Some(Err(ChunkSize))),
    ("17 digits", b"00000000000000005\r\nhello\r\n", "", Some(Err(ChunkSize))),
    ("17 digits, too large", b"10000000000000000\r\n", "", Some(Err(ChunkSize))),
    ("the largest", b"ffffffffffffffff\r\nx", "x", None),
    ("a space behind", b"5 \r\nhello\r\n", "", Some(Err(ChunkSize))),
    ("a tab behind", b"5\t\r\nhello\r\n", "", Some(Err(ChunkSize))),
    ("a vertical tab behind", b"5\x0b\r\nhello\r\n", "", Some(Err(ChunkSize))),
    ("NUL behind", b"5\0\r\nhello\r\n", "", Some(Err(ChunkSize))),
    ("a comma behind", b"5,a\r\nhello\r\n", "", Some(Err(ChunkSize))),
    ("two sizes", b"5 5\r\nhello\r\n", "", Some(Err(ChunkSize))),
    // line ends: LF alone is what TERM.EXT and its kin build upon
    ("LF behind a size", b"5\nhello\r\n0\r\n\r\n", "", Some(Err(ChunkSize))),
    ("CR alone behind a size", b"5\rhello\r\n0\r\n\r\n", "", Some(Err(ChunkSize))),
    ("LF behind a last size", b"0\n\r\n", "", Some(Err(ChunkSize))),
    ("LF behind data", b"5\r\nhello\n0\r\n\r\n", "hello", Some(Err(ChunkEnd))),
    ("CR alone behind data", b"5\r\nhello\r0\r\n\r\n", "hello", Some(Err(ChunkEnd))),
    ("nothing behind data", b"5\r\nhello0\r\n\r\n", "hello", Some(Err(ChunkEnd))),
    ("data that is longer than said", b"5\r\nhello!\r\n0\r\n\r\n", "hello", Some(Err(ChunkEnd))),
    ("LF at the end", b"0\r\n\n", "", Some(Err(Trailer))),
    ("CR and something at the end", b"0\r\n\rx", "", Some(Err(Trailer))),
    // extensions (RFC 9112 §7.1.1)
    ("an extension", b"5;a=b\r\nhello\r\n0;c\r\n\r\n", "hello", Some(Ok(0))),
    ("white space before an extension", b"5 \t;a\r\nhello\r\n0\r\n\r\n", "hello", Some(Ok(0))),
    ("an extension in quotes", b"5;a=\"b; c\"\r\nhello\r\n0\r\n\r\n", "hello", Some(Ok(0))),
    ("an empty extension", b"5;\r\nhello\r\n0\r\n\r\n", "hello", Some(Ok(0))),
    ("LF in an extension (TERM.EXT)", b"5;a\nhello\r\n0\r\n\r\n", "", Some(Err(ChunkExtension))),
    ("LF in a quoted extension", b"5;a=\"\n\"\r\nhello\r\n0\r\n\r\n", "", Some(Err(ChunkExtension))),
    ("CR alone in an extension (EXT.TERM)", b"5;a\rb\r\nhello\r\n0\r\n\r\n", "", Some(Err(ChunkExtension))),
    ("two CRs behind an extension", b"5;a\r\r\nhello\r\n0\r\n\r\n", "", Some(Err(ChunkExtension))),
    ("NUL in an extension", b"5;a\0\r\nhello\r\n", "", Some(Err(ChunkExtension))),
    ("DEL in an extension", b"5;a\x7f\r\nhello\r\n", "", Some(Err(ChunkExtension))),
];

#[test]
fn chunks() {
    for (name, bytes, data, end) in CHUNKED {
        let decoded = decode(BodyLength::Chunked, [*bytes]);
        assert_eq!(decoded.data, data.as_bytes(), "{name}");
        assert_eq!(decoded.end, *end, "{name}");
        assert_eq!(decoded.trailers, None, "{name}");
    }
}

#[test]
fn chunks_cut_at_every_byte() {
    let chunked = CHUNKED.iter().map(|(name, bytes, ..)| (name, bytes));
    for (name, bytes) in chunked.chain(TRAILERS.iter().map(|(name, bytes, ..)| (name, bytes))) {
        let whole = decode(BodyLength::Chunked, [*bytes]);
        for cut in 0..=bytes.len() {
            let halves = decode(BodyLength::Chunked, [&bytes[..cut], &bytes[cut..]]);
            assert_eq!(halves, whole, "{name}, cut at {cut}");
        }
        let single = decode(BodyLength::Chunked, bytes.chunks(1));
        assert_eq!(single, whole, "{name}, byte by byte");
    }
}

/// Trailer sections (RFC 9112 §7.1.2), behind the last chunk's line: the fields that stay.
#[rustfmt::skip]
const TRAILERS: &[(&str, &[u8], Fields, End)] = &[
    ("one", b"0\r\nX: y\r\n\r\n", &[("x", "y")], Some(Ok(0))),
    ("two of a name, and what follows", b"0\r\nX: y\r\nX:z \r\n\r\nGET", &[("x", "y"), ("x", "z")], Some(Ok(3))),
    ("framing, dropped", b"0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n", &[], Some(Ok(0))),
    ("routing, dropped", b"0\r\nHost: b\r\nX-Forwarded-For: c\r\nForwarded: for=d\r\nX: y\r\n\r\n", &[("x", "y")], Some(Ok(0))),
    ("the right to do something, dropped", b"0\r\nAuthorization: b\r\nCookie: c\r\nSet-Cookie: d\r\n\r\n", &[], Some(Ok(0))),
    ("one hop, dropped", b"0\r\nConnection: close\r\nKeep-Alive: 5\r\nUpgrade: x\r\nTE: y\r\n\r\n", &[], Some(Ok(0))),
    ("a condition, dropped", b"0\r\nIf-Match: *\r\nRange: bytes=0-\r\nExpect: 100-continue\r\n\r\n", &[], Some(Ok(0))),
    ("half", b"0\r\nX: y\r\n", &[], None),
    ("no colon", b"0\r\nX\r\n\r\n", &[], Some(Err(Trailer))),
    ("a request line", b"0\r\nGET / HTTP/1.1\r\n\r\n", &[], Some(Err(Trailer))),
    ("a space before the colon", b"0\r\nX : y\r\n\r\n", &[], Some(Err(Trailer))),
    ("a folded line", b"0\r\nX: y\r\n z\r\n\r\n", &[], Some(Err(Trailer))),
    ("a folded line first", b"0\r\n X: y\r\n\r\n", &[], Some(Err(Trailer))),
    ("NUL", b"0\r\nX: \0\r\n\r\n", &[], Some(Err(Trailer))),
    ("LF at a line's end", b"0\r\nX: y\n\r\n", &[], Some(Err(Trailer))),
    ("LF at the section's end", b"0\r\nX: y\r\n\n", &[], Some(Err(Trailer))),
    ("CR alone", b"0\r\nX: y\rz\r\n\r\n", &[], Some(Err(Trailer))),
];

#[test]
fn trailer_sections() {
    for (name, bytes, expected, end) in TRAILERS {
        let decoded = decode(BodyLength::Chunked, [*bytes]);
        let fields: Vec<_> = decoded
            .trailers
            .iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(fields, *expected, "{name}");
        assert_eq!(decoded.trailers.is_some(), !expected.is_empty(), "{name}");
        assert_eq!(decoded.end, *end, "{name}");
    }
}

#[test]
fn trailer_sections_are_limited() {
    let section = |fields: usize, len: usize| {
        let fields = "a:\r\n".repeat(fields);
        format!(
            "0\r\n{fields}{}\r\n\r\n",
            format_args!("b:{}", "b".repeat(len))
        )
        .into_bytes()
    };
    let end = |bytes: Vec<u8>| decode(BodyLength::Chunked, [&bytes[..]]).end;
    assert_eq!(end(section(63, 0)), Some(Ok(0)));
    assert_eq!(end(section(64, 0)), Some(Err(Trailer)));
    assert_eq!(end(section(0, 16 * 1024 - 6)), Some(Ok(0)));
    assert_eq!(end(section(0, 16 * 1024 - 5)), Some(Err(Trailer)));
}

/// A byte of data per kilobytes of extension: traffic that costs the peer nothing, and that no limit on
/// bodies sees.
#[test]
fn the_chunk_extension_bomb() {
    let line = |len: usize| format!("1;{}\r\nx\r\n", "e".repeat(len - 1)).into_bytes();
    let end = |bytes: &[u8]| decode(BodyLength::Chunked, [bytes]).end;
    assert_eq!(end(&line(4096)), None);
    assert_eq!(end(&line(4097)), Some(Err(ChunkExtension)));
    assert_eq!(end(&line(4096).repeat(4)), None);
    assert_eq!(end(&line(4096).repeat(5)), Some(Err(ChunkExtension)));
    assert_eq!(end(&line(1).repeat(16 * 1024)), None);
    assert_eq!(
        end(&line(1).repeat(16 * 1024 + 1)),
        Some(Err(ChunkExtension))
    );
    // White space before the extension, and its semicolon, count as well.
    let spaces = format!("1{}", " ".repeat(4097));
    assert_eq!(end(spaces.as_bytes()), Some(Err(ChunkExtension)));
    assert_eq!(
        end(&b"1 ;\r\nx\r\n".repeat(8 * 1024 + 1)),
        Some(Err(ChunkExtension))
    );
    assert_eq!(
        end(&b"1;\r\nx\r\n".repeat(16 * 1024 + 1)),
        Some(Err(ChunkExtension))
    );
}

#[test]
fn bodies_of_a_length() {
    for (length, bytes, data, end) in [
        (BodyLength::None, "rest", "", Some(Ok(4))),
        (BodyLength::Length(0), "rest", "", Some(Ok(4))),
        (BodyLength::Length(3), "abcrest", "abc", Some(Ok(4))),
        (BodyLength::Length(3), "ab", "ab", None),
        (BodyLength::Length(u64::MAX), "ab", "ab", None),
        (BodyLength::UntilClose, "abc", "abc", None),
    ] {
        let decoded = decode(length, [bytes.as_bytes()]);
        let expected = Decoded {
            data: data.into(),
            trailers: None,
            end,
        };
        assert_eq!(decoded, expected, "{length:?}");
        assert_eq!(
            decode(length, bytes.as_bytes().chunks(1)),
            expected,
            "{length:?}"
        );
    }
}

#[test]
fn what_is_left_is_known_where_it_can_be() {
    let mut input = Bytes::from_static(b"ab");
    let mut decoder = Decoder::new(BodyLength::Length(5));
    assert_eq!(decoder.remaining(), Some(5));
    decoder.decode(&mut input).unwrap();
    assert_eq!(decoder.remaining(), Some(3));
    assert!(!decoder.is_end());
    assert_eq!(Decoder::new(BodyLength::None).remaining(), Some(0));
    assert_eq!(Decoder::new(BodyLength::Chunked).remaining(), None);
    assert_eq!(Decoder::new(BodyLength::UntilClose).remaining(), None);
}

/// RFC 9112 §8.
#[test]
fn a_peer_that_closes() {
    for (length, bytes, expected) in [
        (BodyLength::None, "", Ok(())),
        (BodyLength::Length(2), "ab", Ok(())),
        (BodyLength::Length(3), "ab", Err(BodyFault::Truncated)),
        (BodyLength::UntilClose, "", Ok(())),
        (BodyLength::UntilClose, "ab", Ok(())),
        (BodyLength::Chunked, "", Err(BodyFault::Truncated)),
        (
            BodyLength::Chunked,
            "1\r\nx\r\n0\r\n",
            Err(BodyFault::Truncated),
        ),
        (
            BodyLength::Chunked,
            "1\r\nx\r\n0\r\nX: y\r\n",
            Err(BodyFault::Truncated),
        ),
        (BodyLength::Chunked, "0\r\n\r\n", Ok(())),
        (BodyLength::Chunked, "x", Err(BodyFault::ChunkSize)),
    ] {
        let mut decoder = Decoder::new(length);
        let mut input = Bytes::copy_from_slice(bytes.as_bytes());
        while let Ok(Step::Data(_) | Step::Trailers(_)) = decoder.decode(&mut input) {}
        assert_eq!(decoder.eof(), expected, "{length:?} {bytes:?}");
        assert_eq!(decoder.is_end(), expected.is_ok());
        assert_eq!(decoder.eof(), expected, "the same again");
    }
}

/// Data is passed on where it stands.
#[test]
fn data_is_not_copied() {
    let bytes = Bytes::from(b"5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n".to_vec());
    let within = bytes.as_ptr_range();
    let mut input = bytes.clone();
    let mut decoder = Decoder::new(BodyLength::Chunked);
    let mut seen = 0;
    while let Step::Data(data) = decoder.decode(&mut input).unwrap() {
        assert!(within.contains(&data.as_ptr()));
        seen += data.len();
    }
    assert_eq!(seen, 8);
}

#[test]
fn what_goes_another_way_counts_but_for_the_end() {
    let mut decoder = Decoder::new(BodyLength::Length(10));
    decoder.skip(6);
    assert_eq!(decoder.remaining(), Some(4));
    // The last byte has to come by.
    decoder.skip(4);
    assert_eq!(decoder.remaining(), Some(1));
    assert_eq!(decoder.eof(), Err(BodyFault::Truncated));
    // Where the length is not known, nothing can.
    let mut chunked = Decoder::new(BodyLength::Chunked);
    chunked.skip(3);
    assert_eq!(chunked.remaining(), None);
}
