//! Keys of `[pools.NAME]`.

use std::{num::NonZeroU32, time::Duration};

use soe503_core::health::Health;

use super::{
    BackendEntry, HashKeys, HedgeKeys, PoolTlsKeys, ReportKeys, StickyKeys,
    backend::BackendUrl,
    values::{GrpcService, HttpPath, nonzero_u32},
};
use crate::config::{
    BackendProtocol, Balance, Factor, Host, Name, Ratio, StatusSet, Window,
    wire::{Defaulted, List, Maybe, Nested, Optional, Required, Size, choice, section},
};

section! {
    /// Backends behind a name.
    struct PoolKeys {
        /// The backends: URLs, or tables with `url` and more. A DNS name stands for all its
        /// addresses.
        backends: Required<List<BackendEntry>>, like("[\"http://127.0.0.1:8081\"]");
        /// How a backend is chosen. `p2c`: the better of two random ones, by a failure-penalised latency
        /// estimate and its load. `least_request`: the one with the fewest requests in flight, relative to
        /// its weight. `round_robin`: each in turn. `random`: by chance. `ring_hash` and `maglev`: by a key
        /// of the request, see `hash`; a ring moves no other keys when a backend joins or leaves, a table
        /// (Maglev) moves a few and is more even.
        balance: Defaulted<Balance>, default(Balance::P2c);
        /// Backends of one `priority`, and among them those of the own zone, carry as much of the traffic
        /// as the part of their weight that can be used times this; the rest spills over to the next.
        overprovisioning: Defaulted<Factor>, default(Factor::thousandths(1_400)),
            range(Factor::thousandths(1_000), Factor::thousandths(100_000));
        /// What is spoken to the backends. `h1`: HTTP/1.1. `h2`: HTTP/2, without an upgrade first, and
        /// negotiated where there is TLS; what gRPC needs. A request for an upgrade (WebSocket) becomes
        /// a plain one there, so such routes need a pool with `h1`.
        protocol: Defaulted<BackendProtocol>, default(BackendProtocol::H1);
        /// How long connecting to a backend may take, with the TLS handshake if there is one.
        connect_timeout: Defaulted<Duration>, default(Duration::from_millis(500)),
            range(Duration::from_millis(1), Duration::from_secs(60));
        /// How long an unused connection to a backend is kept. Shorter than the backend keeps it, or
        /// requests meet connections that the backend is just closing; many keep them for 5 s.
        idle_timeout: Defaulted<Duration>, default(Duration::from_secs(4)),
            range(Duration::ZERO, Duration::from_secs(3600));
        /// Unused connections kept per worker and backend. Pools that name the same plain-text address with the
        /// same options share its connections, and with them this number.
        max_idle_connections: Defaulted<usize>, default(64), range(0, 10_000);
        /// For `h2`: connections per worker and backend, at most. Another one is opened when those that
        /// are open have as many streams as the backend allows; when all are full, so is the backend.
        max_h2_connections: Defaulted<NonZeroU32>, default(nonzero_u32(8)),
            range(NonZeroU32::MIN, nonzero_u32(1000));
        /// For `h2`: a connection on which a request waits and from which nothing comes for so long is
        /// asked for a sign of life. 0 never asks.
        h2_ping_interval: Defaulted<Duration>, default(Duration::from_secs(30)),
            range(Duration::ZERO, Duration::from_secs(3600));
        /// For `h2`: how long that sign may take; without it the connection is given up.
        h2_ping_timeout: Defaulted<Duration>, default(Duration::from_secs(5)),
            range(Duration::from_millis(1), Duration::from_secs(3600));
        /// Requests under way at once, over all workers; more wait in the `queue`.
        max_in_flight: Defaulted<NonZeroU32>, default(nonzero_u32(10_000)),
            range(NonZeroU32::MIN, nonzero_u32(1_000_000));
        /// The backends are proxies that try again themselves: another soe503, Envoy, a service mesh. They are
        /// told how many attempts and how much time a request has left (`Soe-Hop`, `x-envoy-attempt-count`,
        /// `x-envoy-expected-rq-timeout-ms`, `grpc-previous-rpc-attempts`), and what they say about a failure
        /// is believed: its cause, and that trying another of them is pointless.
        /// Of all other backends, fields that only such a proxy writes are not passed on: `X-Error-Code`,
        /// `X-SOE-Degraded`, `Soe-Cause` and all others that begin with `Soe-`.
        proxy: Defaulted<bool>, default(false);
        /// Whether the proxy finds out by itself how many requests the backends can work on at once, and
        /// holds the others back while there are more. It only looks into it when requests pile up there,
        /// and turns nobody away before it has measured that more at once are not answered faster.
        adaptive_limit: Defaulted<bool>, default(true);
        /// Requests that each backend may have in flight, over all workers; `max_in_flight` of a backend goes
        /// before it. A backend that has as many is passed over. When all have, requests wait in the
        /// `queue` for a place. Until the end of its `slow_start` a backend that comes back has its part
        /// of it, or without a limit its part of what the others have in flight.
        max_in_flight_per_backend: Optional<NonZeroU32>, absent("as many as come"), like("100"),
            range(NonZeroU32::MIN, nonzero_u32(1_000_000));
        /// Whether an overload that keeps itself going is broken: one whose trigger has passed, while
        /// retries, clients that ask again and queues full of what nobody waits for keep the backends
        /// busy. When half of what is sent has ended late for some seconds, and far less is answered well
        /// than usual, retries are cut first, then the wait in the `queue`, then new requests; and all
        /// of it comes back as answers do.
        leave_metastable: Defaulted<bool>, default(true);
        /// How long a backend that comes back takes to reach its full share.
        slow_start: Defaulted<Duration>, default(Duration::from_secs(5)),
            range(Duration::ZERO, Duration::from_secs(3600));
        /// For so long after the pool's circuit has opened, requests of which nothing was sent wait for it
        /// instead of failing, as far as their deadlines allow: a pool that is back by then has lost
        /// nothing. Several backends that all refuse connections are dead, and nobody waits for them; one
        /// alone is probably restarting. Later, where the circuit's probes come back quickly with a 503,
        /// a request still waits 200 ms for what the next of them find. 0 lets nobody wait. Needs
        /// `retry.attempts` of 2 or more.
        ride_out: Defaulted<Duration>, default(Duration::from_secs(5)),
            range(Duration::ZERO, Duration::from_secs(3600));
        /// Requests that may wait so at once, over all workers; more are refused.
        max_waiting: Defaulted<u32>, default(4096), range(0, 1_000_000);
        /// How often DNS names are resolved again.
        dns_refresh: Defaulted<Duration>, default(Duration::from_secs(10)),
            range(Duration::from_millis(100), Duration::from_secs(86_400));
        /// The key of requests, for `ring_hash` and `maglev`.
        hash: Maybe<HashKeys>, absent("no key"),
            like("{ on = \"header\", name = \"X-User-Id\" }");
        /// A cookie that keeps a client with its backend.
        sticky: Maybe<StickyKeys>, absent("no cookie"), like("{ ttl = \"8h\" }");
        /// Listens to what backends say about their load.
        load_reports: Maybe<ReportKeys>, absent("reports are passed on and not listened to"),
            like("{ expire_after = \"3m\" }");
        /// TLS to the backends with `https` URLs.
        tls: Maybe<PoolTlsKeys>, absent("its defaults, for backends with `https` URLs"),
            like("{ ca = \"ca.pem\" }");
        /// Active checks of every backend.
        health_check: Maybe<CheckKeys>, absent("no active checks"), like("{ path = \"/healthz\" }");
        /// Refuses requests at once while the whole pool fails.
        circuit_breaker: Nested<BreakerKeys>;
        /// What retries may cost.
        retry_budget: Nested<RetryBudgetKeys>;
        /// Sends requests that are late to a second backend.
        hedge: Nested<HedgeKeys>;
        /// Takes a backend out when its requests show that it fails.
        ejection: Nested<EjectionKeys>;
        /// Keeps good answers, to be given instead of failures.
        cache: Maybe<CacheKeys>, absent("nothing is kept"), like("{ stale_if_error = \"1h\" }");
        /// Holds requests back that the backends would refuse anyway.
        throttle: Nested<ThrottleKeys>;
        /// Where requests wait while as many are under way as may be.
        queue: Nested<QueueKeys>;
    }
}

