//! Fields as the decoder hands them out: checked, and made.

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, StatusCode};

use super::names::{self, Kind};

/// A field.
#[derive(Clone, Debug)]
pub(crate) enum Field {
    Authority(HeaderValue),
    Method(Method),
    /// It begins with `/`, or is `*`.
    Path(PathAndQuery),
    Scheme {
        https: bool,
    },
    Status(StatusCode),
    Protocol(HeaderValue),
    Regular(HeaderName, HeaderValue, Kind),
    /// The name or the value is not allowed (RFC 9113 §8.2.1, §8.3).
    Malformed(Name),
}

/// A field's name.
#[derive(Clone, Debug)]
pub(crate) enum Name {
    Authority,
    Method,
    Path,
    Scheme,
    Status,
    Protocol,
    Regular(HeaderName, Kind),
    Malformed,
}

/// A field of a table.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) field: Field,
    /// The name's length, in bytes.
    pub(super) name_len: u32,
    /// The lengths of name and value, and 32 (RFC 7541 §4.1).
    pub(super) size: u32,
}

impl Name {
    /// The name with this text.
    #[inline]
    pub(super) fn parse(text: &[u8]) -> Self {
        if let Some(known) = names::find(text, names::words(text)) {
            return Self::Regular(known.name.clone(), known.kind);
        }
        match text {
            b":authority" => Self::Authority,
            b":method" => Self::Method,
            b":path" => Self::Path,
            b":scheme" => Self::Scheme,
            b":status" => Self::Status,
            b":protocol" => Self::Protocol,
            _ => HeaderName::from_lowercase(text).map_or(Self::Malformed, |name| {
                let kind = names::other(name.as_str());
                Self::Regular(name, kind)
            }),
        }
    }
}

impl Field {
    /// The field with this name and value. `secret`: no hop may index it (RFC 7541 §7.1.3).
    #[inline]
    pub(super) fn new(name: Name, value: Bytes, secret: bool) -> Self {
        match Self::make(&name, value, secret) {
            Some(field) => field,
            None => Self::Malformed(name),
        }
    }

    #[inline]
    fn make(name: &Name, value: Bytes, secret: bool) -> Option<Self> {
        Some(match name {
            Name::Regular(name, kind) => {
                Self::Regular(name.clone(), header_value(value, secret)?, *kind)
            }
            Name::Path => Self::Path(path(value)?),
            Name::Authority => Self::Authority(header_value(value, secret)?),
            Name::Method => Self::Method(Method::from_bytes(&value).ok()?),
            Name::Scheme => Self::Scheme {
                https: scheme(&value)?,
            },
            Name::Status => Self::Status(StatusCode::from_bytes(&value).ok()?),
            Name::Protocol => Self::Protocol(header_value(value, secret)?),
            Name::Malformed => return None,
        })
    }

    /// Its name.
    pub(super) fn name(&self) -> Name {
        match self {
            Self::Regular(name, _, kind) => Name::Regular(name.clone(), *kind),
            Self::Authority(_) => Name::Authority,
            Self::Method(_) => Name::Method,
            Self::Path(_) => Name::Path,
            Self::Scheme { .. } => Name::Scheme,
            Self::Status(_) => Name::Status,
            Self::Protocol(_) => Name::Protocol,
            Self::Malformed(name) => name.clone(),
        }
    }
}

/// White space around a value makes it malformed, as control characters in it do (RFC 9113 §8.2.1).
#[inline]
fn header_value(value: Bytes, secret: bool) -> Option<HeaderValue> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    if value.first().is_some_and(is_space) || value.last().is_some_and(is_space) {
        return None;
    }
    let mut value = HeaderValue::from_maybe_shared(value).ok()?;
    value.set_sensitive(secret);
    Some(value)
}

/// The origin form, or `*` (RFC 9113 §8.3.1): without a fragment, and in ASCII.
fn path(value: Bytes) -> Option<PathAndQuery> {
    let len = value.len();
    if !value.is_ascii() || !(value.first() == Some(&b'/') || *value == *b"*") {
        return None;
    }
    let path = PathAndQuery::from_maybe_shared(value).ok()?;
    // The type cuts a fragment off.
    (path.as_str().len() == len).then_some(path)
}

/// Is it `https`? There is nothing to be had here in another scheme than the two.
fn scheme(value: &[u8]) -> Option<bool> {
    if value.eq_ignore_ascii_case(b"https") {
        Some(true)
    } else {
        value.eq_ignore_ascii_case(b"http").then_some(false)
    }
}
