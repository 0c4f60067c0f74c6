//! Limits, and that the table stays in step whatever becomes of a message.

use std::fmt::Write as _;

use http::HeaderMap;
use proptest::prelude::*;

use super::*;

/// Fields as literals that are not indexed.
pub(in crate::head) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        literal(&mut block, 0, name, value);
    }
    block
}

/// The fields of a map, as text.
pub(in crate::head) fn text(map: &HeaderMap) -> Vec<(&str, &str)> {
    map.iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect()
}

fn literal(block: &mut Vec<u8>, form: u8, name: &str, value: &str) {
    block.push(form);
    for text in [name, value] {
        if text.len() < 127 {
            block.push(text.len() as u8);
        } else {
            let rest = text.len() - 127;
            block.extend([127, rest as u8 & 0x7f | 0x80, (rest >> 7) as u8]);
            assert!(rest < 1 << 14);
        }
        block.extend_from_slice(text.as_bytes());
    }
}

/// `GET /`, without an authority: 42 + 43 + 38 bytes.
const GET: [u8; 3] = [0x82, 0x86, 0x84];
const GET_SIZE: u32 = 42 + 43 + 38;

/// RFC 9113 §6.5.2: names, values and 32 for each.
#[test]
fn the_limit_counts_exactly() {
    for len in [0, 10, 200] {
        let value = "v".repeat(len);
        for form in [0, 0x10, 0x40] {
            let mut block = GET.to_vec();
            literal(&mut block, form, "xyz", &value);
            let size = GET_SIZE + 3 + len as u32 + 32;
            let at = |most| HeadDecoder::new(4096, most).request(&block).unwrap();
            assert!(at(size).is_ok());
            assert_eq!(at(size - 1).map(|_| ()), Err(HeadFault::TooLarge));
        }
    }
}

/// The rules hold for what comes as an index as well.
#[test]
fn fields_of_the_tables_are_no_exception() {
    let mut decoder = HeadDecoder::new(4096, 1000);
    for (block, why) in [
        (
            &[0x82, 0x86, 0x91, 0x84][..],
            "a pseudo-field after a field",
        ),
        (&[0x82, 0x82, 0x86, 0x84], "a repeated method"),
        (&[0x82, 0x86, 0x86, 0x84], "a repeated scheme"),
        (&[0x82, 0x86, 0x84, 0x84], "a repeated path"),
        (&[0x82, 0x86, 0x84, 0x81, 0x81], "a repeated authority"),
        (&[0x82, 0x86, 0x84, 0x88], "a status"),
        (&[0x82, 0x86, 0x84, 0xb9], "transfer-encoding"),
        (&[0x82, 0x86, 0x84, 0x9c], "an empty content-length"),
    ] {
        let fault = decoder.request(block).unwrap().map(|_| ());
        assert_eq!(fault, Err(HeadFault::Malformed), "{why}");
    }
    for (block, why) in [
        (&[0x91, 0x88][..], "a pseudo-field after a field"),
        (&[0x88, 0x88], "a repeated status"),
        (&[0x88, 0x82], "a method"),
        (&[0x88, 0xb9], "transfer-encoding"),
    ] {
        let fault = decoder.response(block).unwrap().map(|_| ());
        assert_eq!(fault, Err(HeadFault::Malformed), "{why}");
    }
    let head = decoder.request(&[0x82, 0x86, 0x84, 0x81, 0xa6, 0x91]);
    let head = head.unwrap().unwrap();
    assert_eq!(
        text(&head.parts.headers),
        [("host", ""), ("accept-language", "")]
    );
}

