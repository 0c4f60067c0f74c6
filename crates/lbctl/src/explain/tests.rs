use core::time::Duration;

use super::{incident, text};
use crate::show::{
    Canvas,
    sample::{self, NOW, PIPE, failure, plain, terminal},
};

fn shown(canvas: Canvas) -> String {
    let now = NOW.after(Duration::from_secs(300));
    plain(&text::record(&failure(), None, now, canvas), canvas)
}

#[test]
fn in_a_pipe() {
    insta::assert_snapshot!(shown(PIPE));
}

#[test]
fn in_80_columns() {
    insta::assert_snapshot!(shown(terminal(80)));
}

/// A backend's own answer is told as such, and what is missing takes no line.
#[test]
fn a_record_with_little_in_it() {
    let mut record = failure();
    record.code = None;
    record.retry_after = None;
    record.attempts.clear();
    record.diagnosis.evidence.clear();
    record.diagnosis.ruled_out.clear();
    record.diagnosis.contributing.clear();
    record.diagnosis.actions = soe503_api::Actions::default();
    let text = plain(&text::record(&record, None, NOW, PIPE), PIPE);
    insta::assert_snapshot!(text);
}

#[test]
fn an_incident_in_a_pipe() {
    let text = incident::incident(&sample::incident(), NOW, PIPE);
    insta::assert_snapshot!(plain(&text, PIPE));
}

#[test]
fn a_condition_of_which_no_request_fails() {
    let text = plain(&incident::incident(&sample::condition(), NOW, PIPE), PIPE);
    for told in [
        "The health check GET /status gets 404 at 3 of 3 backends, and requests are answered.",
        "0 of 412 requests failed",
        "GET /healthz -> 200, GET /ready -> 404, GET /status -> 404 on 10.0.3.12:8080",
        "set pools.cart.health_check.path = \"/healthz\" (answers 200 now)",
        "lbctl verify 01KAPX3Q",
    ] {
        assert!(text.contains(told), "no {told}:\n{text}");
    }
}

#[test]
fn an_incident_in_80_columns() {
    let canvas = terminal(80);
    let text = incident::incident(&sample::incident(), NOW, canvas);
    insta::assert_snapshot!(plain(&text, canvas));
}

/// A failed request says since when its pool fails, and after what.
#[test]
fn a_record_that_belongs_to_an_incident() {
    let mut record = failure();
    record.incident = Some("01KAPX3Q".to_owned());
    let text = text::record(&record, Some(&sample::incident()), NOW, PIPE);
    let text = plain(&text, PIPE);
    let lines: Vec<&str> = text.lines().take(3).collect();
    assert!(lines[0].ends_with("| incident 01KAPX3Q"), "{text}");
    let since = "  Since 17:40:52, 8s after: deploy cart v2.8.0 (argocd, rev 9f3c1e2)";
    assert_eq!(lines[2], since);
}
