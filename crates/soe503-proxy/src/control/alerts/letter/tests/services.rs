//! PagerDuty, Alertmanager and Grafana: what their documentation says.

use serde_json::Value;
use soe503_api::Timestamp;
use soe503_core::alert::{Event, Severity};

use super::super::{Letter, write};
use super::{at, bodies, closed, hostile, incident, letter, only};
use crate::config::AlertKind;

/// <https://developer.pagerduty.com/docs/send-alert-event>.
#[test]
fn pagerduty_takes_every_event() {
    for told in [incident(), closed(), hostile()] {
        for (event, action) in [
            (Event::Opened, "trigger"),
            (Event::Grew, "trigger"),
            (Event::Closed, "resolve"),
        ] {
            let letter = letter(&told, event);
            let parcels = write(AlertKind::PagerDuty, &letter, &["R015KEY".to_owned()]);
            assert!(parcels[0].body.len() < 512 * 1024);
            let body: Value = serde_json::from_slice(&parcels[0].body).unwrap();
            assert_eq!(body["routing_key"], "R015KEY");
            assert_eq!(body["event_action"], action);
            assert_eq!(body["dedup_key"], "01KAPX3Q");
            let payload = &body["payload"];
            let length = |text: &Value| text.as_str().unwrap().chars().count();
            assert!((1..=1_024).contains(&length(&payload["summary"])));
            assert!((1..=255).contains(&length(&payload["source"])));
            let severity = payload["severity"].as_str().unwrap();
            assert!(["critical", "error", "warning", "info"].contains(&severity));
            assert!(
                payload["timestamp"]
                    .as_str()
                    .unwrap()
                    .parse::<Timestamp>()
                    .is_ok()
            );
            assert_eq!(payload["class"], "dependency_failure/connect_refused");
            assert!(payload["custom_details"].is_object());
            for link in body["links"].as_array().unwrap() {
                assert!(link["href"].as_str().unwrap().starts_with("https://"));
                assert!(link["text"].is_string());
            }
            let known = [
                "client",
                "client_url",
                "dedup_key",
                "event_action",
                "links",
                "payload",
                "routing_key",
            ];
            let mut members: Vec<&String> = body.as_object().unwrap().keys().collect();
            members.sort();
            assert_eq!(members, known);
        }
    }
}

/// Who is paged by a test is left alone at once.
#[test]
fn a_test_of_pagerduty_is_resolved() {
    let told = incident();
    let letter = Letter {
        test: true,
        ..letter(&told, Event::Opened)
    };
    let bodies = bodies(AlertKind::PagerDuty, &letter);
    let actions: Vec<_> = bodies.iter().map(|body| &body["event_action"]).collect();
    assert_eq!(actions, ["trigger", "resolve"]);
    assert_eq!(bodies[0]["dedup_key"], bodies[1]["dedup_key"]);
}

/// An alert is known by its labels: those that are not true any more end with the message that says so.
#[test]
fn alertmanager_forgets_what_an_incident_was_taken_for() {
    let told = incident();
    let one = only(AlertKind::Alertmanager, &letter(&told, Event::Opened));
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(one[0]["endsAt"], "2026-11-22T17:45:09.000Z");
    let same = Letter {
        before: Some((Severity::Critical, "dependency_failure/connect_refused")),
        ..letter(&told, Event::Grew)
    };
    assert_eq!(
        only(AlertKind::Alertmanager, &same)
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let worse = Letter {
        before: Some((Severity::Warning, "dependency_failure/connect_refused")),
        ..letter(&told, Event::Grew)
    };
    let both = only(AlertKind::Alertmanager, &worse);
    assert_eq!(both.as_array().unwrap().len(), 2);
    assert_eq!(both[0]["labels"]["severity"], "warning");
    assert_eq!(both[0]["endsAt"], "2026-11-22T17:41:09.000Z");
    assert_eq!(both[1]["labels"]["severity"], "critical");
    let over = closed();
    let over = only(AlertKind::Alertmanager, &letter(&over, Event::Closed));
    assert_eq!(over[0]["endsAt"], "2026-11-22T17:52:08.000Z");
}

#[test]
fn alertmanager_has_no_empty_label_and_no_end_before_the_beginning() {
    let mut told = closed();
    told.summary.scope.pool = None;
    told.summary.closed_at = Some(at("2026-11-22T17:00:00Z"));
    let body = only(AlertKind::Alertmanager, &letter(&told, Event::Closed));
    let labels = body[0]["labels"].as_object().unwrap();
    assert!(!labels.contains_key("pool") && labels.values().all(|value| value != ""));
    assert_eq!(body[0]["startsAt"], body[0]["endsAt"]);
}

/// Grafana draws a point, and its whole time once that is over.
#[test]
fn grafana_is_told_when_it_was() {
    let (goes_on, over) = (incident(), closed());
    let first = goes_on.summary.first_seen;
    let now = letter(&goes_on, Event::Grew).since;
    assert_ne!(first, now);
    for (told, event, begins, ends) in [
        (&goes_on, Event::Opened, first, None),
        (&goes_on, Event::Grew, now, None),
        (&over, Event::Closed, first, over.summary.closed_at),
    ] {
        let body = only(AlertKind::Grafana, &letter(told, event));
        assert_eq!(body["time"], begins.unix_millis(), "{event:?}");
        let ends = ends.map(Timestamp::unix_millis);
        assert_eq!(body["timeEnd"].as_u64(), ends, "{event:?}");
        let tags: Vec<&str> = body["tags"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        for tag in [event.word(), &format!("incident:{}", told.summary.id)] {
            assert!(tags.contains(&tag), "{tag}: {tags:?}");
        }
    }
}
