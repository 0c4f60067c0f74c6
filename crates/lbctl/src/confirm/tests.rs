//! What is seen, and what is made of it.

use core::time::Duration;

use http::{HeaderMap, HeaderValue, Method};

use super::{
    observation::{Answer, ConnectFault, DnsFault, End, Observation, Timings},
    report,
    tags::Tags,
    tls::TlsFault,
    verdict::{Kind, judge},
};
use crate::show::sample::{PIPE, plain};

/// Names and values.
type Headers = [(&'static str, &'static str)];

fn seen(end: End) -> Observation {
    Observation {
        url: "http://shop.example/cart".into(),
        host: "shop.example".into(),
        port: 80,
        method: Method::HEAD,
        head_refused: false,
        timings: Timings::default(),
        tried: Vec::new(),
        end,
    }
}

fn answer(status: u16, headers: &Headers) -> Observation {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_static(value));
    }
    seen(End::Answer(Answer {
        status,
        tags: Box::new(Tags::of(&map)),
    }))
}

const TAGGED: &Headers = &[
    ("x-error-code", "SOE-503"),
    (
        "soe-cause",
        "circuit_open/consecutive_failures; root=dependency_failure/connect_refused; \
         inc=\"01KAPY7R\"; grade=proven; at=@1795369268",
    ),
    (
        "proxy-status",
        "edge-eu1; error=destination_unavailable; details=\"circuit open\"",
    ),
    ("retry-after", "9"),
    ("x-request-id", "01KAPY88"),
    ("soe-attempts", "0"),
];

#[test]
fn whose_503_it_is() {
    let rows: &[(&Headers, Kind, &str)] = &[
        (
            TAGGED,
            Kind::Soe503,
            "503, made by soe503 \"edge-eu1\": circuit_open/consecutive_failures, \
             because of dependency_failure/connect_refused (proven)",
        ),
        (
            &[("x-error-code", "SOE-503")],
            Kind::Soe503,
            "503, made by soe503: it does not say why",
        ),
        // The tag is ours, and a proxy between us and the client added itself.
        (
            &[("x-error-code", "SOE-503"), ("server", "cloudflare")],
            Kind::Soe503,
            "made by soe503",
        ),
        (
            &[("proxy-status", "edge-eu1; received-status=503")],
            Kind::Backend503,
            "503, the backend's own: proxy \"edge-eu1\" passed it on unchanged",
        ),
        // Two hops, on two lines.
        (
            &[
                ("proxy-status", "mesh; error=connection_refused"),
                ("proxy-status", "edge-eu1; received-status=503"),
            ],
            Kind::Proxy503,
            "503, made by another proxy, \"mesh\": connection_refused",
        ),
        (
            &[("server", "nginx/1.22.1")],
            Kind::Proxy503,
            "503, from another proxy or from behind it (Server: nginx/1.22.1)",
        ),
        (
            &[("l5d-proxy-error", "fail-fast")],
            Kind::Proxy503,
            "l5d-proxy-error: fail-fast",
        ),
        (
            &[("server", "envoy"), ("x-envoy-upstream-service-time", "3")],
            Kind::Backend503,
            "an Envoy passed it on",
        ),
        (
            &[("server", "gunicorn")],
            Kind::Unsigned503,
            "(Server: gunicorn)",
        ),
        (&[], Kind::Unsigned503, "no header says who made it"),
        // Another vendor's code, and headers that do not parse, prove nothing.
        (
            &[
                ("x-error-code", "E42"),
                ("proxy-status", ";;;"),
                ("soe-cause", "="),
            ],
            Kind::Unsigned503,
            "no header says who made it",
        ),
    ];
    for (headers, kind, summary) in rows {
        let verdict = judge(&answer(503, headers));
        assert_eq!(verdict.kind, *kind, "{headers:?}");
        assert!(verdict.summary.contains(summary), "{}", verdict.summary);
        assert!(verdict.kind.is_503() && !verdict.kind.is_healthy());
    }
}

#[test]
fn what_is_not_a_503() {
    let rows: &[(u16, &Headers, Kind, &str)] = &[
        (200, &[], Kind::Fine, "not a 503: 200 OK"),
        (
            302,
            &[("location", "/login")],
            Kind::Fine,
            "302 Found; it points to /login",
        ),
        (404, &[], Kind::ClientError, "404 Not Found"),
        (429, &[], Kind::ClientError, "429 Too Many Requests"),
        (
            500,
            &[],
            Kind::ServerError,
            "500 Internal Server Error; the server failed",
        ),
        (
            599,
            &[],
            Kind::ServerError,
            "not a 503: 599; the server failed",
        ),
        (
            502,
            &[
                ("x-error-code", "SOE-502"),
                ("soe-cause", "dependency_failure/reset_before_response"),
            ],
            Kind::ServerError,
            "502 Bad Gateway; made by soe503: dependency_failure/reset_before_response",
        ),
    ];
    for (status, headers, kind, summary) in rows {
        let verdict = judge(&answer(*status, headers));
        assert_eq!(verdict.kind, *kind, "{status}");
        assert!(verdict.summary.contains(summary), "{}", verdict.summary);
        assert!(!verdict.kind.is_503() && verdict.kind.is_healthy());
    }
}

