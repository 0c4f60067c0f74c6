//! The static table (RFC 7541, appendix A).

use http::header::{HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, StatusCode};

use super::field::{Entry, Field};
use super::names::Kind;

/// The static table's entry with this index, which counts from 1.
#[inline]
pub(super) fn get(index: usize) -> Option<&'static Entry> {
    ENTRIES.get(index.wrapping_sub(1))
}

/// The entries; the dynamic table's follow.
pub(crate) const LEN: usize = 61;

const fn pseudo(field: Field, name: &str, value: &str) -> Entry {
    Entry {
        field,
        name_len: name.len() as u32,
        size: (name.len() + value.len()) as u32 + 32,
    }
}

const fn status(status: StatusCode) -> Entry {
    pseudo(Field::Status(status), ":status", "200")
}

const fn path(path: &'static str) -> Entry {
    pseudo(Field::Path(PathAndQuery::from_static(path)), ":path", path)
}

const fn field(name: &'static str, value: &'static str, kind: Kind) -> Entry {
    let field = Field::Regular(
        HeaderName::from_static(name),
        HeaderValue::from_static(value),
        kind,
    );
    pseudo(field, name, value)
}

#[rustfmt::skip]
static ENTRIES: [Entry; LEN] = [
    pseudo(Field::Authority(HeaderValue::from_static("")), ":authority", ""),
    pseudo(Field::Method(Method::GET), ":method", "GET"),
    pseudo(Field::Method(Method::POST), ":method", "POST"),
    path("/"),
    path("/index.html"),
    pseudo(Field::Scheme { https: false }, ":scheme", "http"),
    pseudo(Field::Scheme { https: true }, ":scheme", "https"),
    status(StatusCode::OK),
    status(StatusCode::NO_CONTENT),
    status(StatusCode::PARTIAL_CONTENT),
    status(StatusCode::NOT_MODIFIED),
    status(StatusCode::BAD_REQUEST),
    status(StatusCode::NOT_FOUND),
    status(StatusCode::INTERNAL_SERVER_ERROR),
    field("accept-charset", "", Kind::Plain),
    field("accept-encoding", "gzip, deflate", Kind::Plain),
    field("accept-language", "", Kind::Plain),
    field("accept-ranges", "", Kind::Plain),
    field("accept", "", Kind::Plain),
    field("access-control-allow-origin", "", Kind::Plain),
    field("age", "", Kind::Plain),
    field("allow", "", Kind::Plain),
    field("authorization", "", Kind::Leading),
    field("cache-control", "", Kind::Leading),
    field("content-disposition", "", Kind::Plain),
    field("content-encoding", "", Kind::Leading),
    field("content-language", "", Kind::Plain),
    field("content-length", "", Kind::ContentLength),
    field("content-location", "", Kind::Plain),
    field("content-range", "", Kind::Leading),
    field("content-type", "", Kind::Leading),
    field("cookie", "", Kind::Cookie),
    field("date", "", Kind::Plain),
    field("etag", "", Kind::Plain),
    field("expect", "", Kind::Leading),
    field("expires", "", Kind::Plain),
    field("from", "", Kind::Plain),
    field("host", "", Kind::Host),
    field("if-match", "", Kind::Leading),
    field("if-modified-since", "", Kind::Leading),
    field("if-none-match", "", Kind::Leading),
    field("if-range", "", Kind::Leading),
    field("if-unmodified-since", "", Kind::Leading),
    field("last-modified", "", Kind::Plain),
    field("link", "", Kind::Plain),
    field("location", "", Kind::Plain),
    field("max-forwards", "", Kind::Leading),
    field("proxy-authenticate", "", Kind::Leading),
    field("proxy-authorization", "", Kind::Leading),
    field("range", "", Kind::Leading),
    field("referer", "", Kind::Plain),
    field("refresh", "", Kind::Plain),
    field("retry-after", "", Kind::Plain),
    field("server", "", Kind::Plain),
    field("set-cookie", "", Kind::Leading),
    field("strict-transport-security", "", Kind::Plain),
    field("transfer-encoding", "", Kind::Connection),
    field("user-agent", "", Kind::Plain),
    field("vary", "", Kind::Plain),
    field("via", "", Kind::Plain),
    field("www-authenticate", "", Kind::Leading),
];
