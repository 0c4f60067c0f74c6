//! Field names that are found without an allocation and with two comparisons, and what they mean here.
//!
//! Both directions look names up: the decoder for those that come as text, the encoder to know how a
//! field is best written. A name that is not in the table is the work of [`HeaderName::from_lowercase`].

use http::HeaderName;

/// What a field means to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing.
    Plain,
    /// Nothing, but it does not belong into a trailer section (RFC 9110 §6.5.1).
    Leading,
    Host,
    Cookie,
    ContentLength,
    Te,
    /// It concerns one HTTP/1 connection, and makes a message malformed (RFC 9113 §8.2.2).
    Connection,
}

/// How a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Its values repeat: into the dynamic table.
    Index,
    /// Its values repeat on some connections: into the dynamic table the second time.
    Repeated,
    /// Each message has its own value: a literal, not indexed.
    Literal,
    /// A secret: a literal that no hop may index (RFC 7541 §7.1.3).
    Never,
    /// A secret if it is short, else [`Policy::Repeated`].
    Cookie,
    /// `date`: as [`Policy::Repeated`], and nobody need add one.
    Date,
    /// `grpc-timeout`: a literal, unless the caller knows a better one.
    Deadline,
    /// Never written from a map.
    Omit,
}

/// A name of the table.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) name: HeaderName,
    pub(crate) kind: Kind,
    pub(crate) policy: Policy,
    /// Where the static table has the name (RFC 7541, appendix A); 0: it has not.
    pub(crate) index: u8,
    text: &'static str,
    words: [u64; 2],
}

/// A name to be written, looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    pub(crate) text: &'a [u8],
    /// Its [`words`].
    pub(super) words: [u64; 2],
    pub(crate) known: Option<&'static Known>,
}

impl<'a> Named<'a> {
    #[inline]
    pub(crate) fn new(name: &'a HeaderName) -> Self {
        let text = name.as_str().as_bytes();
        let words = words(text);
        Self {
            text,
            words,
            known: find(text, words),
        }
    }

    /// How its fields are written: others than those of the table may repeat or not, which the encoder
    /// has to find out.
    #[inline]
    pub(crate) fn policy(&self) -> Policy {
        match self.known {
            Some(known) => known.policy,
            None => Policy::Repeated,
        }
    }
}

/// The table's row for `name`, which must be in lower case; `words` are its [`words`].
#[inline]
pub(super) fn find(name: &[u8], words: [u64; 2]) -> Option<&'static Known> {
    // A slot that is not taken leads to the first row, which then differs.
    let known = &NAMES[SLOTS[slot(words, name.len())] as usize];
    let same = known.text.len() == name.len()
        && words == known.words
        && (name.len() <= 16 || middle(name) == middle(known.text.as_bytes()));
    same.then_some(known)
}

/// What a name that is not in the table means.
pub(crate) fn other(name: &str) -> Kind {
    if name.starts_with("x-forwarded-") || name.starts_with("if-") {
        Kind::Leading
    } else {
        Kind::Plain
    }
}

/// What [`words`] leaves out of a long name.
fn middle(name: &[u8]) -> &[u8] {
    &name[8..name.len() - 8]
}

/// The first and the last eight bytes, which overlap or are fewer in a short text: together with the
/// length they are the whole of a text of up to 16 bytes.
#[inline]
pub(super) const fn words(text: &[u8]) -> [u64; 2] {
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return [u64::from_le_bytes(*first), u64::from_le_bytes(*last)];
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return [
            u32::from_le_bytes(*first) as u64,
            u32::from_le_bytes(*last) as u64,
        ];
    }
    if text.is_empty() {
        return [0, 0];
    }
    let last = text[text.len() - 1] as u64;
    [text[0] as u64, text[text.len() / 2] as u64 | last << 8]
}

/// A slot of [`SLOTS`].
const fn slot(words: [u64; 2], len: usize) -> usize {
    /// Found by trial: no two names of the table share a slot.
    const FACTOR: u64 = 0xbc65_f6c0_3e4f_81fd;
    let mixed = words[0] ^ words[1].rotate_left(32) ^ len as u64;
    (mixed.wrapping_mul(FACTOR) >> 54) as usize
}

const fn row(text: &'static str, index: u8, kind: Kind, policy: Policy) -> Known {
    Known {
        name: HeaderName::from_static(text),
        kind,
        policy,
        index,
        text,
        words: words(text.as_bytes()),
    }
}

