use std::time::Duration;

use http::{HeaderMap, Request};

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
        proxy: false,
        protocol: Protocol::H1,
    };
    let address = "10.0.0.1:80".parse().unwrap();
    Upstream::new(address, HeaderValue::from_static("app:80"), options)
}

/// Scheme, authority and path of what is sent.
fn target(parts: &Parts) -> String {
    with(parts, &backend(), None, |head| {
        format!(
            "{}://{}{}",
            if head.https { "https" } else { "http" },
            str::from_utf8(head.authority).unwrap(),
            str::from_utf8(head.path).unwrap(),
        )
    })
}

#[test]
fn a_route_may_ask_for_the_backends_own_host() {
    let mut parts = parts("/", &[("host", "shop.example")]);
    parts.extensions.insert(BackendHost);
    assert_eq!(target(&parts), "http://app:80/");
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
        ("/", Some("10.0.0.9"), "http://10.0.0.9/"),
        ("/", Some("a_b:1"), "http://a_b:1/"),
        ("/", Some("a:80:80"), "http://app:80/"),
        ("/", Some(""), "http://app:80/"),
        ("/", None, "http://app:80/"),
    ] {
        let fields: Vec<_> = host.map(|host| ("host", host)).into_iter().collect();
        assert_eq!(target(&parts(uri, &fields)), expected, "{host:?}");
    }
}

#[test]
fn an_asterisk_stays_one() {
    assert_eq!(target(&parts("*", &[("host", "a")])), "http://a*");
}

#[test]
fn grpc_gets_its_trailers_and_what_is_left_of_its_time() {
    let fields = [
        ("content-type", "application/grpc"),
        ("grpc-timeout", "10S"),
    ];
    let parts = parts("/", &fields);
    let deadline = Some(clock::now().after(Duration::from_secs(4)));
    with(&parts, &backend(), deadline, |head| {
        assert!(head.te_trailers);
        let mut told = HeaderMap::new();
        told.insert(grpc::TIMEOUT, head.grpc_timeout.unwrap().clone());
        told.insert("content-type", HeaderValue::from_static("application/grpc"));
        let left = grpc::timeout(&told).unwrap();
        assert!(
            left <= Duration::from_secs(4) && left > Duration::from_secs(1),
            "{left:?}"
        );
    });
    let other = self::parts("/", &[("grpc-timeout", "10S")]);
    with(&other, &backend(), deadline, |head| {
        assert!(!head.te_trailers && head.grpc_timeout.is_none());
    });
}
