//! Headers that end at this hop (RFC 9110 §7.6.1), in both directions.

use http::header::{
    CONNECTION, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue};
use soe503_h1::Connection;

use super::forwarded::is_forwarding;

/// Connection-specific fields that older software sends without naming them in `Connection`.
static ALWAYS: [HeaderName; 8] = [
    TRANSFER_ENCODING,
    UPGRADE,
    TE,
    TRAILER,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Removes hop-by-hop fields and every field that `Connection` names.
///
/// Message framing is rebuilt from the parsed body, so `Transfer-Encoding` goes too. `Trailer` is
/// removed with the rest: the trailers themselves are frames of the body and stay.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let mut connection = Named::Nothing;
    let mut others = false;
    for (name, value) in headers.iter() {
        // One look at the length spares most names the comparison.
        if LENGTHS >> name.as_str().len().min(63) & 1 == 1 {
            if *name == CONNECTION {
                connection = connection.and(value);
            } else {
                others |= ALWAYS.contains(name);
            }
        }
    }
    match connection {
        Named::Nothing => {}
        Named::NoField => {
            headers.remove(CONNECTION);
        }
        Named::Fields => strip_named(headers),
    }
    if others {
        for name in &ALWAYS {
            headers.remove(name);
        }
    }
}

/// The same for a head whose parser has looked already: `Connection` and `Transfer-Encoding` are
/// not in the map any more.
pub(crate) fn strip_parsed(headers: &mut HeaderMap, connection: &Connection) {
    if connection.hop_by_hop {
        for name in &ALWAYS {
            headers.remove(name);
        }
    }
    for name in connection
        .named
        .iter()
        .flatten()
        .filter(|name| may_be_named(name))
    {
        headers.remove(name);
    }
}

/// What `Connection` says.
#[derive(Clone, Copy)]
enum Named {
    /// It is not there.
    Nothing,
    /// `keep-alive` or `close`: by far the most frequent values, and they name no field.
    NoField,
    /// Perhaps names of fields.
    Fields,
}

impl Named {
    fn and(self, value: &HeaderValue) -> Self {
        match (self, value.as_bytes()) {
            (Self::Nothing, b"keep-alive" | b"close") => Self::NoField,
            _ => Self::Fields,
        }
    }
}

/// The lengths of all names above, and of `connection`, as a set of bits.
const LENGTHS: u64 = {
    let names = [
        "connection",
        "transfer-encoding",
        "upgrade",
        "te",
        "trailer",
        "proxy-authenticate",
        "proxy-authorization",
        "keep-alive",
        "proxy-connection",
    ];
    let mut set = 0;
    let mut index = 0;
    while index < names.len() {
        set |= 1 << names[index].len();
        index += 1;
    }
    set
};

/// Fields named by `Connection`, and `Connection` itself.
fn strip_named(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|name| {
            !name.eq_ignore_ascii_case("close") && !name.eq_ignore_ascii_case("keep-alive")
        })
        .filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok())
        .filter(may_be_named)
        .collect();
    for name in named {
        headers.remove(name);
    }
    headers.remove(CONNECTION);
}

/// Fields that a client must not be able to remove by naming them: they carry the request's
/// identity and meaning, and dropping them changes what the backend sees (the `Connection: host`
/// family of attacks).
fn may_be_named(name: &HeaderName) -> bool {
    !matches!(
        name.as_str(),
        "host"
            | "content-length"
            | "content-type"
            | "authorization"
            | "cookie"
            | "cache-control"
            | "x-request-id"
            | "via"
            | "traceparent"
            | "tracestate"
            | "b3"
    ) && !name.as_str().starts_with("x-b3-")
        && !is_forwarding(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect()
    }

    #[test]
    fn strips_hop_by_hop_and_what_connection_names() {
        type Fields = &'static [(&'static str, &'static str)];
        let cases: &[(Fields, &[&str])] = &[
            (&[("accept", "*/*")], &["accept"]),
            (&[("connection", "close"), ("accept", "*/*")], &["accept"]),
            (
                &[
                    ("connection", "keep-alive, X-Secret"),
                    ("x-secret", "1"),
                    ("x-other", "2"),
                ],
                &["x-other"],
            ),
            (
                &[
                    ("keep-alive", "timeout=5"),
                    ("te", "trailers"),
                    ("upgrade", "h2c"),
                    ("a", "b"),
                ],
                &["a"],
            ),
            (
                &[
                    ("proxy-connection", "keep-alive"),
                    ("proxy-authorization", "x"),
                ],
                &[],
            ),
            (&[("transfer-encoding", "chunked"), ("trailer", "x")], &[]),
            (
                &[
                    ("connection", "host, content-length"),
                    ("host", "a"),
                    ("content-length", "1"),
                ],
                &["host", "content-length"],
            ),
        ];
        for (given, kept) in cases {
            let mut map = headers(given);
            strip(&mut map);
            let mut names: Vec<&str> = map.keys().map(HeaderName::as_str).collect();
            let mut kept = kept.to_vec();
            names.sort_unstable();
            kept.sort_unstable();
            assert_eq!(names, kept, "{given:?}");
        }
    }
}
