//! The Huffman code, against an encoder that goes bit by bit.

use proptest::prelude::*;

use super::*;

/// The code of a symbol, and its length.
fn code(symbol: usize) -> (u32, u8) {
    let len = LENGTHS[symbol];
    let place = CODE.symbols.iter().position(|&s| usize::from(s) == symbol);
    let nth = place.unwrap() as u32 - CODE.places[usize::from(len)];
    ((CODE.firsts[usize::from(len)] >> (30 - len)) + nth, len)
}

/// The bits of all symbols, and `padding` after them.
fn bits(symbols: &[usize], padding: &[bool]) -> Vec<bool> {
    let mut bits = Vec::new();
    for &symbol in symbols {
        let (code, len) = code(symbol);
        bits.extend((0..len).rev().map(|bit| code >> bit & 1 == 1));
    }
    bits.extend_from_slice(padding);
    bits
}

fn bytes(bits: &[bool]) -> Vec<u8> {
    assert!(bits.len().is_multiple_of(8));
    let byte = |bits: &[bool]| bits.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
    bits.chunks(8).map(byte).collect()
}

/// The text, coded.
pub(in crate::hpack) fn encode(text: &[u8]) -> Vec<u8> {
    let symbols: Vec<usize> = text.iter().map(|&byte| byte.into()).collect();
    let mut bits = bits(&symbols, &[]);
    bits.resize(bits.len().next_multiple_of(8), true);
    bytes(&bits)
}

fn decoded(coded: &[u8]) -> Option<Vec<u8>> {
    let mut out = b"before".to_vec();
    decode(coded, &mut out)?;
    Some(out.split_off(6))
}

/// RFC 7541, appendix B: some of its rows.
#[test]
fn codes_are_those_of_the_standard() {
    for (symbol, row) in [
        (0, (0x1ff8, 13)),
        (1, (0x007f_ffd8, 23)),
        (usize::from(b'0'), (0x0, 5)),
        (usize::from(b'a'), (0x3, 5)),
        (usize::from(b' '), (0x14, 6)),
        (usize::from(b':'), (0x5c, 7)),
        (usize::from(b'X'), (0xfc, 8)),
        (usize::from(b'!'), (0x3f8, 10)),
        (usize::from(b'|'), (0x7fc, 11)),
        (usize::from(b'~'), (0x1ffd, 13)),
        (usize::from(b'\\'), (0x7_fff0, 19)),
        (127, (0x0fff_fffc, 28)),
        (128, (0xfffe6, 20)),
        (199, (0x01ff_ffec, 25)),
        (255, (0x03ff_ffee, 26)),
        (249, (0x0fff_fffe, 28)),
        (10, (0x3fff_fffc, 30)),
        (22, (0x3fff_fffe, 30)),
        (EOS, (0x3fff_ffff, 30)),
    ] {
        assert_eq!(code(symbol), row, "{symbol}");
    }
}

#[test]
fn every_symbol_alone_and_among_others() {
    for byte in 0..=255 {
        for text in [vec![byte], vec![byte; 9], vec![b'a', byte, b'b', byte]] {
            assert_eq!(decoded(&encode(&text)).as_ref(), Some(&text));
        }
    }
    assert_eq!(decoded(&[]), Some(Vec::new()));
}

/// RFC 7541 §5.2: up to seven ones.
#[test]
fn padding() {
    for symbols in ["", "0", "01", "ab~", "www.example.com"] {
        let symbols: Vec<usize> = symbols.bytes().map(usize::from).collect();
        let used = bits(&symbols, &[]).len();
        for whole in 0..6 {
            let padding = used.next_multiple_of(8) - used + 8 * whole;
            let valid = bytes(&bits(&symbols, &vec![true; padding]));
            assert_eq!(decoded(&valid).is_some(), padding < 8, "{padding}");
            // No symbol is shorter than five bits, so that a zero among fewer makes none.
            for zero in 0..padding.min(5) {
                let mut bad = vec![true; padding];
                bad[zero] = false;
                let bad = decoded(&bytes(&bits(&symbols, &bad)));
                assert!(padding > 4 || bad.is_none(), "{padding} {zero}");
            }
        }
    }
}

#[test]
fn the_end_of_string_symbol_is_refused() {
    for before in ["", "a", "ab", "~~"] {
        let mut symbols: Vec<usize> = before.bytes().map(usize::from).collect();
        symbols.push(EOS);
        for after in ["", "a", "abc"] {
            let mut symbols = symbols.clone();
            symbols.extend(after.bytes().map(usize::from));
            let mut bits = bits(&symbols, &[]);
            bits.resize(bits.len().next_multiple_of(8), true);
            assert_eq!(decoded(&bytes(&bits)), None);
        }
    }
}

proptest! {
    #[test]
    fn what_is_coded_is_decoded(text in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(decoded(&encode(&text)), Some(text));
    }

    /// Hostile bytes do not panic, and what they decode to has no other code.
    #[test]
    fn any_bytes(coded in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Some(text) = decoded(&coded) {
            prop_assert_eq!(encode(&text), coded);
        }
    }
}
