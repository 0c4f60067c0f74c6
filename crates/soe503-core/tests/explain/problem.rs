//! The problem document's members.

use serde_json::Value;
use soe503_core::Cause;
use soe503_core::diagnosis::rules::Missing;
use soe503_core::explain::{
    DOCS, Exposure, Format, LONGEST_BODY, StatusPolicy, Telling, problem, tell,
};
use soe503_core::ledger::Fault;

use crate::situations::{
    EXPOSURES, Situation, all_refused_and_open, hung, reset_post, with_secrets,
};

fn document(situation: &Situation, exposure: Exposure, retry_after: Option<u32>) -> Value {
    let mut telling = situation.telling(exposure);
    telling.retry_after = retry_after;
    let told = tell(&telling, Format::ProblemJson);
    assert_eq!(told.content_type, "application/problem+json");
    serde_json::from_str(&told.body).unwrap()
}

/// RFC 9457 §3.1, for every cause: the types of the standard members, and the real status.
#[test]
fn standard_members() {
    for cause in Cause::ALL {
        let situation = with_secrets(*cause);
        for exposure in EXPOSURES {
            let told = tell(&situation.telling(exposure), Format::ProblemJson);
            let document: Value = serde_json::from_str(&told.body).unwrap();
            assert_eq!(document["type"], format!("{DOCS}{cause}"));
            assert_eq!(document["title"], cause.info().title);
            assert_eq!(document["status"], told.status);
            assert!(
                document["detail"]
                    .as_str()
                    .unwrap()
                    .starts_with(cause.info().detail)
            );
            assert!(
                document["instance"]
                    .as_str()
                    .unwrap()
                    .starts_with("/api/v1/")
            );
            assert_eq!(document["code"], format!("SOE-{}", told.status));
            assert_eq!(document["cause"], cause.id());
            assert_eq!(document["category"], cause.category().id());
        }
    }
}

#[test]
fn detail_says_when_to_come_back() {
    let end = |situation: &Situation, retry_after| {
        let document = document(situation, Exposure::Public, retry_after);
        let detail = document["detail"].as_str().unwrap().to_owned();
        detail.split_inclusive(". ").last().unwrap().to_owned()
    };
    let open = all_refused_and_open();
    assert_eq!(end(&open, Some(9)), "Retry in 9 seconds.");
    assert_eq!(end(&open, Some(1)), "Retry in 1 second.");
    assert_eq!(end(&open, None), "Retry later.");
    let pool = with_secrets(Cause::ConfigUnknownPool);
    assert_eq!(
        end(&pool, None),
        "Retrying will not help until an operator corrects it."
    );
}

#[test]
fn an_unsafe_replay_is_told_as_one() {
    let safety =
        |situation: &Situation| document(situation, Exposure::Public, None)["retry_safety"].clone();
    assert_eq!(safety(&all_refused_and_open()), "unsent");
    assert_eq!(safety(&reset_post()), "may_have_run");
    let document = document(&reset_post(), Exposure::Internal, None);
    let why = document["not_retried"].as_str().unwrap();
    assert!(
        why.contains("not idempotent") && why.contains("twice"),
        "{why}"
    );
}

