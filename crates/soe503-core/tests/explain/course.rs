//! Since when, how many, and after which change: to each audience, in each form.

use core::time::Duration;

use serde_json::{Value, json};
use soe503_core::Cause;
use soe503_core::explain::{Exposure, Format, LONGEST_BODY, Telling, tell};
use soe503_core::incident::{Changes, Course, NEARBY, Place};

use crate::situations::{AT, EXPOSURES, FORMATS, Situation, all_refused_and_open, with_secrets};

/// 38 seconds ago.
const SINCE: i64 = AT - 38;

fn course(changes: Changes) -> Course {
    let mut course = Course::begun(Place::Pool("app".into()), SINCE * 1000 + 250, 1_204);
    course.requests = Some(1_310);
    course.saved = 64;
    course.changes = changes;
    course
}

fn linked(what: &str) -> Changes {
    Changes::Linked {
        what: what.into(),
        at_ms: (SINCE - 8) * 1000,
        before_ms: 8_250,
        ratio: 60.04,
        proven: false,
    }
}

fn told(situation: &Situation, course: &Course, exposure: Exposure, format: Format) -> String {
    let telling = Telling {
        course: Some(course),
        ..situation.telling(exposure)
    };
    tell(&telling, format).body
}

fn document(course: &Course, exposure: Exposure) -> Value {
    let body = told(
        &all_refused_and_open(),
        course,
        exposure,
        Format::ProblemJson,
    );
    serde_json::from_str(&body).unwrap()
}

fn header(situation: &Situation, course: Option<&Course>, exposure: Exposure) -> String {
    let telling = Telling {
        course,
        ..situation.telling(exposure)
    };
    let told = tell(&telling, Format::ProblemJson);
    told.header("soe-cause").unwrap().to_owned()
}

#[test]
fn colleagues_are_told_how_many_since_when_and_which_change() {
    for exposure in [Exposure::Internal, Exposure::Full] {
        let told = document(&course(linked("deploy cart v2.8.0")), exposure);
        assert_eq!(told["first_seen"], "2026-11-22T17:40:30Z");
        let requests = json!({"failed": 1_204, "total": 1_310, "prevented": 64});
        assert_eq!(told["requests"], requests);
        let change = json!({
            "title": "deploy cart v2.8.0", "at": "2026-11-22T17:40:22Z", "before_ms": 8_250,
            "likelihood_ratio": 60.0, "grade": "inferred",
        });
        assert_eq!(told["change"], change);
    }
}

#[test]
fn what_is_known_of_changes_is_a_sentence() {
    let proven = Changes::Linked {
        what: "deploy cart v2.8.0".into(),
        at_ms: 0,
        before_ms: -900,
        ratio: 60.0,
        proven: true,
    };
    let at_once = Changes::Linked {
        what: "deploy cart v2.8.0".into(),
        at_ms: 0,
        before_ms: 0,
        ratio: 60.0,
        proven: true,
    };
    let rows = [
        (Changes::Unknown, None),
        (
            at_once,
            Some(
                "deploy cart v2.8.0, 0 µs before the first failure: it was taken back, and that ended it",
            ),
        ),
        (
            Changes::None(NEARBY),
            Some("none is known in the 10 min before"),
        ),
        (
            Changes::None(Duration::from_secs(42)),
            Some("none is known in the 42 s before"),
        ),
        (
            Changes::Near(1),
            Some("one in the 10 min before, which nothing makes the likely cause"),
        ),
        (
            Changes::Near(3),
            Some("3 in the 10 min before, none of which is the likely cause"),
        ),
        (
            linked("deploy cart v2.8.0"),
            Some(
                "deploy cart v2.8.0, 8.3 s before the first failure: 60 times as likely the cause as chance",
            ),
        ),
        (
            proven,
            Some(
                "deploy cart v2.8.0, 900 ms after the first failure: it was taken back, and that ended it",
            ),
        ),
    ];
    for (changes, sentence) in rows {
        let told = document(&course(changes), Exposure::Internal);
        assert_eq!(told.get("changes").and_then(Value::as_str), sentence);
    }
}

