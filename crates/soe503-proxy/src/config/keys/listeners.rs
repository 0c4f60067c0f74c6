//! Keys of `[[listeners]]`.

use std::{
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

use super::{
    ListenerTlsKeys,
    values::{nonzero_u32, nonzero_usize},
};
use crate::config::{
    Exposure,
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
        /// TLS for the clients.
        tls: Maybe<ListenerTlsKeys>, absent("no TLS");
        /// What a client may cost.
        limits: Nested<LimitKeys>;
    }
    later {
        proxy_protocol: "PROXY protocol",
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
        /// From the first byte of a request's head to its last.
        header_read_timeout: Defaulted<Duration>, default(Duration::from_secs(10)),
            range(Duration::from_millis(1), Duration::from_secs(3600));
        /// How long a connection may stay open between requests.
        idle_timeout: Defaulted<Duration>, default(Duration::from_secs(60)),
            range(Duration::from_millis(1), Duration::from_secs(86_400));
        /// Connections of the listener, over all workers; more wait in the kernel's queue.
        max_connections: Defaulted<NonZeroUsize>, default(nonzero_usize(10_000)),
            range(NonZeroUsize::MIN, nonzero_usize(1_000_000));
        /// Concurrent requests on one HTTP/2 connection.
        max_h2_streams: Defaulted<NonZeroU32>, default(nonzero_u32(100)),
            range(NonZeroU32::MIN, nonzero_u32(10_000));
    }
}

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
