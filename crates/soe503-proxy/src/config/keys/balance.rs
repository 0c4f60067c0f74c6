//! Keys of `[pools.NAME]` about choosing a backend.

use std::time::Duration;

use super::{FileName, HttpPath};
use crate::config::{
    Balance, Factor, Name, SameSite,
    wire::{Defaulted, Optional, Required, choice, section},
};

section! {
    /// For `ring_hash` and `maglev`: which key of a request decides on its backend. A request without
    /// the key is balanced as by `p2c`.
    struct HashKeys {
        /// Where the key is. `client_address`: after the PROXY protocol, without the port. `path`: without
        /// the query, as the client asked for it. `query`: the value of a parameter, as it is written.
        on: Required<HashOn>, like("\"header\"");
        /// The name of the header, the cookie or the query parameter.
        name: Optional<Name>,
            needed("required for a header, a cookie or a query parameter, not allowed otherwise"),
            like("\"X-User-Id\"");
        /// A backend gets no request with which it would have more than this times its share of all that
        /// are in flight; the next in the key's order gets it. So a hot key is spread, and clients that
        /// choose their keys can overload nobody.
        bounded_load: Optional<Factor>, absent("no bound"), like("1.25"),
            range(Factor::thousandths(1_010), Factor::thousandths(100_000));
    }
}

section! {
    /// A cookie that keeps a client with its backend as long as that can be used. It goes before
    /// `balance`. The backend's name in it is opaque: see `key_file`.
    struct StickyKeys {
        /// What the cookie is called.
        name: Optional<Name>, absent("`\"soe503_backend\"`"), like("\"soe503_backend\"");
        /// How long the client is to keep it, counted from when it was set.
        ttl: Optional<Duration>, absent("until the browser is closed"), like("\"8h\""),
            range(Duration::from_secs(1), Duration::from_secs(400 * 86_400));
        /// Below which path the client is to send it.
        path: Optional<HttpPath>, absent("`\"/\"`"), like("\"/app\"");
        /// Whether it is to be sent over TLS only.
        secure: Optional<bool>, absent("as the client came: with TLS or without"), like("true");
        /// Whether scripts of the page must not see it.
        http_only: Defaulted<bool>, default(true);
        /// With which requests that come from other sites it is sent. `none` needs `secure = true`.
        same_site: Defaulted<SameSite>, default(SameSite::Lax);
        /// A file with a secret of at least 16 characters: without it nobody can find out which backend
        /// a cookie means by trying names. The same for all proxies that share clients. A relative path
        /// starts at the config file.
        key_file: Optional<FileName>, absent("a key that every soe503 knows"), like("\"sticky.key\"");
    }
}

section! {
    /// Listens to what backends say about their load: ORCA, in the header `endpoint-load-metrics` or the
    /// trailer `endpoint-load-metrics-bin`. A busy backend becomes dearer, at most ten times; for
    /// `round_robin` and `random` its weight is multiplied by requests per second by utilization,
    /// relative to the mean: from a fifth to twice.
    struct ReportKeys {
        /// How long a report holds if no other follows.
        expire_after: Defaulted<Duration>, default(Duration::from_secs(180)),
            range(Duration::from_secs(1), Duration::from_secs(3600));
        /// Whether clients are given the reports too.
        pass_on: Defaulted<bool>, default(false);
    }
}

/// Where a key is, by its name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum HashOn {
    Header,
    Cookie,
    ClientAddress,
    Path,
    Query,
}

choice!(HashOn, {
    "header" => Self::Header,
    "cookie" => Self::Cookie,
    "client_address" => Self::ClientAddress,
    "path" => Self::Path,
    "query" => Self::Query,
});
choice!(SameSite, {
    "lax" => Self::Lax,
    "strict" => Self::Strict,
    "none" => Self::None,
});
choice!(Balance, {
    "p2c" => Self::P2c,
    "least_request" => Self::LeastRequest,
    "round_robin" => Self::RoundRobin,
    "random" => Self::Random,
    "ring_hash" => Self::RingHash,
    "maglev" => Self::Maglev,
});
