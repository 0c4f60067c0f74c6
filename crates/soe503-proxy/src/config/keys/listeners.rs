//! Keys of `[[listeners]]`.

use std::{
    net::SocketAddr,
    num::{NonZeroU8, NonZeroU32, NonZeroUsize},
    time::Duration,
};

use ipnet::IpNet;

use super::{
    ListenerTlsKeys,
    values::{nonzero_u8, nonzero_u32, nonzero_usize},
};
use crate::config::{
    Exposure, ForwardedMode, ForwardedStyle,
    wire::{Defaulted, List, Maybe, Nested, Optional, Required, Size, choice, section},
};

section! {
    /// An address that clients connect to.
    struct ListenerKeys {
        /// IP address and port; `0.0.0.0` and `[::]` stand for every address of the machine.
        address: Required<SocketAddr>, like("\"127.0.0.1:8080\"");
        /// `h1` (HTTP/1.0 and 1.1), `h2` (HTTP/2) or both. Without TLS the first bytes of a
        /// connection decide, with TLS the client chooses (ALPN).
        protocols: Defaulted<List<Protocol>>, default(List::of([Protocol::H1, Protocol::H2]));
        /// How much a client is told about a failure. `public`: cause, identifiers, when to come
        /// back. `internal`: pool, attempts and timings as well. `full`: everything.
        explain: Optional<Exposure>,
            absent("`\"internal\"` at a loopback or private address, else `\"public\"`"),
            like("\"internal\"");
        /// Who is told more than `explain` says.
        explain_to: Nested<ExplainToKeys>;
        /// TLS for the clients.
        tls: Maybe<ListenerTlsKeys>, absent("no TLS");
        /// Whether connections begin with a PROXY protocol header (version 1 or 2) that says who the
        /// client is: `off` or `require`.
        proxy_protocol: Defaulted<ProxyProtocol>, default(ProxyProtocol::Off);
        /// The networks of the load balancers that send it; connections from elsewhere are refused.
        trusted: Defaulted<List<IpNet>>, default(List::of([]));
        /// Whether `traceparent` (W3C Trace Context) is extended, or made where a request has none
        /// that is valid. Otherwise it is passed on as it is.
        trace_context: Defaulted<bool>, default(false);
        /// How backends are told about the way of a request.
        forwarded: Nested<ForwardedKeys>;
        /// What a client may cost.
        limits: Nested<LimitKeys>;
    }
}

section! {
    /// Clients that are told more about a failure than `explain` says, by the address that their connection comes
    /// from or that a PROXY protocol header names. What a request says about its way counts for nothing here.
    struct ExplainToKeys {
        /// Networks whose clients are told as much as `internal` tells.
        internal: Defaulted<List<IpNet>>, default(List::of([]));
        /// Networks whose clients are told everything.
        full: Defaulted<List<IpNet>>, default(List::of([]));
    }
}

section! {
    /// How backends are told about the way of a request. What a client says that is not trusted is
    /// replaced: every `X-Forwarded-…`, `X-Real-IP` and `Forwarded`.
    struct ForwardedKeys {
        /// Networks of clients that are proxies of yours and whose fields are believed.
        trust: Defaulted<List<IpNet>>, default(List::of([]));
        /// What becomes of the fields of a trusted client. `append`: extended. `replace`: replaced
        /// like everybody else's. `off`: passed on as they are, and nothing is added for anybody.
        mode: Defaulted<ForwardedMode>, default(ForwardedMode::Append);
        /// `x-forwarded`: `X-Forwarded-For` and `-Proto`, and where the route changes `Host`, also
        /// `-Host` and `-Port`. `forwarded`: the field of RFC 7239. `both`: all of them.
        style: Defaulted<ForwardedStyle>, default(ForwardedStyle::XForwarded);
    }
}

section! {
    /// What a client may cost.
    struct LimitKeys {
        /// Size of a request's head; more is answered with 431.
        max_header_bytes: Defaulted<Size>, default(Size(64 << 10)),
            range(Size(8 << 10), Size(1 << 20));
        /// Header fields of a request; more is answered with 431.
        max_headers: Defaulted<NonZeroUsize>, default(nonzero_usize(100)),
            range(NonZeroUsize::MIN, nonzero_usize(10_000));
        /// Size of a request's target, path and query together; more is answered with 414.
        max_target_bytes: Defaulted<Size>, default(Size(8 << 10)),
            range(Size(256), Size(64 << 10));
        /// From the first byte of a request's head to its last.
        header_read_timeout: Defaulted<Duration>, default(Duration::from_secs(10)),
            range(Duration::from_millis(1), Duration::from_secs(3600));
        /// How long a client may send nothing of a request's body while it is waited for.
        body_read_timeout: Defaulted<Duration>, default(Duration::from_secs(60)),
            range(Duration::from_millis(1), Duration::from_secs(3600));
        /// As much of a request's body must come per second of waiting for it, after the first five
        /// seconds; `"0B"`: any trickle will do.
        min_body_rate: Defaulted<Size>, default(Size(240)), range(Size(0), Size(1 << 20));
        /// How long a connection may stay open between requests.
        idle_timeout: Defaulted<Duration>, default(Duration::from_secs(60)),
            range(Duration::from_millis(1), Duration::from_secs(86_400));
        /// Connections of the listener, over all workers; more wait in the kernel's queue.
        max_connections: Defaulted<NonZeroUsize>, default(nonzero_usize(10_000)),
            range(NonZeroUsize::MIN, nonzero_usize(1_000_000));
        /// Connections of one client, over all workers; more are closed at once. A client is an IPv4
        /// address or an IPv6 network of 64 bits. Those in `forwarded.trust` are not counted.
        max_connections_per_client: Optional<NonZeroUsize>, absent("no limit"), like("100"),
            range(NonZeroUsize::MIN, nonzero_usize(1_000_000));
        /// How often `Via` may name this kind of proxy already; more is a loop, answered with 508.
        max_hops: Defaulted<NonZeroU8>, default(nonzero_u8(10)), range(NonZeroU8::MIN, nonzero_u8(100));
        /// Concurrent requests on one HTTP/2 connection.
        max_h2_streams: Defaulted<NonZeroU32>, default(nonzero_u32(100)),
            range(NonZeroU32::MIN, nonzero_u32(10_000));
    }
}

/// Whether a PROXY protocol header is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum ProxyProtocol {
    /// No.
    Off,
    /// Always.
    Require,
}

choice!(ProxyProtocol, { "off" => Self::Off, "require" => Self::Require });

choice!(ForwardedMode, {
    "append" => Self::Append,
    "replace" => Self::Replace,
    "off" => Self::Off,
});

choice!(ForwardedStyle, {
    "x-forwarded" => Self::XForwarded,
    "forwarded" => Self::Forwarded,
    "both" => Self::Both,
});

/// A protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Protocol {
    /// HTTP/1.
    H1,
    /// HTTP/2.
    H2,
}

choice!(Protocol, { "h1" => Self::H1, "h2" => Self::H2 });

choice!(Exposure, {
    "public" => Self::Public,
    "internal" => Self::Internal,
    "full" => Self::Full,
});
