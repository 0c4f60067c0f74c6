//! What a backend is told about the way a request took.

use std::net::IpAddr;

use http::header::{Entry, HOST, HeaderName, VIA};
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, HeaderValue, Request};

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The fields that are the same for every request of one client connection.
#[derive(Debug)]
pub(crate) struct Forwarder {
    client: HeaderValue,
    scheme: HeaderValue,
}

impl Forwarder {
    /// For the client at this address, which came over TLS or not.
    pub(crate) fn new(client: IpAddr, tls: bool) -> Self {
        let client = client.to_canonical().to_string();
        Self {
            client: HeaderValue::try_from(client).unwrap_or(HeaderValue::from_static("unknown")),
            scheme: HeaderValue::from_static(if tls { "https" } else { "http" }),
        }
    }

    /// Appends the client to `X-Forwarded-For` and us to `Via` (RFC 9110 §7.6.3); says over which
    /// scheme the client came, unless a proxy before us did.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        append(headers, &X_FORWARDED_FOR, &self.client);
        append(headers, &VIA, &HeaderValue::from_static("1.1 soe503"));
        headers
            .entry(&X_FORWARDED_PROTO)
            .or_insert_with(|| self.scheme.clone());
    }
}

/// Extends a list field by one member, in one line as most backends expect it.
fn append(headers: &mut HeaderMap, name: &HeaderName, member: &HeaderValue) {
    match headers.entry(name) {
        Entry::Vacant(vacant) => {
            vacant.insert(member.clone());
        }
        Entry::Occupied(mut occupied) => {
            let mut line = Vec::new();
            for present in occupied.iter() {
                line.extend_from_slice(present.as_bytes());
                line.extend_from_slice(b", ");
            }
            line.extend_from_slice(member.as_bytes());
            if let Ok(value) = HeaderValue::from_bytes(&line) {
                occupied.insert(value);
            }
        }
    }
}

/// Puts the request in the form a backend expects: `Host` set, target in origin-form.
///
/// HTTP/2 and absolute-form requests carry the authority in the URI; RFC 9112 §3.2.2 lets it
/// override a `Host` field.
pub(crate) fn to_origin_form<B>(request: &mut Request<B>) {
    if let Some(authority) = request.uri().authority() {
        if let Ok(host) = HeaderValue::try_from(authority.as_str()) {
            request.headers_mut().insert(HOST, host);
        }
        let path = request
            .uri()
            .path_and_query()
            .cloned()
            .unwrap_or(PathAndQuery::from_static("/"));
        *request.uri_mut() = Uri::from(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extends_what_is_there() {
        let forwarder = Forwarder::new("::ffff:10.0.0.9".parse().unwrap(), false);
        let mut headers = HeaderMap::new();
        forwarder.apply(&mut headers);
        assert_eq!(headers["x-forwarded-for"], "10.0.0.9");
        assert_eq!(headers["via"], "1.1 soe503");
        assert_eq!(headers["x-forwarded-proto"], "http");
        headers.append("x-forwarded-for", HeaderValue::from_static("second"));
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        forwarder.apply(&mut headers);
        assert_eq!(headers["x-forwarded-for"], "10.0.0.9, second, 10.0.0.9");
        assert_eq!(headers.get_all("x-forwarded-for").iter().count(), 1);
        assert_eq!(headers["x-forwarded-proto"], "https");
    }

    #[test]
    fn a_client_that_came_over_tls_came_by_https() {
        let forwarder = Forwarder::new("10.0.0.9".parse().unwrap(), true);
        let mut headers = HeaderMap::new();
        forwarder.apply(&mut headers);
        assert_eq!(headers["x-forwarded-proto"], "https");
    }

    #[test]
    fn origin_form_and_host() {
        let cases = [
            (
                "http://shop.example/a?b=1",
                Some("other"),
                "/a?b=1",
                Some("shop.example"),
            ),
            ("http://shop.example", None, "/", Some("shop.example")),
            ("/x?y", Some("h"), "/x?y", Some("h")),
            ("*", Some("h"), "*", Some("h")),
        ];
        for (uri, host, target, expected) in cases {
            let mut request = Request::builder().uri(uri).body(()).unwrap();
            if let Some(host) = host {
                request
                    .headers_mut()
                    .insert(HOST, HeaderValue::from_static(host));
            }
            to_origin_form(&mut request);
            assert_eq!(request.uri().to_string(), target);
            assert_eq!(
                request.headers().get(HOST).map(|h| h.to_str().unwrap()),
                expected
            );
        }
    }
}
