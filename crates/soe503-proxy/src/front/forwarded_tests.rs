use super::*;
use crate::config;

/// The policy that a listener with these keys has.
fn policy(keys: &str) -> Forwarded {
    let text = format!(
        "[[listeners]]\naddress = \"127.0.0.1:0\"\nforwarded = {{ {keys} }}\n\
         [[routes]]\npool = \"app\"\n[pools.app]\nbackends = [\"http://127.0.0.1:1\"]\n"
    );
    let config = config::from_str("test", &text);
    let config = config.unwrap_or_else(|report| panic!("{report}"));
    config.listeners[0].forwarded.clone()
}

/// What a backend is told of a client at `address` under `keys`; sorted by name.
fn told(keys: &str, address: &str, sent: &[(&str, &str)], asked: Option<&str>) -> Vec<String> {
    let mut headers = HeaderMap::new();
    for (name, value) in sent {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    let seen = Seen::of(&headers);
    let asked = asked.map(|host| HeaderValue::from_str(host).unwrap());
    Forwarder::new(address.parse().unwrap(), Scheme::Http, &policy(keys)).apply(
        &mut headers,
        seen,
        asked.as_ref(),
    );
    let mut lines: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    lines
}

/// What a client may try.
const CLAIMS: &[(&str, &str)] = &[
    ("x-forwarded-for", "6.6.6.6"),
    ("x-forwarded-for", "7.7.7.7"),
    ("X-Forwarded-Proto", "https"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-port", "1"),
    ("x-forwarded-prefix", "/admin"),
    ("x-forwarded-anything-else", "1"),
    ("x-real-ip", "6.6.6.6"),
    ("forwarded", "for=6.6.6.6;proto=https"),
    ("x-forward", "stays"),
];

#[test]
fn a_stranger_is_not_believed() {
    for keys in [
        "",
        "trust = [\"192.0.2.0/24\"]",
        "mode = \"replace\", trust = [\"10.0.0.0/8\"]",
    ] {
        assert_eq!(
            told(keys, "10.0.0.9", CLAIMS, None),
            [
                "x-forward: stays",
                "x-forwarded-for: 10.0.0.9",
                "x-forwarded-proto: http",
            ],
            "{keys}"
        );
    }
    assert_eq!(
        told("mode = \"off\"", "10.0.0.9", CLAIMS, None),
        ["x-forward: stays"]
    );
}

#[test]
fn a_trusted_proxy_is_believed_and_extended() {
    let trust = "trust = [\"10.0.0.0/8\"]";
    let mut kept: Vec<String> = CLAIMS[2..]
        .iter()
        .map(|(name, value)| format!("{}: {value}", name.to_lowercase()))
        .chain(["x-forwarded-for: 6.6.6.6, 7.7.7.7, 10.0.0.9".into()])
        .collect();
    kept.sort();
    assert_eq!(
        told(trust, "::ffff:10.0.0.9", CLAIMS, Some("shop:8080")),
        kept
    );
    let off = told(
        &format!("{trust}, mode = \"off\""),
        "10.0.0.9",
        CLAIMS,
        None,
    );
    assert_eq!(off.len(), CLAIMS.len());
    assert!(!off.iter().any(|line| line.contains("10.0.0.9")), "{off:?}");
}

#[test]
fn each_style_has_its_fields() {
    let both = "style = \"both\", trust = [\"2001:db8::/32\"]";
    let forwarded = &[("forwarded", "for=1.2.3.4")][..];
    for (keys, address, sent, asked, expected) in [
        (
            "",
            "192.0.2.1",
            &[][..],
            Some("shop.example:8080"),
            &[
                "x-forwarded-for: 192.0.2.1",
                "x-forwarded-host: shop.example:8080",
                "x-forwarded-port: 8080",
                "x-forwarded-proto: http",
            ][..],
        ),
        (
            "",
            "2001:db8::1",
            &[],
            Some("[::1]"),
            &[
                "x-forwarded-for: 2001:db8::1",
                "x-forwarded-host: [::1]",
                "x-forwarded-port: 80",
                "x-forwarded-proto: http",
            ],
        ),
        (
            "style = \"forwarded\"",
            "192.0.2.1",
            forwarded,
            None,
            &["forwarded: for=192.0.2.1;proto=http"],
        ),
        (
            "style = \"forwarded\"",
            "2001:db8::1",
            &[],
            Some("a:1"),
            &["forwarded: for=\"[2001:db8::1]\";proto=http;host=\"a:1\""],
        ),
        (
            both,
            "2001:db8::1",
            forwarded,
            None,
            &[
                "forwarded: for=1.2.3.4, for=\"[2001:db8::1]\";proto=http",
                "x-forwarded-for: 2001:db8::1",
                "x-forwarded-proto: http",
            ],
        ),
    ] {
        assert_eq!(
            told(keys, address, sent, asked),
            expected,
            "{keys} {address}"
        );
    }
}

#[test]
fn addresses_are_those_of_the_formatter() {
    for client in [
        "0.0.0.0",
        "1.20.255.9",
        "100.99.10.101",
        "255.255.255.255",
        "2001:db8::1",
    ] {
        assert_eq!(address(client.parse().unwrap()), client);
    }
}
