//! Keys of `[rate_limits.NAME]`.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

use http::HeaderName;
use serde_json::{Value, json};

use super::values::{nonzero_u32, nonzero_usize};
use crate::config::{
    LimitBy,
    wire::{Defaulted, Fault, Optional, Required, Text, one_of, section},
};

section! {
    /// How much callers may send. Answers 429, with `Retry-After`, `RateLimit` and `RateLimit-Policy`,
    /// before a backend is touched. Routes that name the same limit share it; all workers do.
    struct RateLimitKeys {
        /// Requests in each `per`, for each caller.
        requests: Required<NonZeroU32>, like("100"),
            range(NonZeroU32::MIN, nonzero_u32(1_000_000_000));
        /// The time that `requests` are for.
        per: Defaulted<Duration>, default(Duration::from_secs(1)),
            range(Duration::from_millis(1), Duration::from_secs(7 * 86_400));
        /// Requests that an idle caller may send at once.
        burst: Optional<NonZeroU32>, absent("`requests`"), like("20"),
            range(NonZeroU32::MIN, nonzero_u32(1_000_000_000));
        /// What a caller is. `client`: the network of the client's address, which a proxy that the
        /// listener trusts (`forwarded.trust`) says in `X-Forwarded-For`. `header:NAME`, `cookie:NAME`:
        /// its value; requests without it count together. `route`: nobody is told apart, but routes are.
        /// `everyone`: all requests of all routes with this limit count together.
        by: Defaulted<LimitBy>, default(LimitBy::Client);
        /// Bits of an IPv4 address that make a caller.
        ipv4_prefix: Defaulted<u32>, default(32), range(1, 32);
        /// Bits of an IPv6 address that make a caller. A customer has at least the other 64.
        ipv6_prefix: Defaulted<u32>, default(64), range(1, 128);
        /// Callers that are told apart at once, 16 bytes each. Twice as many as are expected: when there
        /// are more, new ones are limited too early, and nobody is forgotten while it is limited.
        max_keys: Defaulted<NonZeroUsize>, default(nonzero_usize(65_536)),
            range(nonzero_usize(8), nonzero_usize(16_777_216));
        /// The status of the answer: 429, or 503 where it is not the caller's own doing.
        status: Defaulted<u16>, default(429);
        /// Count, but refuse nobody.
        shadow: Defaulted<bool>, default(false);
        /// Tell callers with each answer what is left for them, in `RateLimit` and `RateLimit-Policy`. Without
        /// it, only who is refused is told. With `route` and `everyone` it tells each what the others
        /// send. A shadow tells nobody.
        announce: Optional<bool>, absent("`true` if `by` tells callers apart"), like("true");
    }
}

impl Text for LimitBy {
    const KIND: &'static str = "what callers are told apart by";
    const LIKE: &'static str = "\"client\", \"header:x-api-key\" or \"cookie:session\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        const WORDS: [&str; 3] = ["client", "everyone", "route"];
        let valid = |name: &str| {
            HeaderName::from_bytes(name.trim().as_bytes())
                .map_err(|_| Fault::new("not the name of a header field or of a cookie"))
        };
        match text.split_once(':') {
            Some(("header", name)) => valid(name).map(Self::Header),
            // The name of a cookie is a token too, but its case counts.
            Some(("cookie", name)) => valid(name).map(|_| Self::Cookie(name.trim().into())),
            _ => match text {
                "client" => Ok(Self::Client),
                "everyone" => Ok(Self::Everyone),
                "route" => Ok(Self::Route),
                "header" | "cookie" => Err(Fault::new("its name is missing")
                    .help(format!("write it such as {}", Self::LIKE))),
                other => {
                    Err(one_of(other, &WORDS).help(format!("write it such as {}", Self::LIKE)))
                }
            },
        }
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn constraints() -> Value {
        json!({ "pattern": "^(client|everyone|route|header:.+|cookie:.+)$" })
    }
}