section! {
    /// A backend with more than a URL.
    struct BackendKeys {
        /// `http://HOST:PORT` or `https://HOST:PORT`; the port is 80 or 443 if none is given. A host such as
        /// `_http._tcp.shop.internal` is a service: its SRV records (RFC 2782) say where it is, with ports,
        /// priorities (levels from `priority` on) and shares (times `weight`); it has no port here, and is
        /// asked for as `shop.internal`.
        url: Required<BackendUrl>, like("\"http://127.0.0.1:8081\"");
        /// What it is called in logs, metrics and `lbctl`.
        name: Optional<Name>, absent("host and port of the URL"), like("\"app-1\"");
        /// Its share of the requests, relative to that of the others.
        weight: Defaulted<NonZeroU32>, default(NonZeroU32::MIN),
            range(NonZeroU32::MIN, nonzero_u32(1000));
        /// Its level. The lowest number gets the requests as long as it can carry them: see
        /// `overprovisioning`.
        priority: Defaulted<u32>, default(0), range(0, 15);
        /// Requests that it may have in flight, over all workers.
        max_in_flight: Optional<NonZeroU32>, absent("`max_in_flight_per_backend` of the pool"), like("100"),
            range(NonZeroU32::MIN, nonzero_u32(1_000_000));
        /// Where it stands. Those in the zone of the server are preferred to others of their priority.
        zone: Optional<Name>, absent("nowhere in particular"), like("\"eu-1a\"");
    }
}

