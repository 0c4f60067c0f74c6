//! Who a caller is.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use http::header::COOKIE;
use http::{HeaderMap, HeaderName, Request};
use soe503_core::rate::{ClientPrefix, Key, RateLimit as Limit, cookie};

use crate::context::RequestContext;

/// Says which requests are counted together.
pub trait KeyExtractor {
    /// The key of `request` in `limit`; `None`: it is not counted.
    fn key<B>(&self, request: &Request<B>, limit: &Limit) -> Option<Key>;
}

/// What tells callers apart. Requests that lack it are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyBy {
    /// Nothing: all requests are counted together.
    Everyone,
    /// Nothing, but requests of another name are counted apart.
    Name(Box<str>),
    /// The network of the client's address: of the extension [`ClientAddress`].
    Client(ClientPrefix),
    /// The values of a header field, all of them in their order.
    Header(HeaderName),
    /// The value of a cookie.
    Cookie(Box<str>),
}

/// A request extension: the address of the client, as far as it is believed. Whoever accepts the
/// connection knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// All values of a field. Each is hashed with its length, so no two lists look the same.
struct Values<'a>(&'a HeaderMap, &'a HeaderName);

// === impl Values ===

impl Hash for Values<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for value in self.0.get_all(self.1) {
            value.as_bytes().hash(state);
        }
    }
}

// === impl KeyBy ===

impl KeyBy {
    /// The key in `limit` of a request from `client` with these `headers`.
    pub fn key_of(&self, headers: &HeaderMap, client: Option<IpAddr>, limit: &Limit) -> Key {
        match self {
            Self::Everyone => limit.key(()),
            Self::Name(name) => limit.key(name),
            Self::Client(prefix) => limit.key(client.map(|address| prefix.of(address))),
            Self::Header(name) => limit.key(Values(headers, name)),
            Self::Cookie(name) => {
                let fields = headers.get_all(COOKIE).iter();
                let value = fields
                    .filter_map(|field| cookie(field.as_bytes(), name))
                    .next();
                limit.key(value)
            }
        }
    }
}

impl KeyExtractor for KeyBy {
    fn key<B>(&self, request: &Request<B>, limit: &Limit) -> Option<Key> {
        let client: Option<&ClientAddress> = match RequestContext::head(request) {
            Some(head) => head.extensions.get(),
            None => request.extensions().get(),
        };
        let headers = RequestContext::headers(request);
        Some(self.key_of(headers, client.map(|client| client.0), limit))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use http::HeaderValue;
    use soe503_core::rate::{Quota, RateConfig};

    use super::*;

    #[test]
    fn what_is_the_same_to_the_backend_is_the_same_caller() {
        let quota = Quota::new(NonZeroU32::MIN, Duration::from_secs(1));
        let limit = Limit::new("api", RateConfig::new(quota));
        let name = HeaderName::from_static("x-api-key");
        let of = |by: &KeyBy, fields: &[(&HeaderName, &'static str)], client: Option<&str>| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(*name, HeaderValue::from_static(value));
            }
            by.key_of(&headers, client.map(|c| c.parse().unwrap()), &limit)
        };
        let header = KeyBy::Header(name.clone());
        let key = |fields: &[_]| of(&header, fields, None);
        assert_eq!(key(&[(&name, "a")]), key(&[(&COOKIE, "x=y"), (&name, "a")]));
        assert_ne!(key(&[(&name, "a")]), key(&[(&name, "b")]));
        assert_ne!(key(&[(&name, "a")]), key(&[(&name, "a"), (&name, "b")]));
        assert_ne!(key(&[(&name, "a"), (&name, "b")]), key(&[(&name, "ab")]));
        assert_eq!(key(&[]), key(&[(&COOKIE, "x=y")]));
        let cookie = KeyBy::Cookie("id".into());
        let key = |fields: &[_]| of(&cookie, fields, None);
        assert_eq!(
            key(&[(&COOKIE, "id=7; theme=dark")]),
            key(&[(&COOKIE, "theme=light"), (&COOKIE, "id=7")])
        );
        assert_ne!(key(&[(&COOKIE, "id=7")]), key(&[(&COOKIE, "id=8")]));
        assert_eq!(key(&[(&COOKIE, "theme=dark")]), key(&[]));
        let client = KeyBy::Client(ClientPrefix::default());
        let key = |address| of(&client, &[], address);
        assert_eq!(key(Some("2001:db8::1")), key(Some("2001:db8::2")));
        assert_ne!(key(Some("198.51.100.1")), key(Some("198.51.100.2")));
        assert_ne!(key(Some("198.51.100.1")), key(None));
        assert_eq!(
            of(&KeyBy::Everyone, &[], Some("::1")),
            of(&KeyBy::Everyone, &[(&name, "a")], None)
        );
    }
}
