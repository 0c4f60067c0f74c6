//! The Huffman code of RFC 7541, appendix B, which is canonical: the lengths are all there is to know.
//!
//! Symbols of up to eight bits, which are all that text usually has, are found by the next eight
//! bits at once. A longer one's length is found by comparison: codes grow with their length.

/// The symbol that ends nothing: it must not occur (RFC 7541 §5.2).
const EOS: usize = 256;

/// Appends the text that `coded` stands for. `None`: the padding is longer than seven bits or has
/// a zero in it, or the end-of-string symbol occurs.
pub(super) fn decode(mut coded: &[u8], out: &mut Vec<u8>) -> Option<()> {
    // The next bits, from the highest one on, and how many of them are left. Those after the
    // last are ones, like a padding.
    let mut bits = u64::MAX;
    let mut left = 0_u32;
    loop {
        if left < 32 {
            if let Some((next, rest)) = coded.split_first_chunk::<4>() {
                bits = append(bits, left, u64::from(u32::from_be_bytes(*next)), 32);
                left += 32;
                coded = rest;
            } else {
                while let Some((&next, rest)) = coded.split_first() {
                    bits = append(bits, left, u64::from(next), 8);
                    left += 8;
                    coded = rest;
                }
            }
        }
        let (symbol, len) = match SHORT[(bits >> 56) as usize] {
            [_, 0] => long(bits),
            [symbol, len] => (usize::from(symbol), u32::from(len)),
        };
        if len > left {
            // Eight or more ones are no padding, and a zero among fewer is none either.
            return (left < 8 && bits == u64::MAX).then_some(());
        }
        if symbol == EOS {
            return None;
        }
        out.push(symbol as u8);
        bits = bits << len | ((1 << len) - 1);
        left -= len;
    }
}

/// `bits`, of which `left` are taken, with `count` more.
#[inline(always)]
fn append(bits: u64, left: u32, next: u64, count: u32) -> u64 {
    let room = 64 - left - count;
    let ones = (1 << count) - 1;
    bits & !(ones << room) | next << room
}

/// The symbol of more than eight bits that `bits` begin with, and its length.
fn long(bits: u64) -> (usize, u32) {
    let code = (bits >> 34) as u32;
    let mut len = 9;
    while len < 30 && code >= CODE.ends[len] {
        len += 1;
    }
    let place = CODE.places[len] + ((code - CODE.firsts[len]) >> (30 - len));
    (usize::from(CODE.symbols[place as usize]), len as u32)
}

/// The code: for each length its first code and the one after its last, filled up to 30 bits, and
/// the symbols in the order of their codes.
struct Code {
    firsts: [u32; 31],
    ends: [u32; 31],
    places: [u32; 31],
    symbols: [u16; EOS + 1],
}

static CODE: Code = {
    let mut code = Code {
        firsts: [0; 31],
        ends: [0; 31],
        places: [0; 31],
        symbols: [0; EOS + 1],
    };
    let mut next = 0_u32;
    let mut place = 0;
    let mut len = 1;
    while len <= 30 {
        code.firsts[len] = next;
        code.places[len] = place as u32;
        let mut symbol = 0;
        while symbol <= EOS {
            if LENGTHS[symbol] as usize == len {
                code.symbols[place] = symbol as u16;
                place += 1;
                next += 1 << (30 - len);
            }
            symbol += 1;
        }
        code.ends[len] = next;
        len += 1;
    }
    assert!(next == 1 << 30, "the code is complete");
    code
};

/// The symbol and its length by the next eight bits; a length of 0: the symbol is longer.
static SHORT: [[u8; 2]; 256] = {
    let mut short = [[0; 2]; 256];
    let mut at = 0;
    let mut place = 0;
    while place <= EOS {
        let symbol = CODE.symbols[place] as usize;
        let len = LENGTHS[symbol];
        if len <= 8 {
            let mut same = 0;
            while same < 1 << (8 - len) {
                short[at] = [symbol as u8, len];
                at += 1;
                same += 1;
            }
        }
        place += 1;
    }
    short
};

/// How many bits the code of each symbol has.
#[rustfmt::skip]
const LENGTHS: [u8; EOS + 1] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28,
    28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11,
    10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8,
    15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5,
    6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23,
    23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21,
    23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25,
    26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26,
    28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

#[cfg(test)]
#[path = "huffman_tests.rs"]
pub(super) mod tests;