section! {
    /// Active checks of every backend.
    struct CheckKeys {
        /// `http`: a `GET` of `path`. `tcp`: a connection, opened and closed, after the TLS handshake
        /// if the backend's URL is `https`. `tls`: that handshake, for pools that are `https`
        /// throughout. `grpc`: the gRPC health protocol (`grpc.health.v1.Health/Check`), for pools with
        /// `protocol = "h2"`.
        kind as "type": Defaulted<CheckKind>, default(CheckKind::Http);
        /// What to `GET`.
        path: Optional<HttpPath>, needed("required for `\"http\"`, not allowed for the others"),
            like("\"/healthz\"");
        /// The host to send, for `http` and `grpc`.
        host: Optional<Host>, absent("the backend's own host and port"), like("\"app.internal\"");
        /// The status codes that are good, for `http`.
        expect: Defaulted<StatusSet>, default(StatusSet::default()), like("\"200-299,404\"");
        /// The service to ask about, for `grpc`.
        service: Optional<GrpcService>, absent("the server as a whole"), like("\"shop.Orders\"");
        /// From one check to the next; each is moved a little at random.
        interval: Defaulted<Duration>, default(Duration::from_secs(2)),
            range(Duration::from_millis(10), Duration::from_secs(3600));
        /// The same from the first bad check, or the first failed request, until the matter is
        /// settled; `interval` if that is shorter.
        fast_interval: Defaulted<Duration>, default(Duration::from_millis(500)),
            range(Duration::from_millis(10), Duration::from_secs(3600));
        /// What it grows to, doubling, while a backend stays unhealthy; `interval` if that is longer.
        down_interval: Defaulted<Duration>, default(Duration::from_secs(5)),
            range(Duration::from_millis(10), Duration::from_secs(3600));
        /// How long one check may take; `interval` if that is shorter.
        timeout: Defaulted<Duration>, default(Duration::from_secs(1)),
            range(Duration::from_millis(1), Duration::from_secs(3600));
        /// Good checks in a row that make a backend healthy.
        rise: Defaulted<NonZeroU32>, default(nonzero_u32(2)), range(NonZeroU32::MIN, nonzero_u32(100));
        /// Bad checks in a row that make a backend unhealthy.
        fall: Defaulted<NonZeroU32>, default(nonzero_u32(3)), range(NonZeroU32::MIN, nonzero_u32(100));
        /// What a new backend is before its first check. `up`: healthy; checks begin within an
        /// `interval`. `starting`: not used until one good check. `down`: not used until `rise` of them.
        /// Where no other backend is left, those that wait are used too.
        initial: Defaulted<Health>, default(Health::Up);
        /// Whether a backend stays in use that answers requests well while its check gets no verdict
        /// from it: the path is not there (404), it is turned away (401, 403, a redirect), it gives up
        /// early. The check counts as broken then. What a backend says itself (5xx, `NOT_SERVING`, a
        /// refused connection) always counts. `false` is for backends that leave by a 404.
        overruled_by_traffic: Defaulted<bool>, default(true);
    }
}

