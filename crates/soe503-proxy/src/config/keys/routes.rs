//! Keys of `[[routes]]`.

use std::{
    num::{NonZeroU8, NonZeroU32},
    time::Duration,
};

use http::Method;
use soe503_core::limit::Class;

use super::{
    BypassKeys, FailoverKeys, FallbackKeys, PageKeys,
    headers::{FieldName, HeaderKeys},
    values::{PathPrefix, RetryStatus, nonzero_u8, nonzero_u32},
};
use crate::config::{
    Host, HostPolicy,
    wire::{Defaulted, List, Maybe, Nested, Optional, Required, Size, choice, section},
};

section! {
    /// Which requests go to which pool, and how hard the proxy tries.
    struct RouteKeys {
        /// Which requests. Without it: all of them.
        matches as "match": Nested<MatchKeys>;
        /// The pool that answers them.
        pool: Required<String>, like("\"app\"");
        /// The whole time until the answer's head, retries included.
        timeout: Defaulted<Duration>, default(Duration::from_secs(15)),
            range(Duration::from_millis(1), Duration::from_secs(3600));
        /// The `Host` that backends are asked for: the client's (`preserve`), that of the backend's
        /// URL (`backend`), or the one that is written here.
        host: Defaulted<HostPolicy>, default(HostPolicy::Preserve);
        /// What takes the place of `path_prefix` in the path that backends are asked for.
        rewrite_prefix: Optional<PathPrefix>, absent("the path stays as it is"), like("\"/v2\"");
        /// Whether `path_prefix` is taken off the path that backends are asked for; they are told in
        /// `X-Forwarded-Prefix`.
        strip_prefix: Defaulted<bool>, default(false);
        /// Size of a request's body; more is answered with 413.
        max_body: Optional<Size>, absent("no limit"), like("\"10MiB\""),
            range(Size(0), Size(1 << 50));
        /// How important its requests are when not all can be served: `high`, `normal` or `low`.
        priority: Defaulted<Class>, default(Class::Normal);
        /// A header field by which clients say how important a request is, for clients that are trusted
        /// with it: `priority` as in RFC 9218 (`u=0` to `u=2` is high, `u=5` to `u=7` low), any other
        /// one with `high`, `normal`, `low` or an urgency from 0 to 7.
        priority_header: Optional<FieldName>, absent("what clients say is not believed"),
            like("\"priority\"");
        /// Requests of this route under way at once, over all workers; more are answered with 503 at
        /// once. Keeps a slow route from taking all of what the pool can do.
        max_in_flight: Optional<NonZeroU32>, absent("as many as the pool takes"), like("100"),
            range(NonZeroU32::MIN, nonzero_u32(1_000_000));
        /// What is done to the header fields of requests.
        request_headers: Nested<HeaderKeys>;
        /// What is done to the header fields of backends' answers. The proxy's own answers get those
        /// fields that they do not have yet.
        response_headers: Nested<HeaderKeys>;
        /// How failed attempts are repeated. Only attempts that are safe to repeat are: nothing
        /// was sent, the backend refused, or the method is idempotent.
        retry: Nested<RetryKeys>;
        /// Names of rate limits; all of them must let a request through.
        rate_limits: Optional<List<String>>, absent("no limits"), like("[\"app\"]");
        /// Who is let through while the route is interrupted.
        maintenance_bypass: Maybe<BypassKeys>, absent("nobody is let through"),
            like("{ networks = [\"10.0.0.0/8\"] }");
        /// Pages for people in the place of the proxy's own.
        pages: Nested<PageKeys>;
        /// Other pools for requests that `pool` cannot serve.
        failover: Maybe<FailoverKeys>, absent("its requests fail"), like("{ pools = [\"app-west\"] }");
        /// A static answer instead of failures.
        fallback: Maybe<FallbackKeys>, absent("failures are told"), like("{ on = [\"any\"] }");
    }
}

section! {
    /// Which requests a route accepts. All conditions that are given must hold.
    struct MatchKeys {
        /// The host, without port: a name, an address, or `*.` and a name for all below it.
        host: Optional<Host>, absent("any host"), like("\"shop.example\"");
        /// Whole segments with which the path begins: `/api` has `/api` and `/api/x`, not `/apix`.
        path_prefix: Optional<PathPrefix>, absent("any path"), like("\"/api\"");
        /// The methods.
        methods: Optional<List<Method>>, absent("any method"), like("[\"GET\", \"POST\"]");
    }
}

section! {
    /// How failed attempts are repeated.
    struct RetryKeys {
        /// Attempts in total, the first included; 1 never retries.
        attempts: Defaulted<NonZeroU8>, default(nonzero_u8(3)), range(NonZeroU8::MIN, nonzero_u8(10));
        /// How long one attempt may take until the answer's head; the route's `timeout` if that
        /// is shorter.
        attempt_timeout: Defaulted<Duration>, default(Duration::from_secs(5)),
            range(Duration::from_millis(1), Duration::from_secs(3600));
        /// The pause before the second attempt is random, up to this.
        backoff_base: Defaulted<Duration>, default(Duration::from_millis(25)),
            range(Duration::ZERO, Duration::from_secs(60));
        /// The upper end of the pause doubles with each attempt, up to this; `backoff_base` if
        /// that is longer.
        backoff_max: Defaulted<Duration>, default(Duration::from_millis(250)),
            range(Duration::ZERO, Duration::from_secs(60));
        /// Size of a request body that is kept for another attempt; a longer one is sent once.
        max_body: Defaulted<Size>, default(Size(64 << 10)), range(Size(0), Size(16 << 20));
        /// Answers of a backend that are worth another attempt: 429 or 500 to 599.
        on_status: Defaulted<List<RetryStatus>>,
            default(List::of([500, 502, 503, 504].map(RetryStatus)));
    }
}

choice!(Class, { "low" => Self::Low, "normal" => Self::Normal, "high" => Self::High });
