//! Field names that are found without an allocation and with two comparisons.
//!
//! [`HeaderName::from_bytes`] would do for all of them, at four times the price, and those that it has no
//! constant for would be allocated anew for each message. A name that is not in the table is its work
//! still.

use http::HeaderName;

/// What a field means to the framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing.
    Plain,
    Host,
    Expect,
    Connection,
    ContentLength,
    TransferEncoding,
    Upgrade,
    /// One of the others that concern one connection only.
    HopByHop,
}

/// A name of the table.
pub(crate) struct Entry {
    pub(crate) name: HeaderName,
    pub(crate) kind: Kind,
    text: &'static str,
    /// The text as [`words`], and where in them letters stand.
    words: [u64; 2],
    letters: [u64; 2],
}

/// The table's row for `name`, whatever its letters' case.
pub(crate) fn find(name: &[u8]) -> Option<&'static Entry> {
    if name.is_empty() {
        return None;
    }
    let words = words(name);
    // A slot that is not taken leads to the first row, which then differs.
    let entry = &NAMES[SLOTS[slot(words, name.len())] as usize];
    let same = entry.text.len() == name.len()
        && words[0] | entry.letters[0] == entry.words[0]
        && words[1] | entry.letters[1] == entry.words[1]
        && (name.len() <= 16 || middle(name).eq_ignore_ascii_case(middle(entry.text.as_bytes())));
    same.then_some(entry)
}

/// What [`words`] leaves out of a long name.
fn middle(name: &[u8]) -> &[u8] {
    &name[8..name.len() - 8]
}

/// The first and the last eight bytes, which overlap or are fewer in a short name: together with the
/// length they are the whole of a name of up to 16 bytes.
const fn words(name: &[u8]) -> [u64; 2] {
    if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        return [u64::from_le_bytes(*first), u64::from_le_bytes(*last)];
    }
    if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        return [
            u32::from_le_bytes(*first) as u64,
            u32::from_le_bytes(*last) as u64,
        ];
    }
    let last = name[name.len() - 1] as u64;
    [name[0] as u64, name[name.len() / 2] as u64 | last << 8]
}

/// A slot of [`SLOTS`], the same for letters of either case.
const fn slot(words: [u64; 2], len: usize) -> usize {
    /// Found by trial: no two names of the table share a slot.
    const FACTOR: u64 = 0x5861_12eb_31e6_91ad;
    const LOWER: u64 = u64::from_ne_bytes([0x20; 8]);
    let mixed = (words[0] | LOWER) ^ (words[1] | LOWER).rotate_left(32) ^ len as u64;
    (mixed.wrapping_mul(FACTOR) >> 55) as usize
}

/// A bit 0x20 for each byte of `text` that is a letter: the bit in which the cases differ.
const fn letters(text: &str) -> [u64; 2] {
    let mut bits = [0_u8; 64];
    let mut at = 0;
    while at < text.len() {
        if text.as_bytes()[at].is_ascii_lowercase() {
            bits[at] = 0x20;
        }
        at += 1;
    }
    words(bits.split_at(text.len()).0)
}

const fn entry(text: &'static str, kind: Kind) -> Entry {
    let name = HeaderName::from_static(text);
    Entry {
        name,
        kind,
        text,
        words: words(text.as_bytes()),
        letters: letters(text),
    }
}

/// Where in [`NAMES`] a slot's name stands.
static SLOTS: [u8; 512] = {
    let mut slots = [0; 512];
    let mut at = 0;
    while at < NAMES.len() {
        let slot = slot(NAMES[at].words, NAMES[at].text.len());
        assert!(
            slots[slot] == 0,
            "two names share a slot: another FACTOR is needed"
        );
        slots[slot] = at as u8;
        at += 1;
    }
    slots
};