#[test]
fn people_read_it_in_every_form() {
    let course = course(Changes::None(NEARBY));
    let since = "2026-11-22T17:40:30Z (38 s); 1,204 of 1,310 requests failed, 64 were saved";
    for format in [Format::Html, Format::Markdown, Format::Text] {
        let body = told(&all_refused_and_open(), &course, Exposure::Internal, format);
        assert!(body.contains(since), "{format:?}: {body}");
        assert!(
            body.contains("none is known in the 10 min before"),
            "{format:?}"
        );
    }
    // What has just begun is not counted yet.
    let begun = Course::begun(Place::Pool("app".into()), AT * 1000, 1);
    let body = told(
        &all_refused_and_open(),
        &begun,
        Exposure::Full,
        Format::Text,
    );
    assert!(
        body.contains("2026-11-22T17:41:08Z (0 µs); 1 request failed\n"),
        "{body}"
    );
}

#[test]
fn grpc_clients_find_it_in_the_details() {
    use base64::Engine;
    let course = course(Changes::None(NEARBY));
    let situation = all_refused_and_open();
    for (exposure, all) in [(Exposure::Public, false), (Exposure::Internal, true)] {
        let telling = Telling {
            course: Some(&course),
            ..situation.telling(exposure)
        };
        let told = tell(&telling, Format::Grpc);
        let details = told.header("grpc-status-details-bin").unwrap();
        let bytes = base64::engine::general_purpose::STANDARD_NO_PAD.decode(details);
        let text = String::from_utf8_lossy(&bytes.unwrap()).into_owned();
        assert!(text.contains("2026-11-22T17:40:30Z"));
        for word in [
            "requests_failed",
            "1204",
            "requests_total",
            "1310",
            "none is known",
        ] {
            assert_eq!(text.contains(word), all, "{word} {exposure:?}");
        }
    }
}

/// The headers say it all, for HEAD; the date stays last.
#[test]
fn headers_have_the_numbers() {
    let (situation, course) = (all_refused_and_open(), course(linked("deploy cart v2.8.0")));
    let internal = header(&situation, Some(&course), Exposure::Internal);
    let tail = format!("; since={SINCE}; failed=1204; of=1310; at=@{AT}");
    assert!(
        internal
            .replace(";", "; ")
            .replace(";  ", "; ")
            .ends_with(&tail),
        "{internal}"
    );
    let public = header(&situation, Some(&course), Exposure::Public);
    assert!(public.contains(&format!("since={SINCE}")), "{public}");
    assert!(
        !public.contains("failed=") && !public.contains("of="),
        "{public}"
    );
    let without = header(&situation, None, Exposure::Full);
    assert!(!without.contains("since="), "{without}");
}

/// How much traffic there is, and what was deployed, is nobody's business outside.
#[test]
fn strangers_are_told_since_when_and_nothing_else() {
    let course = course(linked("deploy payroll v2.8.0"));
    let told = document(&course, Exposure::Public);
    assert_eq!(told["first_seen"], "2026-11-22T17:40:30Z");
    for member in ["requests", "change", "changes"] {
        assert_eq!(told.get(member), None, "{member}");
    }
    for format in FORMATS {
        let body = self::told(&all_refused_and_open(), &course, Exposure::Public, format);
        for secret in ["1,204", "1204", "1310", "1,310", "payroll", "v2.8.0"] {
            assert!(!body.contains(secret), "{secret} in {format:?}: {body}");
        }
    }
}

/// Whoever reports a change writes what they like.
#[test]
fn an_address_in_a_change_is_told_to_operators_only() {
    let course = course(linked("deploy 10.66.77.88:8443 v2"));
    let internal = document(&course, Exposure::Internal).to_string();
    assert!(!internal.contains("10.66.77.88"), "{internal}");
    assert!(internal.contains("a change"), "{internal}");
    let full = document(&course, Exposure::Full).to_string();
    assert!(full.contains("10.66.77.88"), "{full}");
}

#[test]
fn there_is_room_for_it_in_every_answer() {
    let course = course(linked(&"<&\u{202e}\"é".repeat(200)));
    for cause in Cause::ALL.iter().copied() {
        let situation = with_secrets(cause);
        for (exposure, format) in EXPOSURES.iter().flat_map(|e| FORMATS.map(|f| (*e, f))) {
            let body = told(&situation, &course, exposure, format);
            assert!(
                body.len() <= LONGEST_BODY,
                "{cause} {exposure:?} {format:?}"
            );
            if format == Format::ProblemJson {
                let document: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(document["first_seen"], "2026-11-22T17:40:30Z");
            }
        }
    }
}

/// The clock of the count is read a little after that of the answer.
#[test]
fn nothing_begins_after_its_answer() {
    let ahead = Course::begun(Place::Proxy, (AT + 1) * 1000, 1);
    let told = document(&ahead, Exposure::Internal);
    assert_eq!(told["first_seen"], told["at"]);
}