/// One entry, referred to again and again, is a megabyte of fields in a block of a kilobyte.
#[test]
fn a_bomb_makes_nothing() {
    let mut decoder = HeadDecoder::new(4096, 16_384);
    let mut block = GET.to_vec();
    literal(&mut block, 0x40, "x", &"v".repeat(1000));
    block.extend([0xbe; 1000]);
    let fault = decoder.request(&block).unwrap().map(|_| ());
    assert_eq!(fault, Err(HeadFault::TooLarge));
    // The table is as it should be.
    let head = decoder.request(&[0x82, 0x86, 0x84, 0xbe]).unwrap().unwrap();
    assert_eq!(head.parts.headers["x"].len(), 1000);
}

/// More fields than a map holds.
#[test]
fn the_map_has_a_limit_of_its_own() {
    let mut block = GET.to_vec();
    let mut name = String::new();
    for number in 0..40_000 {
        name.clear();
        write!(name, "x{number}").unwrap();
        literal(&mut block, 0, &name, "");
    }
    let fault = HeadDecoder::new(4096, u32::MAX).request(&block).unwrap();
    assert_eq!(fault.map(|_| ()), Err(HeadFault::TooLarge));
}

/// Whatever is wrong with a message, or nobody wants it: what it adds to the table counts.
#[test]
fn the_table_stays_in_step() {
    let mut block = vec![0x82, 0x86];
    literal(&mut block, 0x40, "x", "1");
    literal(&mut block, 0, "X", "1");
    literal(&mut block, 0x40, "y", "2");
    literal(&mut block, 0x40, "z", &"v".repeat(100));
    for most in [0, 50, 120, 1000] {
        let mut decoder = HeadDecoder::new(4096, most);
        assert!(decoder.request(&block).unwrap().is_err());
        assert!(decoder.response(&block).unwrap().is_err());
        assert!(decoder.trailers(&block).unwrap().is_err());
        decoder.skip(&block).unwrap();
        decoder.most = 1000;
        let map = decoder.trailers(&[0xbe, 0xbf, 0xc0]).unwrap().unwrap();
        assert_eq!(text(&map)[1..], [("y", "2"), ("x", "1")], "{most}");
        let map = decoder.trailers(&[0xc7, 0xc8, 0xc9]).unwrap().unwrap();
        assert_eq!(text(&map)[1..], [("y", "2"), ("x", "1")], "{most}");
    }
}

#[test]
fn what_cannot_be_decoded_ends_the_connection() {
    let mut decoder = HeadDecoder::new(4096, 1000);
    for block in [&[0xff; 8][..], &[0x80], &[0x82, 0xbe], &[0x82, 0x20]] {
        assert_eq!(decoder.request(block).map(|_| ()), Err(Compression));
        assert_eq!(decoder.response(block).map(|_| ()), Err(Compression));
        assert_eq!(decoder.trailers(block).map(|_| ()), Err(Compression));
        assert_eq!(decoder.skip(block), Err(Compression));
    }
}

/// RFC 7541 §6.2.3: what no hop may index says so to whoever writes it.
#[test]
fn secrets_are_marked() {
    let mut block = GET.to_vec();
    literal(&mut block, 0x10, "x", "1");
    literal(&mut block, 0x10, "cookie", "a");
    literal(&mut block, 0, "cookie", "b");
    literal(&mut block, 0, "y", "1");
    let head = HeadDecoder::new(4096, 1000)
        .request(&block)
        .unwrap()
        .unwrap();
    for (name, secret) in [("x", true), ("cookie", true), ("y", false)] {
        assert_eq!(head.parts.headers[name].is_sensitive(), secret, "{name}");
    }
}

proptest! {
    /// Hostile bytes do not panic, and do not make more than the limit allows.
    #[test]
    fn any_bytes(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 1..6)) {
        let mut decoder = HeadDecoder::new(4096, 500);
        for block in &blocks {
            match decoder.trailers(block) {
                Err(Compression) => break,
                Ok(Err(_)) => {}
                Ok(Ok(map)) => {
                    let size: usize = map.iter().map(|(n, v)| n.as_str().len() + v.len() + 32).sum();
                    prop_assert!(size <= 500);
                }
            }
        }
    }
}
