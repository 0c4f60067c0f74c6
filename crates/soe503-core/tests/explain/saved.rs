//! What an answer carries that is not about the failure itself: another attempt, or a kept answer, has saved the request.

use soe503_core::explain::{Exposure, tell_headers};

use crate::situations::{hung, ms, reset_post};

/// Names and values for this reader.
fn carried(exposure: Exposure) -> Vec<(&'static str, String)> {
    let situation = hung();
    let mut telling = situation.telling(exposure);
    telling.elapsed = ms(4_012);
    let headers = tell_headers(&telling).into_iter();
    headers
        .map(|(name, value)| (name, value.into_owned()))
        .collect()
}

#[test]
fn strangers_hear_the_cause_and_how_often_it_was_tried() {
    let carried = carried(Exposure::Public);
    let names: Vec<_> = carried.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        ["soe-cause", "proxy-status", "soe-attempts", "x-request-id"],
        "no status, no Retry-After, nothing about caches: those are the answer's"
    );
    let value = |name| &carried.iter().find(|(known, _)| *known == name).unwrap().1;
    assert!(value("soe-cause").starts_with("dependency_failure/response_timeout;"));
    assert_eq!(
        value("proxy-status"),
        "edge-eu1;error=http_response_timeout;soe-cause=dependency_failure/response_timeout"
    );
    assert_eq!(
        (&**value("soe-attempts"), &**value("x-request-id")),
        ("2", "01KAPX3Q7V")
    );
}

#[test]
fn colleagues_hear_what_each_attempt_took() {
    for exposure in [Exposure::Internal, Exposure::Full] {
        let last = carried(exposure).pop();
        let timing = "attempt-1;dur=2000.0;desc=\"response_timeout\", attempt-2;dur=2000.0;desc=\"response_timeout\", total;dur=4012.0";
        assert_eq!(last, Some(("server-timing", timing.to_owned())));
    }
}

#[test]
fn the_second_of_two_at_a_time_is_marked() {
    let mut situation = reset_post();
    situation.ledger.attempts[0].hedge = true;
    let timing = |situation: &crate::situations::Situation| {
        let telling = situation.telling(Exposure::Internal);
        let headers = tell_headers(&telling);
        headers.last().unwrap().1.clone().into_owned()
    };
    assert_eq!(
        timing(&situation),
        "attempt-1;dur=12.0;desc=\"hedge reset_before_response\", total;dur=13.0"
    );
    situation.ledger.attempts[0].fault = None;
    assert_eq!(
        timing(&situation),
        "attempt-1;dur=12.0;desc=\"hedge\", total;dur=13.0"
    );
    situation.ledger.attempts[0].hedge = false;
    assert_eq!(timing(&situation), "attempt-1;dur=12.0, total;dur=13.0");
}