/// The standard names of [`http::header`], and others that are often met.
#[rustfmt::skip]
static NAMES: [Entry; 109] = [
    entry("accept", Kind::Plain),
    entry("accept-charset", Kind::Plain),
    entry("accept-encoding", Kind::Plain),
    entry("accept-language", Kind::Plain),
    entry("accept-ranges", Kind::Plain),
    entry("access-control-allow-credentials", Kind::Plain),
    entry("access-control-allow-headers", Kind::Plain),
    entry("access-control-allow-methods", Kind::Plain),
    entry("access-control-allow-origin", Kind::Plain),
    entry("access-control-expose-headers", Kind::Plain),
    entry("access-control-max-age", Kind::Plain),
    entry("access-control-request-headers", Kind::Plain),
    entry("access-control-request-method", Kind::Plain),
    entry("age", Kind::Plain),
    entry("allow", Kind::Plain),
    entry("alt-svc", Kind::Plain),
    entry("authorization", Kind::Plain),
    entry("cache-control", Kind::Plain),
    entry("cache-status", Kind::Plain),
    entry("cdn-cache-control", Kind::Plain),
    entry("connection", Kind::Connection),
    entry("content-disposition", Kind::Plain),
    entry("content-encoding", Kind::Plain),
    entry("content-language", Kind::Plain),
    entry("content-length", Kind::ContentLength),
    entry("content-location", Kind::Plain),
    entry("content-range", Kind::Plain),
    entry("content-security-policy", Kind::Plain),
    entry("content-security-policy-report-only", Kind::Plain),
    entry("content-type", Kind::Plain),
    entry("cookie", Kind::Plain),
    entry("cross-origin-opener-policy", Kind::Plain),
    entry("cross-origin-resource-policy", Kind::Plain),
    entry("date", Kind::Plain),
    entry("dnt", Kind::Plain),
    entry("etag", Kind::Plain),
    entry("expect", Kind::Expect),
    entry("expires", Kind::Plain),
    entry("forwarded", Kind::Plain),
    entry("from", Kind::Plain),
    entry("host", Kind::Host),
    entry("if-match", Kind::Plain),
    entry("if-modified-since", Kind::Plain),
    entry("if-none-match", Kind::Plain),
    entry("if-range", Kind::Plain),
    entry("if-unmodified-since", Kind::Plain),
    entry("keep-alive", Kind::HopByHop),
    entry("last-modified", Kind::Plain),
    entry("link", Kind::Plain),
    entry("location", Kind::Plain),
    entry("max-forwards", Kind::Plain),
    entry("nel", Kind::Plain),
    entry("origin", Kind::Plain),
    entry("permissions-policy", Kind::Plain),
    entry("pragma", Kind::Plain),
    entry("priority", Kind::Plain),
    entry("proxy-authenticate", Kind::HopByHop),
    entry("proxy-authorization", Kind::HopByHop),
    entry("proxy-connection", Kind::HopByHop),
    entry("range", Kind::Plain),
    entry("referer", Kind::Plain),
    entry("referrer-policy", Kind::Plain),
    entry("refresh", Kind::Plain),
    entry("report-to", Kind::Plain),
    entry("retry-after", Kind::Plain),
    entry("save-data", Kind::Plain),
    entry("sec-ch-ua", Kind::Plain),
    entry("sec-ch-ua-mobile", Kind::Plain),
    entry("sec-ch-ua-platform", Kind::Plain),
    entry("sec-fetch-dest", Kind::Plain),
    entry("sec-fetch-mode", Kind::Plain),
    entry("sec-fetch-site", Kind::Plain),
    entry("sec-fetch-user", Kind::Plain),
    entry("sec-websocket-accept", Kind::Plain),
    entry("sec-websocket-extensions", Kind::Plain),
    entry("sec-websocket-key", Kind::Plain),
    entry("sec-websocket-protocol", Kind::Plain),
    entry("sec-websocket-version", Kind::Plain),
    entry("server", Kind::Plain),
    entry("server-timing", Kind::Plain),
    entry("set-cookie", Kind::Plain),
    entry("strict-transport-security", Kind::Plain),
    entry("te", Kind::HopByHop),
    entry("traceparent", Kind::Plain),
    entry("tracestate", Kind::Plain),
    entry("trailer", Kind::HopByHop),
    entry("transfer-encoding", Kind::TransferEncoding),
    entry("upgrade", Kind::Upgrade),
    entry("upgrade-insecure-requests", Kind::Plain),
    entry("user-agent", Kind::Plain),
    entry("vary", Kind::Plain),
    entry("via", Kind::Plain),
    entry("warning", Kind::Plain),
    entry("www-authenticate", Kind::Plain),
    entry("x-api-key", Kind::Plain),
    entry("x-cache", Kind::Plain),
    entry("x-content-type-options", Kind::Plain),
    entry("x-csrf-token", Kind::Plain),
    entry("x-dns-prefetch-control", Kind::Plain),
    entry("x-forwarded-for", Kind::Plain),
    entry("x-forwarded-host", Kind::Plain),
    entry("x-forwarded-port", Kind::Plain),
    entry("x-forwarded-proto", Kind::Plain),
    entry("x-frame-options", Kind::Plain),
    entry("x-powered-by", Kind::Plain),
    entry("x-real-ip", Kind::Plain),
    entry("x-request-id", Kind::Plain),
    entry("x-requested-with", Kind::Plain),
    entry("x-xss-protection", Kind::Plain),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_found_in_any_case() {
        for entry in &NAMES {
            let upper = entry.text.to_ascii_uppercase();
            let mixed: String = entry
                .text
                .chars()
                .enumerate()
                .map(|(at, letter)| {
                    if at % 3 == 0 {
                        letter.to_ascii_uppercase()
                    } else {
                        letter
                    }
                })
                .collect();
            for name in [entry.text, &upper, &mixed] {
                let found = find(name.as_bytes()).unwrap_or_else(|| panic!("{name}"));
                assert_eq!(found.name, entry.name);
                assert_eq!(found.name, HeaderName::from_bytes(name.as_bytes()).unwrap());
            }
        }
    }

    /// The bit that tells letters' cases apart tells CR from a hyphen, and `P` from 0x10, as well.
    #[test]
    fn a_name_that_differs_in_one_bit_is_another() {
        for entry in &NAMES {
            for at in 0..entry.text.len() {
                for bit in 0..8 {
                    let mut name = entry.text.as_bytes().to_vec();
                    name[at] ^= 1 << bit;
                    let same = name.eq_ignore_ascii_case(entry.text.as_bytes());
                    let found = find(&name).is_some_and(|found| found.text == entry.text);
                    assert_eq!(found, same, "{}", name.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn names_of_any_length_are_looked_for() {
        for len in 0..80 {
            assert!(find(&vec![b'q'; len]).is_none());
        }
    }

    /// A field that frames a message and is not in the table would be passed on unseen.
    #[test]
    fn what_frames_a_message_is_known() {
        for (name, kind) in [
            ("host", Kind::Host),
            ("expect", Kind::Expect),
            ("connection", Kind::Connection),
            ("content-length", Kind::ContentLength),
            ("transfer-encoding", Kind::TransferEncoding),
            ("upgrade", Kind::Upgrade),
            ("te", Kind::HopByHop),
            ("trailer", Kind::HopByHop),
            ("keep-alive", Kind::HopByHop),
            ("proxy-connection", Kind::HopByHop),
            ("proxy-authenticate", Kind::HopByHop),
            ("proxy-authorization", Kind::HopByHop),
        ] {
            assert_eq!(
                find(name.as_bytes()).map(|found| found.kind),
                Some(kind),
                "{name}"
            );
        }
        let known = NAMES
            .iter()
            .filter(|entry| entry.kind != Kind::Plain)
            .count();
        assert_eq!(known, 12);
    }
}