#[test]
fn attempts_have_their_numbers() {
    let document = document(&hung(), Exposure::Full, None);
    let attempts = document["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[1]["number"], 2);
    assert_eq!(attempts[1]["backend"], "web-2");
    assert_eq!(attempts[1]["address"], "10.0.3.12:8080");
    assert_eq!(attempts[1]["phase"], "wait_headers");
    assert_eq!(attempts[1]["elapsed_ms"], 2000.0);
    assert_eq!(attempts[1]["bytes_sent"], 183);
    assert_eq!(attempts[1]["cause"], "dependency_failure/response_timeout");
}

/// Remedies name the pool, the address and the identifier instead of stand-ins.
#[test]
fn remedies_are_filled_in() {
    let open = document(&all_refused_and_open(), Exposure::Internal, None);
    let quick = open["actions"]["quick"].as_array().unwrap();
    assert_eq!(
        quick[0],
        Cause::DependencyConnectRefused.info().quick_fix,
        "the root's first"
    );
    assert!(
        quick[1]
            .as_str()
            .unwrap()
            .contains("lbctl breaker reset app only")
    );
    let reset = document(&reset_post(), Exposure::Internal, None);
    let verify = reset["actions"]["verify"][0].as_str().unwrap();
    assert!(verify.starts_with("lbctl explain 01KAPX3Q7V"), "{verify}");
    let refused = with_secrets(Cause::DependencyConnectRefused);
    let verify = |exposure| document(&refused, exposure, None)["actions"]["verify"][0].clone();
    assert_eq!(verify(Exposure::Full), "curl -sv telnet://10.66.77.88:8443");
    assert_eq!(verify(Exposure::Internal), "curl -sv telnet://HOST:PORT");
}

#[test]
fn incidents_and_traces_are_linked() {
    let situation = hung();
    let mut telling = situation.telling(Exposure::Public);
    telling.incident_id = Some("01KAPX3Q");
    telling.trace_id = Some("4bf92f3577b34da6a3ce929d0e0e4736");
    telling.docs = "https://docs.example/c/";
    let document = problem(&telling);
    assert_eq!(document.instance, "/api/v1/incidents/01KAPX3Q");
    assert_eq!(document.trace_id.as_deref(), telling.trace_id);
    assert_eq!(
        document.kind,
        "https://docs.example/c/dependency_failure/response_timeout"
    );
    assert_eq!(document.at, "2026-11-22T17:41:08Z");
}

#[test]
fn records_are_complete_whatever_their_size() {
    let mut situation = hung();
    let many = situation.ledger.attempts[0].clone();
    situation.ledger.attempts = vec![many; 40];
    assert_eq!(
        problem(&situation.telling(Exposure::Full)).attempts.len(),
        40
    );
    let told = tell(&situation.telling(Exposure::Full), Format::ProblemJson);
    assert!(told.body.len() <= LONGEST_BODY);
}

/// The document that is written by hand is the one that serde writes.
#[test]
fn strangers_get_the_same_document() {
    let written = |situation: &Situation, telling: &dyn Fn(&mut Telling<'_>)| {
        for exposure in EXPOSURES {
            let mut told = situation.telling(exposure);
            telling(&mut told);
            let body = tell(&told, Format::ProblemJson).body;
            let whole = serde_json::to_string(&problem(&told)).unwrap();
            if exposure == Exposure::Public {
                assert_eq!(body, whole);
            } else {
                let (body, whole): (Value, Value) = (
                    serde_json::from_str(&body).unwrap(),
                    serde_json::from_str(&whole).unwrap(),
                );
                assert_eq!(body["detail"], whole["detail"]);
            }
        }
    };
    for cause in Cause::ALL {
        let situation = with_secrets(*cause);
        for retry_after in [None, Some(1), Some(86_400)] {
            written(&situation, &|telling| telling.retry_after = retry_after);
        }
        written(&situation, &|telling| {
            telling.docs = "https://docs.example/\"causes\\é\"/";
            telling.trace_id = Some("4bf92f3577b34da6a3ce929d0e0e4736");
            telling.incident_id = Some("01KAPX3Q");
            telling.status = Some(500);
        });
        written(&situation, &|telling| {
            telling.policy = StatusPolicy::Rfc9209;
        });
    }
    for situation in [all_refused_and_open(), hung(), reset_post()] {
        written(&situation, &|telling| telling.retry_after = Some(7));
    }
}

#[test]
fn whether_it_may_have_run() {
    for (cause, unsent, safety) in [
        (Cause::DependencyUpstream503, false, "answered"),
        (Cause::DependencyUpstream503, true, "unsent"),
        (Cause::DependencyResponseTimeout, false, "may_have_run"),
        (Cause::DependencyConnectRefused, true, "unsent"),
    ] {
        let mut situation = reset_post();
        situation.diagnosis.primary = cause;
        situation.diagnosis.unsent = unsent;
        let document = document(&situation, Exposure::Public, None);
        assert_eq!(document["retry_safety"], safety, "{cause} {unsent}");
    }
}

#[test]
fn shares_are_told_in_hundredths() {
    let mut situation = all_refused_and_open();
    situation.diagnosis.shares = vec![
        (Cause::DependencyConnectRefused, 2.0 / 3.0),
        (Cause::DependencyUpstream503, 1.0 / 3.0),
    ];
    let document = document(&situation, Exposure::Internal, None);
    let shares: Vec<f64> = document["shares"]
        .as_array()
        .unwrap_or_else(|| panic!("{document:#}"))
        .iter()
        .map(|share| share["share"].as_f64().unwrap())
        .collect();
    assert_eq!(shares, [0.67, 0.33]);
}

/// An attempt that failed is told with its fault, be that no failure of a backend or be it only a status.
#[test]
fn an_attempt_is_told_with_its_fault() {
    for (fault, status, told) in [
        (Some(Fault::Client), None, true),
        (None, Some(503), true),
        (Some(Fault::Closed), None, true),
        (None, Some(200), false),
    ] {
        let mut situation = reset_post();
        let attempt = situation.ledger.attempts.last_mut().unwrap();
        (attempt.fault, attempt.status) = (fault.clone(), status);
        let document = document(&situation, Exposure::Internal, None);
        let last = document["attempts"].as_array().unwrap().last().unwrap();
        assert_eq!(last.get("fault").is_some(), told, "{fault:?}: {last}");
    }
}

#[test]
fn what_would_have_made_it_surer_is_told_in_words() {
    let mut situation = all_refused_and_open();
    situation.diagnosis.missing = vec![Missing::LoadReports, Missing::LateAnswers];
    let document = document(&situation, Exposure::Internal, None);
    assert_eq!(
        document["missing"],
        serde_json::json!([
            "load reports of the backends",
            "what would have come after the time allowed"
        ])
    );
}