/// Where in [`NAMES`] a slot's name stands.
static SLOTS: [u8; 1024] = {
    let mut slots = [0; 1024];
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
static NAMES: [Known; 118] = [
    row("accept", 19, Kind::Plain, Policy::Index),
    row("accept-charset", 15, Kind::Plain, Policy::Index),
    row("accept-encoding", 16, Kind::Plain, Policy::Index),
    row("accept-language", 17, Kind::Plain, Policy::Index),
    row("accept-ranges", 18, Kind::Plain, Policy::Index),
    row("access-control-allow-credentials", 0, Kind::Plain, Policy::Index),
    row("access-control-allow-headers", 0, Kind::Plain, Policy::Index),
    row("access-control-allow-methods", 0, Kind::Plain, Policy::Index),
    row("access-control-allow-origin", 20, Kind::Plain, Policy::Repeated),
    row("access-control-expose-headers", 0, Kind::Plain, Policy::Index),
    row("access-control-max-age", 0, Kind::Plain, Policy::Index),
    row("access-control-request-headers", 0, Kind::Plain, Policy::Index),
    row("access-control-request-method", 0, Kind::Plain, Policy::Index),
    row("age", 21, Kind::Plain, Policy::Literal),
    row("allow", 22, Kind::Plain, Policy::Index),
    row("alt-svc", 0, Kind::Plain, Policy::Index),
    row("authorization", 23, Kind::Leading, Policy::Never),
    row("cache-control", 24, Kind::Leading, Policy::Index),
    row("cache-status", 0, Kind::Plain, Policy::Repeated),
    row("cdn-cache-control", 0, Kind::Plain, Policy::Index),
    row("connection", 0, Kind::Connection, Policy::Omit),
    row("content-disposition", 25, Kind::Plain, Policy::Literal),
    row("content-encoding", 26, Kind::Leading, Policy::Index),
    row("content-language", 27, Kind::Plain, Policy::Index),
    row("content-length", 28, Kind::ContentLength, Policy::Literal),
    row("content-location", 29, Kind::Plain, Policy::Repeated),
    row("content-range", 30, Kind::Leading, Policy::Literal),
    row("content-security-policy", 0, Kind::Plain, Policy::Index),
    row("content-security-policy-report-only", 0, Kind::Plain, Policy::Index),
    row("content-type", 31, Kind::Leading, Policy::Index),
    row("cookie", 32, Kind::Cookie, Policy::Cookie),
    row("cross-origin-opener-policy", 0, Kind::Plain, Policy::Index),
    row("cross-origin-resource-policy", 0, Kind::Plain, Policy::Index),
    row("date", 33, Kind::Plain, Policy::Date),
    row("dnt", 0, Kind::Plain, Policy::Index),
    row("etag", 34, Kind::Plain, Policy::Literal),
    row("expect", 35, Kind::Leading, Policy::Index),
    row("expires", 36, Kind::Plain, Policy::Literal),
    row("forwarded", 0, Kind::Leading, Policy::Repeated),
    row("from", 37, Kind::Plain, Policy::Index),
    row("grpc-accept-encoding", 0, Kind::Plain, Policy::Index),
    row("grpc-encoding", 0, Kind::Plain, Policy::Index),
    row("grpc-message", 0, Kind::Plain, Policy::Literal),
    row("grpc-status", 0, Kind::Plain, Policy::Index),
    row("grpc-timeout", 0, Kind::Plain, Policy::Deadline),
    row("host", 38, Kind::Host, Policy::Omit),
    row("http2-settings", 0, Kind::Plain, Policy::Index),
    row("if-match", 39, Kind::Leading, Policy::Literal),
    row("if-modified-since", 40, Kind::Leading, Policy::Literal),
    row("if-none-match", 41, Kind::Leading, Policy::Literal),
    row("if-range", 42, Kind::Leading, Policy::Literal),
    row("if-unmodified-since", 43, Kind::Leading, Policy::Literal),
    row("keep-alive", 0, Kind::Connection, Policy::Omit),
    row("last-modified", 44, Kind::Plain, Policy::Literal),
    row("link", 45, Kind::Plain, Policy::Repeated),
    row("location", 46, Kind::Plain, Policy::Repeated),
    row("max-forwards", 47, Kind::Leading, Policy::Index),
    row("nel", 0, Kind::Plain, Policy::Index),
    row("origin", 0, Kind::Plain, Policy::Repeated),
    row("permissions-policy", 0, Kind::Plain, Policy::Index),
    row("pragma", 0, Kind::Plain, Policy::Index),
    row("priority", 0, Kind::Plain, Policy::Index),
    row("proxy-authenticate", 48, Kind::Leading, Policy::Index),
    row("proxy-authorization", 49, Kind::Leading, Policy::Never),
    row("proxy-connection", 0, Kind::Connection, Policy::Omit),
    row("range", 50, Kind::Leading, Policy::Literal),
    row("referer", 51, Kind::Plain, Policy::Repeated),
    row("referrer-policy", 0, Kind::Plain, Policy::Index),
    row("refresh", 52, Kind::Plain, Policy::Repeated),
    row("report-to", 0, Kind::Plain, Policy::Index),
    row("retry-after", 53, Kind::Plain, Policy::Repeated),
    row("save-data", 0, Kind::Plain, Policy::Index),
    row("sec-ch-ua", 0, Kind::Plain, Policy::Index),
    row("sec-ch-ua-mobile", 0, Kind::Plain, Policy::Index),
    row("sec-ch-ua-platform", 0, Kind::Plain, Policy::Index),
    row("sec-fetch-dest", 0, Kind::Plain, Policy::Index),
    row("sec-fetch-mode", 0, Kind::Plain, Policy::Index),
    row("sec-fetch-site", 0, Kind::Plain, Policy::Index),
    row("sec-fetch-user", 0, Kind::Plain, Policy::Index),
    row("sec-websocket-accept", 0, Kind::Plain, Policy::Literal),
    row("sec-websocket-extensions", 0, Kind::Plain, Policy::Index),
    row("sec-websocket-key", 0, Kind::Plain, Policy::Literal),
    row("sec-websocket-protocol", 0, Kind::Plain, Policy::Index),
    row("sec-websocket-version", 0, Kind::Plain, Policy::Index),
    row("server", 54, Kind::Plain, Policy::Index),
    row("server-timing", 0, Kind::Plain, Policy::Literal),
    row("set-cookie", 55, Kind::Leading, Policy::Never),
    row("strict-transport-security", 56, Kind::Plain, Policy::Index),
    row("te", 0, Kind::Te, Policy::Omit),
    row("traceparent", 0, Kind::Plain, Policy::Literal),
    row("tracestate", 0, Kind::Plain, Policy::Literal),
    row("trailer", 0, Kind::Leading, Policy::Index),
    row("transfer-encoding", 57, Kind::Connection, Policy::Omit),
    row("upgrade", 0, Kind::Connection, Policy::Omit),
    row("upgrade-insecure-requests", 0, Kind::Plain, Policy::Index),
    row("user-agent", 58, Kind::Plain, Policy::Repeated),
    row("vary", 59, Kind::Plain, Policy::Index),
    row("via", 60, Kind::Plain, Policy::Index),
    row("warning", 0, Kind::Plain, Policy::Index),
    row("www-authenticate", 61, Kind::Leading, Policy::Index),
    row("x-amzn-trace-id", 0, Kind::Plain, Policy::Literal),
    row("x-api-key", 0, Kind::Plain, Policy::Repeated),
    row("x-cache", 0, Kind::Plain, Policy::Index),
    row("x-content-type-options", 0, Kind::Plain, Policy::Index),
    row("x-correlation-id", 0, Kind::Plain, Policy::Literal),
    row("x-csrf-token", 0, Kind::Plain, Policy::Literal),
    row("x-dns-prefetch-control", 0, Kind::Plain, Policy::Index),
    row("x-forwarded-for", 0, Kind::Leading, Policy::Repeated),
    row("x-forwarded-host", 0, Kind::Leading, Policy::Index),
    row("x-forwarded-port", 0, Kind::Leading, Policy::Index),
    row("x-forwarded-proto", 0, Kind::Leading, Policy::Index),
    row("x-frame-options", 0, Kind::Plain, Policy::Index),
    row("x-powered-by", 0, Kind::Plain, Policy::Index),
    row("x-real-ip", 0, Kind::Plain, Policy::Repeated),
    row("x-request-id", 0, Kind::Plain, Policy::Literal),
    row("x-requested-with", 0, Kind::Plain, Policy::Index),
    row("x-trace-id", 0, Kind::Plain, Policy::Literal),
    row("x-xss-protection", 0, Kind::Plain, Policy::Index),
];

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
