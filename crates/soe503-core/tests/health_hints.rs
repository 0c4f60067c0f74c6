//! Health documents, as the frameworks write them and as nobody should.

use proptest::prelude::*;
use soe503_core::health::{Hints, Level};

/// What is read of it, in words.
fn read(document: &str) -> Option<String> {
    Hints::read(document.as_bytes()).map(|hints| hints.text())
}

#[test]
fn what_is_not_well_is_named() {
    for (format, document, said) in [
        (
            "health+json, after the example of the draft",
            r#"{"status":"fail","version":"1","releaseId":"1.2.2","notes":[""],"output":"",
              "serviceId":"f03e522f","description":"health of authz service","checks":{
              "cassandra:responseTime":[{"componentId":"dfd6cf2b","componentType":"datastore",
                "observedValue":250,"observedUnit":"ms","status":"pass","time":"2018-01-17T03:36:48Z","output":""}],
              "cassandra:connections":[{"componentId":"dfd6cf2b","componentType":"datastore","status":"fail","output":"pool exhausted"}],
              "uptime":[{"componentType":"system","observedValue":1209600.245,"observedUnit":"s","status":"pass"}],
              "cpu:utilization":[
                {"componentId":"6fd416e0","node":1,"componentType":"system","observedValue":85,"status":"warn"},
                {"componentId":"6fd416e0","node":2,"componentType":"system","observedValue":20,"status":"pass"}]}}"#,
            Some("cassandra:connections fails: pool exhausted; cpu:utilization warns"),
        ),
        (
            "health+json without checks",
            r#"{"status":"fail","output":"license expired"}"#,
            Some("the backend fails: license expired"),
        ),
        (
            "health+json, warn",
            r#"{"status":"warn"}"#,
            Some("the backend warns"),
        ),
        (
            "health+json, pass",
            r#"{"status":"pass","checks":{}}"#,
            None,
        ),
        (
            "health+json, an alias",
            r#"{"status":"error"}"#,
            Some("the backend fails"),
        ),
        (
            "Spring Boot",
            r#"{"status":"DOWN","components":{
              "db":{"status":"DOWN","details":{"error":"org.h2.jdbc.JdbcSQLException: Connection refused"}},
              "diskSpace":{"status":"UP","details":{"total":499963170816,"free":1,"threshold":10485760,"exists":true}},
              "ping":{"status":"UP"}},"groups":["liveness","readiness"]}"#,
            Some("db fails: org.h2.jdbc.JdbcSQLException: Connection refused"),
        ),
        (
            "Spring Boot, components of components",
            r#"{"status":"DOWN","components":{"db":{"status":"DOWN","components":{
              "orders":{"status":"UP"},"stock":{"status":"DOWN","details":{"error":"timeout"}}}}}}"#,
            Some("db/stock fails: timeout"),
        ),
        (
            "Spring Boot 2.0",
            r#"{"status":"DOWN","details":{"redis":{"status":"DOWN","details":{"error":"no route"}}}}"#,
            Some("redis fails: no route"),
        ),
        (
            "Spring Boot, taken out",
            r#"{"status":"OUT_OF_SERVICE","components":{"readinessState":{"status":"OUT_OF_SERVICE"}}}"#,
            Some("readinessState fails"),
        ),
        (
            "Spring Boot, without details",
            r#"{"status":"DOWN"}"#,
            Some("the backend fails"),
        ),
        (
            "Spring Boot, up",
            r#"{"status":"UP","components":{"db":{"status":"UP"}}}"#,
            None,
        ),
        (
            "MicroProfile Health",
            r#"{"status":"DOWN","checks":[{"name":"queue","status":"DOWN","data":{"error":"gone"}},{"name":"db","status":"UP"}]}"#,
            Some("queue fails: gone"),
        ),
        (
            "ASP.NET Core",
            r#"{"status":"Unhealthy","entries":{"sql":{"status":"Unhealthy","description":"login failed"}}}"#,
            Some("sql fails: login failed"),
        ),
        (
            "some other object",
            r#"{"error":"not found","status":404}"#,
            None,
        ),
        (
            "a status of its own",
            r#"{"status":"shipped","checks":{"a":[{"status":"fail"}]}}"#,
            None,
        ),
        ("a list", r#"[{"status":"fail"}]"#, None),
        ("no JSON", "status: fail", None),
        ("half of it", r#"{"status":"fail","#, None),
        ("nothing", "", None),
    ] {
        assert_eq!(read(document).as_deref(), said, "{format}");
    }
}

#[test]
fn which_bodies_are_read() {
    for (content_type, may) in [
        ("application/health+json", true),
        ("application/vnd.spring-boot.actuator.v3+json", true),
        ("application/json; charset=utf-8", true),
        ("Application/JSON", true),
        ("text/html", false),
        ("application/jsonp", false),
        ("json", false),
        ("", false),
    ] {
        assert_eq!(Hints::may_be(content_type), may, "{content_type:?}");
    }
}

