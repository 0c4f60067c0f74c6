//! What a decoder must refuse, and that its table stays in step.

use http::HeaderValue;
use proptest::prelude::*;

use super::*;
use crate::hpack::huffman::tests::encode as huffman;

/// Takes all fields, as text.
#[derive(Default)]
struct All(Vec<String>);

impl Sink for All {
    fn begin(&mut self, _: usize) {}

    fn admit(&mut self, _: u32) -> bool {
        true
    }

    fn known(&mut self, field: &Field) {
        self.field(field.clone());
    }

    fn field(&mut self, field: Field) {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        self.0.push(match field {
            Field::Authority(value) => format!(":authority: {}", text(&value)),
            Field::Method(method) => format!(":method: {method}"),
            Field::Path(path) => format!(":path: {path}"),
            Field::Scheme { https: true } => ":scheme: https".into(),
            Field::Scheme { https: false } => ":scheme: http".into(),
            Field::Status(status) => format!(":status: {}", status.as_str()),
            Field::Protocol(value) => format!(":protocol: {}", text(&value)),
            Field::Regular(name, value, _) => {
                let secret = if value.is_sensitive() {
                    " (secret)"
                } else {
                    ""
                };
                format!("{name}: {}{secret}", text(&value))
            }
            Field::Malformed(_) => "malformed".into(),
        });
    }
}