#[test]
fn no_answer_at_all() {
    let limit = Duration::from_secs(3);
    let rows = [
        (
            End::Dns(DnsFault::NoSuchName),
            Kind::DnsNoSuchName,
            "does not exist",
        ),
        (
            End::Dns(DnsFault::Failed("Temporary failure".into())),
            Kind::DnsFailure,
            "(Temporary failure)",
        ),
        (
            End::Dns(DnsFault::TimedOut(limit)),
            Kind::DnsFailure,
            "within 3s",
        ),
        (
            End::Connect(ConnectFault::Refused),
            Kind::ConnectionRefused,
            "connection refused",
        ),
        (
            End::Connect(ConnectFault::TimedOut(limit)),
            Kind::ConnectTimeout,
            "within 3s",
        ),
        (
            End::Connect(ConnectFault::Unreachable("No route to host".into())),
            Kind::Unreachable,
            "No route",
        ),
        (
            End::Connect(ConnectFault::Failed("EMFILE".into())),
            Kind::Unreachable,
            "EMFILE",
        ),
        (End::Tls(TlsFault::Expired), Kind::TlsFailure, "has expired"),
        (
            End::Tls(TlsFault::OtherName(vec![
                "a.example".into(),
                "b.example".into(),
            ])),
            Kind::TlsFailure,
            "is for a.example, b.example, not for shop.example",
        ),
        (
            End::Tls(TlsFault::NoRoots("none found".into())),
            Kind::TlsFailure,
            "no trusted certificates",
        ),
        (
            End::Silence(limit),
            Kind::ReadTimeout,
            "gave no answer within 3s",
        ),
        (
            End::Closed("reset".into()),
            Kind::ConnectionClosed,
            "gave no answer (reset)",
        ),
        (
            End::NotHttp(b"SSH-2.0".to_vec()),
            Kind::NotHttp,
            "does not speak HTTP",
        ),
    ];
    for (end, kind, summary) in rows {
        let verdict = judge(&seen(end));
        assert_eq!(verdict.kind, kind);
        assert!(verdict.summary.starts_with("not a 503, no answer at all: "));
        assert!(verdict.summary.contains(summary), "{}", verdict.summary);
        assert!(!verdict.kind.is_503() && !verdict.kind.is_healthy());
        assert!(!verdict.next.is_empty(), "{kind:?} leaves one alone");
    }
}

/// A host with several addresses: the verdict names the one whose fault says most.
#[test]
fn the_address_that_counts() {
    let tried = |address: &str, fault| super::observation::Tried {
        address: address.parse().unwrap(),
        fault,
        elapsed: Duration::ZERO,
    };
    let unreachable = || Some(ConnectFault::Unreachable("no route".into()));
    let late = || Some(ConnectFault::TimedOut(Duration::from_secs(1)));
    let mut seen = seen(End::Connect(ConnectFault::Refused));
    let counts = |seen: &Observation| seen.address().map(|a| a.to_string());
    assert_eq!(counts(&seen), None);
    seen.tried.push(tried("[::1]:80", unreachable()));
    assert_eq!(counts(&seen).unwrap(), "[::1]:80");
    seen.tried.push(tried("10.0.0.1:80", late()));
    assert_eq!(counts(&seen).unwrap(), "10.0.0.1:80");
    seen.tried
        .push(tried("10.0.0.2:80", Some(ConnectFault::Refused)));
    seen.tried.push(tried("[::2]:80", unreachable()));
    let summary = judge(&seen).summary;
    assert!(
        summary.contains("nothing listens at 10.0.0.2:80"),
        "{summary}"
    );
    seen.tried.push(tried("10.0.0.3:80", None));
    assert_eq!(counts(&seen).unwrap(), "10.0.0.3:80");
}

#[test]
fn what_to_do_next() {
    let next = |end| judge(&seen(end)).next.join("\n");
    let ours = judge(&answer(503, TAGGED)).next;
    assert_eq!(
        ours,
        [
            "the whole story: lbctl explain 01KAPY88",
            "the pool now: lbctl pool status",
            "or try again in 9 s, as Retry-After says",
        ]
    );
    let hopeless = judge(&answer(503, &[("x-error-code", "SOE-503")])).next;
    assert!(
        hopeless[1].contains("waiting alone does not help"),
        "{hopeless:?}"
    );
    assert!(next(End::NotHttp(b"SSH-2.0-x".to_vec())).contains("SSH server"));
    assert!(next(End::NotHttp(vec![0x15, 3, 1, 0, 2])).contains("https://shop.example:80/"));
    assert!(next(End::NotHttp(vec![0, 0, 6, 4, 0])).contains("HTTP/2"));
    assert!(next(End::Tls(TlsFault::NotTls)).contains("http://shop.example:80/"));
}

/// A header is somebody else's text: it does not become part of a command to be copied.
#[test]
fn a_strange_request_id_is_not_put_into_a_command() {
    let headers: &[_] = &[("x-error-code", "SOE-503"), ("x-request-id", "a; rm -rf ~")];
    let next = judge(&answer(503, headers)).next.join("\n");
    assert!(!next.contains("rm -rf"), "{next}");
}

#[test]
fn told_to_people() {
    let mut seen = answer(503, TAGGED);
    seen.head_refused = true;
    seen.method = Method::GET;
    seen.timings = Timings {
        dns: Some(Duration::from_micros(1500)),
        connect: Some(Duration::from_micros(240)),
        tls: None,
        first_byte: Some(Duration::from_millis(12)),
        total: Duration::from_millis(14),
    };
    seen.tried.push(super::observation::Tried {
        address: "[::1]:80".parse().unwrap(),
        fault: Some(ConnectFault::Refused),
        elapsed: Duration::ZERO,
    });
    seen.tried.push(super::observation::Tried {
        address: "127.0.0.1:80".parse().unwrap(),
        fault: None,
        elapsed: Duration::from_micros(240),
    });
    let verdict = judge(&seen);
    insta::assert_snapshot!("text", plain(&report::text(&seen, &verdict, PIPE), PIPE));
    let json: serde_json::Value = serde_json::from_slice(&report::json(&seen, &verdict)).unwrap();
    insta::assert_json_snapshot!("json", json);
}