#[test]
fn what_is_kept_is_little_and_harmless() {
    let list: Vec<String> = (0..200)
        .map(|n| {
            format!(
                r#""c{n}":{{"status":"{}"}}"#,
                if n == 150 { "DOWN" } else { "UNKNOWN" }
            )
        })
        .collect();
    let hints = Hints::read(
        format!(r#"{{"status":"DOWN","components":{{{}}}}}"#, list.join(",")).as_bytes(),
    )
    .unwrap();
    assert_eq!(hints.components.len(), Hints::MOST);
    assert_eq!(&*hints.components[0].name, "c150", "failing ones first");
    assert_eq!(hints.components[1].level, Level::Warn);

    let rude = format!(
        r#"{{"status":"fail","output":"a\r\nSet-Cookie: x\u001b[2J{}","checks":{{"{}\u0000":[{{"status":"fail"}}]}}}}"#,
        "y".repeat(1000),
        "n".repeat(1000)
    );
    let hints = Hints::read(rude.as_bytes()).unwrap();
    let output = hints.output.clone().unwrap();
    assert!(output.len() <= 160 && hints.components[0].name.len() <= 64);
    let text = format!("{output}{}", hints.text());
    assert!(!text.chars().any(char::is_control), "{text:?}");

    let large = format!(
        r#"{{"status":"fail","output":"{}"}}"#,
        "x".repeat(Hints::LARGEST)
    );
    assert_eq!(Hints::read(large.as_bytes()), None);
    let mut deep = serde_json::json!({ "status": "DOWN" });
    for _ in 0..40 {
        deep = serde_json::json!({ "status": "DOWN", "components": { "a": deep } });
    }
    let hints = Hints::read(deep.to_string().as_bytes()).unwrap();
    assert_eq!(hints.text(), "a/a/a/a fails");
    let bottomless = "[".repeat(Hints::LARGEST);
    assert_eq!(Hints::read(bottomless.as_bytes()), None);
}

proptest! {
    /// Whatever is thrown at it, it answers, and within its bounds.
    #[test]
    fn nothing_makes_it_stumble(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"status\"", "\"fail\"", "\"warn\"", "\"DOWN\"", "\"checks\"",
            "\"components\"", "\"name\"", "\"details\"", "null", "1e999", "-0", "\"\\ud800\"", "\"\\u0000\"", "é",
        ]), 0..60),
    ) {
        if let Some(hints) = Hints::read(parts.concat().as_bytes()) {
            prop_assert!(hints.components.len() <= Hints::MOST);
        }
    }

    #[test]
    fn nested_documents_stay_within_their_bounds(names in prop::collection::vec(prop::collection::vec(any::<char>(), 0..90), 1..6)) {
        let mut document = serde_json::json!({ "status": "DOWN" });
        for name in &names {
            let name: String = name.iter().collect();
            document = serde_json::json!({ "status": "DOWN", "components": { name: document } });
        }
        let hints = Hints::read(document.to_string().as_bytes()).unwrap();
        for component in &hints.components {
            prop_assert!(component.name.len() <= 64);
            prop_assert!(!component.name.chars().any(char::is_control));
        }
    }
}

#[test]
fn which_release_a_backend_is() {
    let release = |document: &str| Hints::release(document.as_bytes());
    for (document, expected) in [
        (
            r#"{"status":"pass","version":"1","releaseId":"2.8.0"}"#,
            Some("2.8.0"),
        ),
        (r#"{"status":"pass","releaseId":" v2 "}"#, Some("v2")),
        (r#"{"status":"pass","releaseId":""}"#, None),
        (r#"{"status":"pass","releaseId":28}"#, None),
        (r#"{"status":"pass"}"#, None),
        ("[]", None),
        ("2.8.0", None),
    ] {
        let found = release(document);
        assert_eq!(found.as_deref(), expected, "{document}");
    }
    let long = format!(r#"{{"releaseId":"{}"}}"#, "x".repeat(500));
    assert!(release(&long).unwrap().len() <= 70);
    assert_eq!(Hints::server("shop/2.8.0").as_deref(), Some("shop/2.8.0"));
    assert_eq!(Hints::server("nginx"), None);
}

/// A document that calls itself well names what is not, whatever its word for that is.
#[test]
fn all_is_well_but_for() {
    for word in ["pass", "ok", "UP", "Healthy"] {
        let document = format!(r#"{{"status":"{word}","checks":{{"db":[{{"status":"fail"}}]}}}}"#);
        assert_eq!(read(&document).as_deref(), Some("db fails"), "{word}");
        let part = format!(r#"{{"status":"fail","checks":{{"db":[{{"status":"{word}"}}]}}}}"#);
        let said = read(&part);
        assert_eq!(said.as_deref(), Some("the backend fails"), "{word}");
    }
}

#[test]
fn the_longest_document_that_is_read() {
    let document = r#"{"status":"fail","releaseId":"2.8.0"}"#;
    for (length, is_read) in [
        (Hints::LARGEST - 1, true),
        (Hints::LARGEST, true),
        (Hints::LARGEST + 1, false),
        (Hints::LARGEST + 2, false),
    ] {
        let padded = format!("{document:<length$}");
        assert_eq!(read(&padded).is_some(), is_read, "{length}");
        let release = Hints::release(padded.as_bytes());
        assert_eq!(release.is_some(), is_read, "{length}");
    }
}
