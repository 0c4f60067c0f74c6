//! The cookie that keeps a client with its backend.
//!
//! It holds a number that the backend's name and a secret decide (`Affinity::badge`), so it says nothing
//! about addresses, and every proxy with the same configuration understands it. As long as that backend can
//! be used, the client's requests go there and no cookie is set. When another one has answered, the client
//! is given a cookie for that one: it moves once and then stays (failure mode 49).

use std::fmt::Write;
use std::sync::Arc;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::config::PoolConfig;
use crate::state::PoolState;

/// Looks after the cookie of one request.
#[derive(Debug)]
pub(super) struct Sticking {
    pool: Arc<PoolConfig>,
    /// Whom the request's cookie named.
    wanted: Option<u64>,
    /// The client came over TLS.
    secure: bool,
}

impl Sticking {
    pub(super) fn new(pool: &Arc<PoolConfig>, wanted: Option<u64>, secure: bool) -> Self {
        Self {
            pool: Arc::clone(pool),
            wanted,
            secure,
        }
    }

    /// The number in a cookie: sixteen hexadecimal digits.
    pub(super) fn badge(value: &[u8]) -> Option<u64> {
        let digits = value.len() == 16 && value.iter().all(u8::is_ascii_hexdigit);
        let text = digits.then(|| std::str::from_utf8(value).ok()).flatten()?;
        u64::from_str_radix(text, 16).ok()
    }

    /// The backend `id` has answered: sets a cookie in `headers`, if the client has none for it.
    pub(super) fn settle(&self, pool: &PoolState, id: u32, headers: &mut HeaderMap) {
        // It may have left the pool meanwhile.
        let badge = pool.pool.backend(id).and_then(|backend| backend.badge);
        if let Some(badge) = badge.filter(|badge| self.wanted != Some(*badge)) {
            if self.wanted.is_some() {
                pool.counters.client_moved();
            }
            headers.extend(self.cookie(badge).map(|cookie| (SET_COOKIE, cookie)));
        }
    }

    /// `Set-Cookie` (RFC 6265 §4.1).
    fn cookie(&self, badge: u64) -> Option<HeaderValue> {
        let sticky = self.pool.sticky.as_ref()?;
        let mut cookie = format!("{}={badge:016x}; Path={}", &*sticky.name, sticky.path);
        if let Some(ttl) = sticky.ttl {
            // To a string, writing does not fail.
            let _ = write!(cookie, "; Max-Age={}", ttl.as_secs());
        }
        if sticky.secure.unwrap_or(self.secure) {
            cookie.push_str("; Secure");
        }
        if sticky.http_only {
            cookie.push_str("; HttpOnly");
        }
        let _ = write!(cookie, "; SameSite={}", sticky.same_site.as_str());
        HeaderValue::try_from(cookie).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_str;

    fn cookie(sticky: &str, secure: bool) -> String {
        let text = format!(
            "[[listeners]]\naddress = \"127.0.0.1:8080\"\n[[routes]]\npool = \"app\"\n\
             [pools.app]\nbackends = [\"http://127.0.0.1:8081\"]\nsticky = {sticky}\n"
        );
        let config = from_str("test.toml", &text).unwrap();
        let sticking = Sticking::new(config.pools.iter().next().unwrap(), None, secure);
        sticking.cookie(0xab).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn cookies() {
        let rows = [
            (
                "{}",
                false,
                "soe503_backend=00000000000000ab; Path=/; HttpOnly; SameSite=Lax",
            ),
            (
                "{ http_only = false }",
                true,
                "soe503_backend=00000000000000ab; Path=/; Secure; SameSite=Lax",
            ),
            (
                "{ name = \"s\", ttl = \"1h\", path = \"/a\", secure = true, same_site = \"none\" }",
                false,
                "s=00000000000000ab; Path=/a; Max-Age=3600; Secure; HttpOnly; SameSite=None",
            ),
            (
                "{ secure = false, same_site = \"strict\" }",
                true,
                "soe503_backend=00000000000000ab; Path=/; HttpOnly; SameSite=Strict",
            ),
        ];
        for (sticky, secure, expected) in rows {
            assert_eq!(cookie(sticky, secure), expected);
        }
    }

    #[test]
    fn badges() {
        for (value, expected) in [
            ("00000000000000ab", Some(0xab)),
            ("FFFFFFFFFFFFFFFF", Some(u64::MAX)),
            ("ab", None),
            ("+0000000000000ab", None),
            ("", None),
        ] {
            assert_eq!(Sticking::badge(value.as_bytes()), expected, "{value}");
        }
    }
}
