//! What `Cache-Control` says beyond what the cache semantics' crate tells (RFC 9111 §5.2, RFC 5861).

use std::time::Duration;

use http::{HeaderMap, header};

/// The directives of an answer that matter here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Directives {
    /// It may not be used once it is stale.
    pub(super) never_stale: bool,
    /// It may not be used without asking at all.
    pub(super) no_cache: bool,
    /// It is for everybody, in so many words.
    pub(super) public: bool,
    /// How long it may be used when it is stale and asking again fails.
    pub(super) stale_if_error: Option<Duration>,
    /// How long it may be used when it is stale while somebody asks again.
    pub(super) while_revalidate: Option<Duration>,
}

impl Directives {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut found = Self::default();
        each(headers, |name, value| match name {
            "must-revalidate" | "proxy-revalidate" => found.never_stale = true,
            // §5.2.2.10: implies `proxy-revalidate`, and is for shared caches.
            "s-maxage" => {
                found.never_stale = true;
                found.public = true;
            }
            "no-cache" => found.no_cache = true,
            "public" => found.public = true,
            "stale-while-revalidate" => found.while_revalidate = value.map(Duration::from_secs),
            "stale-if-error" => found.stale_if_error = value.map(Duration::from_secs),
            _ => {}
        });
        found
    }
}

/// Whether a request asks for nothing from a store (§5.2.1.4, §5.2.1.5, §5.4).
pub(super) fn wants_fresh(headers: &HeaderMap) -> bool {
    let mut fresh = false;
    each(headers, |name, _| {
        fresh |= matches!(name, "no-cache" | "no-store");
    });
    let pragma = headers.get(header::PRAGMA);
    fresh || pragma.is_some_and(|pragma| pragma.as_bytes().eq_ignore_ascii_case(b"no-cache"))
}

/// Whether a request says how old an answer may be (§5.2.1): then it is not given one that is stale.
pub(super) fn limits_age(headers: &HeaderMap) -> bool {
    let mut limits = false;
    each(headers, |name, _| {
        limits |= matches!(name, "max-age" | "min-fresh");
    });
    limits
}

/// Each directive, in lower case, with its number if it has one. A comma within quotes ends one too soon,
/// which hides nothing: the name comes before.
fn each(headers: &HeaderMap, mut tell: impl FnMut(&str, Option<u64>)) {
    for line in headers.get_all(header::CACHE_CONTROL) {
        let Ok(line) = line.to_str() else { continue };
        for directive in line.split(',') {
            let (name, value) = match directive.split_once('=') {
                Some((name, value)) => (name, value.trim().trim_matches('"').parse().ok()),
                None => (directive, None),
            };
            tell(&name.trim().to_ascii_lowercase(), value);
        }
    }
}
