use std::time::Duration;

use super::*;
use crate::traces::testing::{at, trace};

/// What OpenTelemetry's Python library writes for the batch below, in hexadecimal: `tests/traces/run --write`.
const GOLDEN: &str = include_str!("encode_tests.hex");

fn anchor() -> Anchor {
    Anchor::new(at(0), Duration::from_secs(1_795_780_800))
}

fn resource() -> Resource {
    let pairs = [
        ("service.name", "shop-edge"),
        ("deployment.environment.name", "prod"),
    ];
    Resource(
        pairs
            .map(|(key, value)| (key.into(), value.into()))
            .to_vec(),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn byte_for_byte_what_another_implementation_writes() {
    let golden: String = GOLDEN.split_whitespace().collect();
    let written = request(&resource(), &[trace()], true, anchor());
    assert_eq!(hex(&written), golden);
}

#[test]
fn what_people_type_goes_nowhere() {
    let written = request(&resource(), &[trace()], false, anchor());
    let text = String::from_utf8_lossy(&written);
    assert!(!text.contains("secret"), "a query");
    assert!(!text.contains("curl"), "a user agent that nobody wants");
    assert!(text.contains("/api/orders") && !text.contains("/api/orders?"));
}

#[test]
fn methods_that_nobody_knows_are_one() {
    for (given, method_, original) in [
        ("GET", "GET", None),
        ("QUERY", "QUERY", None),
        ("PROPFIND", "_OTHER", Some("PROPFIND")),
        ("get", "_OTHER", Some("get")),
    ] {
        let given = Method::from_bytes(given.as_bytes()).unwrap();
        assert_eq!(method(&given), (method_, original));
    }
}

#[test]
fn what_is_configured_about_the_service_has_the_last_word() {
    let text = format!(
        "{}\n[telemetry.traces]\nendpoint = \"http://127.0.0.1:4318\"\nservice_name = \"edge\"\n\
         resource_attributes = {{ \"service.version\" = \"9\", team = \"shop\" }}\n",
        include_str!("../../../../config/smallest.toml")
    );
    let config = config::from_str("test", &text).unwrap_or_else(|r| panic!("{}", r.render(false)));
    let resource = Resource::new(config.traces.as_ref().unwrap(), "edge-eu1");
    let value = |key: &str| {
        let mut all = resource.0.iter().filter(|(known, _)| known == key);
        let (_, value) = all.next()?;
        assert!(all.next().is_none(), "{key} is there twice");
        Some(value.as_str())
    };
    assert_eq!(value("service.name"), Some("edge"));
    assert_eq!(value("service.instance.id"), Some("edge-eu1"));
    assert_eq!(value("service.version"), Some("9"));
    assert_eq!(value("team"), Some("shop"));
}