section! {
    /// Refuses requests at once while the whole pool fails.
    struct BreakerKeys {
        /// Whether there is one.
        enabled: Defaulted<bool>, default(true);
        /// Opens after so many failures in a row; 0 switches this rule off. Where failures have come in
        /// runs lately that ended by themselves, a run has to be longer: so long that chance makes it
        /// once in a million (20 where half of the requests fail).
        consecutive_failures: Defaulted<u32>, default(5), range(0, 100_000);
        /// So many in a row open it whatever was before.
        max_consecutive_failures: Defaulted<u32>, default(100), range(1, 1_000_000);
        /// Opens when this share of the window's requests failed.
        failure_rate: Optional<Ratio>, absent("this rule is off"), like("0.5"),
            range(Ratio::parts_per_million_of(1), Ratio::ONE);
        /// Opens when this share of the window's requests was slow.
        slow_rate: Optional<Ratio>, absent("this rule is off"), like("0.8"),
            range(Ratio::parts_per_million_of(1), Ratio::ONE);
        /// From here on a request is slow.
        slow_request: Defaulted<Duration>, default(Duration::from_secs(1)),
            range(Duration::from_millis(1), Duration::from_secs(3600));
        /// The requests that the rates look at: those of a duration, or the last so many.
        window: Defaulted<Window>, default(Window::Time(Duration::from_secs(10)));
        /// The rates are not looked at before the window has so many requests.
        minimum_requests: Defaulted<NonZeroU32>, default(nonzero_u32(20)),
            range(NonZeroU32::MIN, nonzero_u32(1_000_000));
        /// While it is open, one request is let through this often to see whether the pool is back, if at
        /// least sixteen have come since the last one. Preferably one that may run twice, and whatever
        /// `Retry-After` a backend has sent: that is obeyed by retries, unless another backend is left. 0
        /// waits for `open_for` instead.
        probe_interval: Defaulted<Duration>, default(Duration::from_millis(30)),
            range(Duration::ZERO, Duration::from_secs(3600));
        /// How long the circuit stays open the first time; doubles each time the probes fail.
        open_for: Defaulted<Duration>, default(Duration::from_secs(1)),
            range(Duration::from_millis(1), Duration::from_secs(3600));
        /// The longest time it stays open; `open_for` if that is longer.
        max_open_for: Defaulted<Duration>, default(Duration::from_secs(5)),
            range(Duration::from_millis(1), Duration::from_secs(3600));
        /// Requests let through to find out whether the pool is back.
        probes: Defaulted<NonZeroU32>, default(nonzero_u32(3)), range(NonZeroU32::MIN, nonzero_u32(100));
        /// Watch and report, but refuse nothing.
        shadow: Defaulted<bool>, default(false);
    }
}

section! {
    /// What retries may cost.
    struct RetryBudgetKeys {
        /// Retries per request of the window.
        ratio: Defaulted<Ratio>, default(Ratio::percent(20)), range(Ratio::ZERO, Ratio::ONE);
        /// How far back requests count.
        window: Defaulted<Duration>, default(Duration::from_secs(10)),
            range(Duration::from_secs(1), Duration::from_secs(3600));
        /// Retries per second that are free, so that a quiet pool can retry too.
        min_per_second: Defaulted<u32>, default(3), range(0, 100_000);
        /// Nothing is retried while fewer of the attempts than this are answered well, of at least 20 in the last
        /// five seconds: another one would probably fail as well. 0: no such limit.
        cut_below: Defaulted<Ratio>, default(Ratio::percent(50)), range(Ratio::ZERO, Ratio::percent(99));
    }
}

section! {
    /// Keeps good answers, to be given instead of failures and marked with `X-SOE-Degraded: stale`
    /// (RFC 5861 §4): those that a shared cache may keep, and of them none that belongs to one person.
    /// A backend that can answer is always asked.
    struct CacheKeys {
        /// How long an answer may be given after it went stale, unless it says so itself
        /// (`Cache-Control: stale-if-error`).
        stale_if_error: Defaulted<Duration>, default(Duration::from_secs(3600)),
            range(Duration::ZERO, Duration::from_secs(30 * 86_400));
        /// What all answers together may take; the least used go first.
        max_size: Defaulted<Size>, default(Size(64 << 20)), range(Size(64 << 10), Size(64 << 30));
        /// The largest body that is kept.
        max_object: Defaulted<Size>, default(Size(1 << 20)), range(Size(0), Size(1 << 30));
        /// Whether answers that say `stale-while-revalidate` (RFC 5861) are given without asking first:
        /// while they are fresh, and for so long afterwards, while one request in the background fetches the
        /// next. Not afterwards if they say `must-revalidate`, `proxy-revalidate` or `s-maxage` too.
        stale_while_revalidate: Defaulted<bool>, default(false);
    }
}

