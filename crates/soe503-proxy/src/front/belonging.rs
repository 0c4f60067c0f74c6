//! Where a request belongs: the key that its pool goes by, and the backend that its cookie names.

use std::sync::Arc;

use http::header::COOKIE;
use http::{HeaderMap, Request};
use soe503::pool::Affinity;

use super::client::Client;
use super::sticky::Sticking;
use crate::config::{HashKey, PoolConfig};

/// What a pool asks of requests. Most ask nothing, and have none of these.
#[derive(Debug)]
pub(super) struct Belonging {
    /// What the pool is told.
    pool: Arc<PoolConfig>,
}

impl Belonging {
    /// What `pool` asks; `None` if that is nothing.
    pub(super) fn of(pool: &Arc<PoolConfig>) -> Option<Self> {
        let asks = pool.hash.is_some() || pool.sticky.is_some();
        asks.then(|| Self {
            pool: Arc::clone(pool),
        })
    }

    /// Notes where `request` belongs, for whoever picks. Call it before the route changes the request:
    /// what counts is what the client said. Returns who looks after its cookie.
    pub(super) fn note<B>(
        &self,
        request: &mut Request<B>,
        client: &Client,
    ) -> Option<Box<Sticking>> {
        let hash = self.pool.hash.as_ref();
        let mut affinity = Affinity::NONE;
        affinity.hash = hash.and_then(|hash| key(&hash.on, request, client));
        let sticking = self.pool.sticky.as_ref().map(|sticky| {
            let badge = cookie(request.headers(), &sticky.name).and_then(Sticking::badge);
            affinity.badge = badge;
            Box::new(Sticking::new(&self.pool, badge, client.is_secure()))
        });
        if affinity != Affinity::NONE {
            request.extensions_mut().insert(affinity);
        }
        sticking
    }
}

/// The hash of the request's key, if it has one.
fn key<B>(on: &HashKey, request: &Request<B>, client: &Client) -> Option<u64> {
    let bytes = match on {
        HashKey::Header(name) => request.headers().get(name)?.as_bytes(),
        HashKey::Cookie(name) => cookie(request.headers(), name)?,
        HashKey::Path => request.uri().path().as_bytes(),
        HashKey::Query(name) => query(request.uri().query()?, name)?.as_bytes(),
        HashKey::ClientAddress => {
            return Some(match client.address().ip().to_canonical() {
                std::net::IpAddr::V4(v4) => Affinity::hash(&v4.octets()),
                std::net::IpAddr::V6(v6) => Affinity::hash(&v6.octets()),
            });
        }
    };
    // An empty key would send everybody who has none to one backend.
    (!bytes.is_empty()).then(|| Affinity::hash(bytes))
}

/// The value of a cookie (RFC 6265 §4.2). Of several of that name the first.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let lists = headers.get_all(COOKIE).iter();
    let pairs = lists.flat_map(|list| list.as_bytes().split(|&byte| byte == b';'));
    pairs
        .filter_map(|pair| {
            let pair = pair.trim_ascii();
            let rest = pair.strip_prefix(name.as_bytes())?;
            rest.strip_prefix(b"=")
        })
        .next()
}

/// The value of a parameter as it is written. Of several of that name the first.
fn query<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn cookies() {
        let rows: [(&[&str], Option<&str>); 9] = [
            (&["id=1"], Some("1")),
            (&["a=b; id=1"], Some("1")),
            (&["a=b;id=1;c=d"], Some("1")),
            (&["a=b", "id=1"], Some("1")),
            (&["id=1; id=2"], Some("1")),
            (&["id="], Some("")),
            (&["xid=1"], None),
            (&["idx=1; id"], None),
            (&[], None),
        ];
        for (fields, expected) in rows {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(COOKIE, HeaderValue::from_static(field));
            }
            let expected = expected.map(str::as_bytes);
            assert_eq!(cookie(&headers, "id"), expected, "{fields:?}");
        }
    }

    #[test]
    fn parameters() {
        let rows = [
            ("id=1", Some("1")),
            ("a=b&id=%20", Some("%20")),
            ("id=1&id=2", Some("1")),
            ("xid=1", None),
            ("id", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(query(text, "id"), expected, "{text}");
        }
    }
}
