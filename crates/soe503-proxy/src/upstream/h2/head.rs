//! A request's head as HTTP/2 has it.

use http::header::{CONNECTION, HOST, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Request, Uri, Version};
use soe503::{RequestContext, clock, grpc};

use crate::upstream::{BackendHost, Upstream};

/// Fields that HTTP/2 does not know (RFC 9113 §8.2.2). The front has removed them as hop-by-hop; one
/// left would make `h2` refuse the whole request.
static CONNECTION_SPECIFIC: [HeaderName; 5] = [
    CONNECTION,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// The request of `parts` for `upstream`.
///
/// `Host` becomes `:authority` (RFC 9113 §8.3.1); one that is no authority, or none, leaves the
/// host of the backend's URL. For gRPC, `te: trailers` is added, which is ours to say: we pass trailers on; and a
/// `grpc-timeout` becomes what is left of it.
pub(super) fn of(parts: &Parts, upstream: &Upstream) -> Request<()> {
    let mut headers = parts.headers.clone();
    let asked = headers.remove(HOST);
    // A route may ask for the backend's own host instead.
    let own = parts.extensions.get::<BackendHost>().is_some();
    let host = asked.filter(|_| !own);
    let scheme = match upstream.tls() {
        Some(_) => Scheme::HTTPS,
        None => Scheme::HTTP,
    };
    for name in &CONNECTION_SPECIFIC {
        headers.remove(name);
    }
    headers.remove(TE);
    if grpc::is_grpc(&headers) {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        remaining(&mut headers, parts.extensions.get());
    }
    let mut request = Request::new(());
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = target(&parts.uri, host.as_ref(), scheme, upstream.host());
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = headers;
    request
}

/// Tells the backend how long the caller still waits.
fn remaining(headers: &mut HeaderMap, context: Option<&RequestContext>) {
    if let Some(at) = context.and_then(|context| context.caller_deadline) {
        let left = grpc::timeout_value(at.since(clock::now()));
        headers.insert(grpc::TIMEOUT, left);
    }
}

fn target(uri: &Uri, host: Option<&HeaderValue>, scheme: Scheme, own: &HeaderValue) -> Uri {
    let authority = [host, Some(own)]
        .into_iter()
        .flatten()
        .find_map(|host| Authority::try_from(host.as_bytes()).ok());
    let path = uri.path_and_query().cloned();
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(scheme);
    parts.authority = authority;
    parts.path_and_query = Some(path.unwrap_or(PathAndQuery::from_static("/")));
    // Scheme, authority and path are all there.
    Uri::from_parts(parts).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::upstream::{Protocol, UpstreamOptions};

    fn parts(uri: &str, fields: &[(&'static str, &'static str)]) -> Parts {
        let mut request = Request::builder().method("POST").uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn backend() -> Upstream {
        let options = UpstreamOptions {
            connect_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
            max_idle: 1,
            protocol: Protocol::H1,
        };
        let address = "10.0.0.1:80".parse().unwrap();
        Upstream::new(address, HeaderValue::from_static("app:80"), options)
    }

    fn sent(uri: &str, fields: &[(&'static str, &'static str)]) -> Request<()> {
        of(&parts(uri, fields), &backend())
    }

    #[test]
    fn a_route_may_ask_for_the_backends_own_host() {
        let mut parts = parts("/", &[("host", "shop.example")]);
        parts.extensions.insert(BackendHost);
        assert_eq!(of(&parts, &backend()).uri(), "http://app:80/");
    }

    #[test]
    fn the_host_is_the_authority() {
        for (uri, host, expected) in [
            (
                "/a?b=1",
                Some("shop.example:8080"),
                "http://shop.example:8080/a?b=1",
            ),
            ("/", Some("[::1]"), "http://[::1]/"),
            ("/", Some("not a host"), "http://app:80/"),
            ("/", Some(""), "http://app:80/"),
            ("/", None, "http://app:80/"),
        ] {
            let fields: Vec<_> = host.map(|host| ("host", host)).into_iter().collect();
            let request = sent(uri, &fields);
            assert_eq!(request.uri().to_string(), expected, "{host:?}");
            assert!(!request.headers().contains_key(HOST));
        }
    }

    #[test]
    fn an_asterisk_stays_one() {
        let request = sent("*", &[("host", "a")]);
        assert_eq!(request.uri().path(), "*");
    }

    #[test]
    fn what_http2_does_not_know_is_left_out() {
        let request = sent(
            "/",
            &[
                ("connection", "x"),
                ("transfer-encoding", "chunked"),
                ("upgrade", "y"),
                ("keep-alive", "z"),
                ("proxy-connection", "z"),
                ("te", "trailers, deflate"),
                ("accept", "*/*"),
            ],
        );
        let names: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["accept"]);
    }

    #[test]
    fn grpc_gets_its_trailers_and_what_is_left_of_its_time() {
        let fields = [
            ("content-type", "application/grpc"),
            ("grpc-timeout", "10S"),
        ];
        let mut parts = parts("/", &fields);
        let mut context = RequestContext::new(clock::now(), false);
        context.caller_deadline = Some(clock::now().after(Duration::from_secs(4)));
        parts.extensions.insert(context);
        let request = of(&parts, &backend());
        assert_eq!(request.headers()[TE], "trailers");
        let left = grpc::timeout(request.headers()).unwrap();
        assert!(
            left <= Duration::from_secs(4) && left > Duration::from_secs(1),
            "{left:?}"
        );
        let other = sent("/", &[("grpc-timeout", "10S")]);
        assert_eq!(other.headers()["grpc-timeout"], "10S");
        assert!(!other.headers().contains_key(TE));
    }
}
