//! A request's head as HTTP/2 has it.

use http::header::{HOST, HeaderValue};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery};
use soe503::{clock, grpc};
use soe503_core::Tick;
use soe503_h2::RequestOut;

use crate::upstream::{BackendHost, Upstream};

/// Shows `f` the head of `parts` for `upstream`. Nothing is copied.
///
/// `Host` becomes `:authority` (RFC 9113 §8.3.1); one that is no authority, or none, leaves the
/// host of the backend's URL. For gRPC, `te: trailers` is added, which is ours to say: we pass trailers on; and a
/// `grpc-timeout` becomes what is left until `caller_deadline`.
pub(super) fn with<R>(
    parts: &Parts,
    upstream: &Upstream,
    caller_deadline: Option<Tick>,
    f: impl FnOnce(&RequestOut<'_>) -> R,
) -> R {
    let grpc = grpc::is_grpc(&parts.headers);
    let left = caller_deadline.filter(|_| grpc).map(remaining);
    let path = parts.uri.path_and_query();
    f(&RequestOut {
        method: &parts.method,
        https: upstream.tls().is_some(),
        authority: authority(parts, upstream),
        path: path.map_or("/", PathAndQuery::as_str).as_bytes(),
        headers: &parts.headers,
        te_trailers: grpc,
        grpc_timeout: left.as_ref(),
    })
}

/// How long it still is, as the backend is told.
fn remaining(caller_deadline: Tick) -> HeaderValue {
    grpc::timeout_value(caller_deadline.since(clock::now()))
}

/// The host that the request is for. A route may ask for the backend's own instead.
fn authority<'a>(parts: &'a Parts, upstream: &'a Upstream) -> &'a [u8] {
    let asked = parts.headers.get(HOST).map(HeaderValue::as_bytes);
    asked
        .filter(|_| parts.extensions.get::<BackendHost>().is_none())
        .filter(|host| is_plain(host) || Authority::try_from(*host).is_ok())
        .unwrap_or_else(|| upstream.host().as_bytes())
}

/// A name or an IPv4 address, perhaps with a port: an authority, for certain and at little cost.
fn is_plain(host: &[u8]) -> bool {
    let name = host
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        .count();
    name > 0
        && match host.get(name..) {
            Some([b':', port @ ..]) => {
                (1..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit)
            }
            rest => rest.is_some_and(<[u8]>::is_empty),
        }
}

#[cfg(test)]
#[path = "head_tests.rs"]
mod tests;