pub(super) fn decode(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<String>, Compression> {
    let mut all = All::default();
    decoder.decode(block, &mut all)?;
    Ok(all.0)
}

/// What an authority may be made of is asked where it is needed.
#[test]
fn an_authority_may_have_any_byte_of_a_field() {
    let block = [1, 2, 128, 33];
    assert_eq!(
        decode(&mut Decoder::new(4096), &block),
        Ok(vec![":authority: \u{fffd}!".into()])
    );
}

/// RFC 7541, appendix A: first, last, and the one with a value.
#[test]
fn the_static_table() {
    let mut decoder = Decoder::new(4096);
    for (index, field) in [
        (1, ":authority: "),
        (2, ":method: GET"),
        (14, ":status: 500"),
        (15, "accept-charset: "),
        (16, "accept-encoding: gzip, deflate"),
        (32, "cookie: "),
        (58, "user-agent: "),
        (61, "www-authenticate: "),
    ] {
        assert_eq!(decode(&mut decoder, &[0x80 | index]).unwrap(), [field]);
    }
}

#[test]
fn what_is_no_block() {
    for (block, why) in [
        (&[0x80][..], "index 0 (§6.1)"),
        (&[0xbe], "an index beyond both tables (§2.3.3)"),
        (&[0x7e, 0x01, b'a'], "a name's index beyond both tables"),
        (
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            "an integer that is too large (§5.1)",
        ),
        (&[0xff], "an incomplete integer"),
        (&[0x44], "no value"),
        (&[0x44, 0x02, b'/'], "an incomplete value"),
        (&[0x40, 0x05, b'a'], "an incomplete name"),
        (&[0x44, 0x81, 0x00], "a zero in the padding (§5.2)"),
        (&[0x44, 0x81, 0xff], "eight bits of padding"),
        (
            &[0x44, 0x84, 0xff, 0xff, 0xff, 0xff],
            "the end-of-string symbol",
        ),
        (&[0x3f, 0xe2, 0x1f], "a table of 4097 bytes (§4.2)"),
        (
            &[0x82, 0x20, 1, b'a', 1, b'b'],
            "a change of the table after a field (§4.2)",
        ),
        (&[0x82, 0x20], "a change of the table after a field (§4.2)"),
        (
            &[0x20, 0x82, 0x3f, 0xe1, 0x1f],
            "a second one after a field",
        ),
    ] {
        let result = decode(&mut Decoder::new(4096), block);
        assert_eq!(result, Err(Compression), "{why}");
    }
    for block in [
        &[][..],
        &[0x20],
        &[0x3f, 0xe1, 0x1f],
        &[0x20, 0x3f, 0xe1, 0x1f, 0x82],
    ] {
        assert!(decode(&mut Decoder::new(4096), block).is_ok(), "{block:x?}");
    }
    assert!(decode(&mut Decoder::new(8192), &[0x3f, 0xe1, 0x3f]).is_ok());
    assert!(decode(&mut Decoder::new(8192), &[0x3f, 0xe2, 0x3f]).is_err());
}

/// `x: <value>`, into the table: 33 bytes and the value's length.
fn incremental(value: &[u8]) -> Vec<u8> {
    let mut block = vec![0x40, 1, b'x'];
    integer::write(&mut block, 0, 7, value.len());
    block.extend_from_slice(value);
    block
}

/// RFC 7541 §4.3, §4.4.
#[test]
fn entries_go_at_exact_sizes() {
    let mut decoder = Decoder::new(4096);
    decoder.table.resize(100);
    let mut insert = |len, size| {
        decode(&mut decoder, &incremental(&vec![b'v'; len])).unwrap();
        assert_eq!(decoder.table.size(), size, "{len}");
    };
    insert(17, 50);
    insert(17, 100);
    insert(18, 51);
    insert(16, 100);
    insert(67, 100);
    insert(68, 0);
    insert(67, 100);
    // As large as the entry, then smaller by one.
    decode(&mut decoder, &[0x3f, 100 - 31]).unwrap();
    assert_eq!(decoder.table.size(), 100);
    decode(&mut decoder, &[0x3f, 99 - 31]).unwrap();
    assert_eq!(decoder.table.size(), 0);
}

/// RFC 7541 §4.4: the name of an entry that goes for the new one.
#[test]
fn a_name_outlives_its_entry() {
    let mut decoder = Decoder::new(4096);
    decoder.table.resize(64);
    decode(&mut decoder, &incremental(&[b'v'; 31])).unwrap();
    assert_eq!(
        decode(&mut decoder, &[0x7e, 1, b'w', 0xbe]).unwrap(),
        ["x: w", "x: w"]
    );
}

/// Fields that HTTP does not allow take their room all the same; their names may be referred to.
#[test]
fn malformed_fields_keep_the_table_in_step() {
    let mut decoder = Decoder::new(4096);
    let block = [&incremental(b"a\nb")[..], &[0x40, 1, b'X', 1, b'v']].concat();
    assert_eq!(decode(&mut decoder, &block).unwrap(), ["malformed"; 2]);
    assert_eq!(decoder.table.size(), 36 + 34);
    assert_eq!(
        decode(
            &mut decoder,
            &[0xbe, 0xbf, 0x0f, 0x30, 1, b'v', 0x0f, 0x2f, 1, b'v']
        )
        .unwrap(),
        ["malformed", "malformed", "x: v", "malformed"]
    );
    decode(&mut decoder, &incremental(b" v")).unwrap();
    decode(&mut decoder, &incremental(b"v\t")).unwrap();
    assert_eq!(
        decode(&mut decoder, &[0xbe, 0xbf]).unwrap(),
        ["malformed"; 2]
    );
}

/// More representations than are taken apart at once, each referring to the one before.
#[test]
fn long_blocks() {
    let mut block = Vec::new();
    let mut expected = Vec::new();
    for at in 0..200 {
        let value = format!("value-{at}");
        block.extend_from_slice(&incremental(value.as_bytes()));
        block.push(0xbe);
        expected.extend([format!("x: {value}"), format!("x: {value}")]);
    }
    assert_eq!(decode(&mut Decoder::new(4096), &block).unwrap(), expected);
}

/// A large message's values are not kept alive by the table.
#[test]
fn entries_do_not_keep_large_buffers() {
    let text = Bytes::from(vec![b'v'; 4096]);
    let inside = |kept: &Bytes| text.as_ptr_range().contains(&kept.as_ptr());
    assert!(!inside(&keep(&text, 0..100)));
    assert!(inside(&keep(&text, 0..2000)));
    let text = text.slice(..1024);
    assert!(inside(&keep(&text, 10..20)));
}

proptest! {
    /// Hostile bytes do not panic, and never make the table larger than it may be.
    #[test]
    fn any_bytes(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..8)) {
        let mut decoder = Decoder::new(4096);
        for block in &blocks {
            if decode(&mut decoder, block).is_err() {
                break;
            }
            prop_assert!(decoder.table.size() <= 4096);
        }
    }

    /// Strings of both kinds, in literals of all kinds.
    #[test]
    fn literals(
        fields in prop::collection::vec(("[a-z][a-z0-9-]{0,20}", "[!-~]{0,40}", any::<bool>(), 0..3_usize), 0..20)
    ) {
        let mut block = Vec::new();
        let mut expected = Vec::new();
        for (name, value, coded, form) in &fields {
            block.push([0x40, 0, 0x10][*form]);
            for text in [name, value] {
                if *coded {
                    let text = huffman(text.as_bytes());
                    integer::write(&mut block, 0x80, 7, text.len());
                    block.extend_from_slice(&text);
                } else {
                    integer::write(&mut block, 0, 7, text.len());
                    block.extend_from_slice(text.as_bytes());
                }
            }
            let secret = if *form == 2 { " (secret)" } else { "" };
            expected.push(format!("{name}: {value}{secret}"));
        }
        prop_assert_eq!(decode(&mut Decoder::new(4096), &block).unwrap(), expected);
    }
}