section! {
    /// Holds requests back that the backends would refuse anyway ("Site Reliability Engineering",
    /// chapter 21): answers 503 `overload/throttled`.
    struct ThrottleKeys {
        /// Whether it does.
        enabled: Defaulted<bool>, default(false);
        /// Requests are held back when the backends accept a smaller share than this: 1/K of the book.
        /// A refusal is 429, or a 503 with the marks of `overload/upstream_shedding`.
        accept_rate: Defaulted<Ratio>, default(Ratio::percent(50)),
            range(Ratio::percent(10), Ratio::percent(90));
        /// The largest share of requests that is held back: the others find out about recovery.
        max_reject: Defaulted<Ratio>, default(Ratio::percent(90)),
            range(Ratio::percent(10), Ratio::percent(99));
        /// How far back requests count.
        window: Defaulted<Duration>, default(Duration::from_secs(120)),
            range(Duration::from_secs(1), Duration::from_secs(3600));
        /// With fewer requests in the window nothing is held back.
        minimum_requests: Defaulted<NonZeroU32>, default(nonzero_u32(50)),
            range(NonZeroU32::MIN, nonzero_u32(1_000_000));
    }
}

section! {
    /// Takes a backend out when its requests show that it fails. The last one is never taken out.
    struct EjectionKeys {
        /// Whether that happens.
        enabled: Defaulted<bool>, default(true);
        /// Ejects after so many failures in a row; a refused connection ejects at once.
        consecutive_failures: Defaulted<NonZeroU32>, default(nonzero_u32(5)),
            range(NonZeroU32::MIN, nonzero_u32(100_000));
        /// Ejects a backend that fails this share of its requests, successes between them or not, while the
        /// others fail clearly less (where they fail too: less than half of that). The more the shares differ, the
        /// fewer requests it takes; they count for a minute. 0 switches this rule off.
        failure_rate: Defaulted<Ratio>, default(Ratio::percent(20)),
            range(Ratio::ZERO, Ratio::percent(90));
        /// With fewer requests the rate is not looked at.
        minimum_requests: Defaulted<NonZeroU32>, default(nonzero_u32(20)),
            range(NonZeroU32::MIN, nonzero_u32(1_000_000));
        /// Ejects a backend most of whose answers take so many times as long as is usual in the pool, over three
        /// seconds or more, while the others' do not; at most a third of the pool. Not during its slow start, and
        /// not where requests are balanced by a key. 0 switches this rule off.
        slow_ratio: Defaulted<u32>, default(5), range(0, 1_000);
        /// Answers that take less than this longer than usual are not slow.
        slow_by: Defaulted<Duration>, default(Duration::from_millis(250)),
            range(Duration::from_millis(1), Duration::from_secs(3600));
        /// How long the first time; doubles each time.
        base: Defaulted<Duration>, default(Duration::from_secs(1)),
            range(Duration::from_millis(1), Duration::from_secs(3600));
        /// The longest time; `base` if that is longer.
        max: Defaulted<Duration>, default(Duration::from_secs(30)),
            range(Duration::from_millis(1), Duration::from_secs(86_400));
    }
}

section! {
    /// Where requests wait while as many are under way as may be: the more important ones are served
    /// first, and the others sent away first.
    struct QueueKeys {
        /// How many may wait, over all workers; 0: one too many is answered with 503 at once.
        max_waiting: Defaulted<u32>, default(4096), range(0, 1_000_000);
        /// How long a request waits while the pool is known to be saturated, or has `max_in_flight`
        /// under way. Fewer wait than are served in that time, fewer still of the less important, and
        /// none for twice as long. A request whose deadline comes before an answer can does not wait.
        max_wait: Defaulted<Duration>, default(Duration::from_millis(250)),
            range(Duration::from_millis(1), Duration::from_secs(60));
    }
}

/// How a backend is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum CheckKind {
    /// By a `GET`.
    Http,
    /// By a connection.
    Tcp,
    /// By a TLS handshake.
    Tls,
    /// By the gRPC health protocol.
    Grpc,
}

choice!(CheckKind, { "http" => Self::Http, "tcp" => Self::Tcp, "tls" => Self::Tls, "grpc" => Self::Grpc });
choice!(Health, { "up" => Self::Up, "starting" => Self::Starting, "down" => Self::Down });
choice!(BackendProtocol, { "h1" => Self::H1, "h2" => Self::H2 });
