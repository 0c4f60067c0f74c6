//! How fields are written, and that a decoder reads them.

use http::header::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;
use crate::hpack::{Decoder, Field, Sink};

/// Writes a field of a map.
fn write(encoder: &mut Encoder, out: &mut Vec<u8>, name: &str, value: &HeaderValue) {
    let name = HeaderName::from_lowercase(name.as_bytes()).unwrap();
    encoder.field(out, &Named::new(&name), value);
}

/// The first byte of each of three blocks with the same field.
fn thrice(name: &str, value: &str, secret: bool) -> [u8; 3] {
    let mut value = HeaderValue::from_str(value).unwrap();
    value.set_sensitive(secret);
    let mut encoder = Encoder::new();
    [(); 3].map(|()| {
        let mut out = Vec::new();
        write(&mut encoder, &mut out, name, &value);
        out[0]
    })
}

/// RFC 7541 §6: the pattern of the first byte, and the static index in it.
#[test]
fn policies() {
    for (name, value, first) in [
        ("server", "soe503", [0x40 | 54, 0xbe, 0xbe]),
        ("x-forwarded-proto", "https", [0x40, 0xbe, 0xbe]),
        ("user-agent", "curl", [0x0f, 0x40 | 58, 0xbe]),
        ("x-unheard-of", "1", [0, 0x40, 0xbe]),
        ("date", "now", [0x0f, 0x40 | 33, 0xbe]),
        ("etag", "1", [0x0f; 3]),
        ("x-request-id", "1", [0; 3]),
        ("grpc-timeout", "1S", [0; 3]),
        ("authorization", "Basic x", [0x1f; 3]),
        ("set-cookie", "a=b", [0x1f; 3]),
        ("cookie", "a=b", [0x1f; 3]),
        ("cookie", "a=12345678901234567", [0x1f; 3]),
        ("cookie", "a=123456789012345678", [0x0f, 0x60, 0xbe]),
        ("accept-encoding", "gzip, deflate", [0x90; 3]),
        ("accept-encoding", "gzip", [0x50, 0xbe, 0xbe]),
    ] {
        assert_eq!(thrice(name, value, false), first, "{name}: {value}");
    }
}

/// RFC 7541 §6.2.3: what came as never indexed goes on as never indexed.
#[test]
fn a_secret_stays_one() {
    for (name, first) in [
        ("server", 0x1f),
        ("x-api", 0x10),
        ("etag", 0x1f),
        ("x-request-id", 0x10),
    ] {
        assert_eq!(thrice(name, "1", true), [first; 3], "{name}");
    }
    assert_eq!(thrice("cookie", "a=123456789012345678", true), [0x1f; 3]);
}

/// A field too large to be worth a quarter of the table does not empty it.
#[test]
fn large_fields_are_not_indexed() {
    let fits = "v".repeat(1024 - 32 - 6);
    assert_eq!(thrice("server", &fits, false)[1], 0xbe);
    assert_eq!(thrice("server", &format!("{fits}v"), false), [0x0f; 3]);
}

/// Takes all fields.
#[derive(Default)]
struct All(Vec<(String, Vec<u8>)>);

impl Sink for All {
    fn begin(&mut self, _: usize) {}

    fn admit(&mut self, _: u32) -> bool {
        true
    }

    fn known(&mut self, field: &Field) {
        self.field(field.clone());
    }

    fn field(&mut self, field: Field) {
        let Field::Regular(name, value, _) = field else {
            panic!("{field:?}");
        };
        self.0.push((name.to_string(), value.as_bytes().to_vec()));
    }
}

/// Fields of few names and values, so that they repeat, and of long ones, so that entries go.
fn fields() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "server",
            "accept",
            "via",
            "cookie",
            "x-request-id",
            "x"
        ])
        .prop_map(String::from),
        "[a-c]{1,2}",
    ];
    let value = prop_oneof![
        "[0-3]{0,2}".prop_map(String::into_bytes),
        (b'0'..=b'9', 1..1200_usize).prop_map(|(byte, len)| vec![byte; len]),
        "[!-~]{1,30}".prop_map(String::into_bytes),
    ];
    prop::collection::vec((name, value), 0..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the encoder makes of it, the decoder's table is in step.
    #[test]
    fn blocks_are_read_as_they_were_written(
        blocks in prop::collection::vec((fields(), prop::option::of(0..5000_u32)), 0..10)
    ) {
        let mut encoder = Encoder::new();
        let mut decoder = Decoder::new(4096);
        for (fields, table) in blocks {
            if let Some(most) = table {
                encoder.set_table(most);
            }
            let mut block = Vec::new();
            encoder.begin(&mut block);
            for (name, value) in &fields {
                write(&mut encoder, &mut block, name, &HeaderValue::from_bytes(value).unwrap());
            }
            let mut all = All::default();
            prop_assert!(decoder.decode(&block, &mut all).is_ok());
            prop_assert_eq!(all.0, fields);
        }
    }
}

/// Numbers of entries are 16 bits wide, and come again.
#[test]
fn the_numbers_of_entries_wrap() {
    let mut encoder = Encoder::new();
    let mut decoder = Decoder::new(4096);
    for number in 0..70_000_u32 {
        let value = HeaderValue::from(number);
        let mut block = Vec::new();
        write(&mut encoder, &mut block, "server", &value);
        write(&mut encoder, &mut block, "server", &value);
        assert_eq!(block.last(), Some(&0xbe));
        let mut all = All::default();
        decoder.decode(&block, &mut all).unwrap();
        assert!(all.0.iter().all(|(_, read)| read == value.as_bytes()));
    }
}
