//! What is cured, what is not, and how that is told.

use core::time::Duration;

use http::{HeaderMap, HeaderValue, Method};
use serde_json::json;
use soe503_api::FailureRecord;

use super::judge::{Kind, judge};
use super::{Noted, Outcome, args, told};
use crate::confirm::observation::{Answer, ConnectFault, End, Observation, Timings};
use crate::confirm::tags::Tags;
use crate::show::sample::{PIPE, failure, plain};

type Headers = [(&'static str, &'static str)];

fn seen(end: End) -> Observation {
    Observation {
        url: "http://shop.example/cart".into(),
        host: "127.0.0.1".into(),
        port: 8080,
        method: Method::GET,
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

const OURS: (&str, &str) = ("x-error-code", "SOE-503");
const REFUSED: &str = "dependency_failure/connect_refused; grade=proven";
const OPEN: &str = "circuit_open/consecutive_failures; root=dependency_failure/connect_refused";
const OPEN_OF_RESETS: &str =
    "circuit_open/consecutive_failures; root=dependency_failure/reset_before_response";
const QUEUE: &str = "overload/queue_full; grade=proven";

/// What failed: `(cause, root, code)`.
fn failed(cause: &str, root: Option<&str>, ours: bool) -> FailureRecord {
    let mut record = failure();
    cause.clone_into(&mut record.diagnosis.cause);
    record.diagnosis.root = root.map(str::to_owned);
    record.code = ours.then(|| "SOE-503".to_owned());
    record.status = 503;
    record
}

#[test]
fn what_is_cured_and_what_is_not() {
    let refused = || failed("dependency_failure/connect_refused", None, true);
    let open = || {
        failed(
            "circuit_open/consecutive_failures",
            Some("dependency_failure/connect_refused"),
            true,
        )
    };
    let own = || failed("dependency_failure/upstream_503", None, false);
    #[rustfmt::skip]
    let rows: [(FailureRecord, u16, &Headers, Kind); 16] = [
        (refused(), 200, &[], Kind::Cured),
        (refused(), 302, &[], Kind::Cured),
        (refused(), 404, &[], Kind::Cured),
        (refused(), 503, &[OURS, ("soe-cause", REFUSED)], Kind::NotCured),
        (refused(), 503, &[OURS, ("soe-cause", OPEN)], Kind::NotCured),
        (open(), 503, &[OURS, ("soe-cause", REFUSED)], Kind::NotCured),
        (open(), 503, &[OURS, ("soe-cause", OPEN)], Kind::NotCured),
        (open(), 503, &[OURS, ("soe-cause", OPEN_OF_RESETS)], Kind::DifferentCause),
        (refused(), 503, &[OURS, ("soe-cause", QUEUE)], Kind::DifferentCause),
        (refused(), 500, &[], Kind::DifferentCause),
        // It is saved, and would fail without.
        (refused(), 200, &[("x-soe-degraded", "stale"), ("soe-cause", REFUSED)], Kind::NotCured),
        (refused(), 200, &[("x-soe-degraded", "failover"), ("soe-cause", QUEUE)], Kind::DifferentCause),
        (own(), 503, &[], Kind::NotCured),
        (own(), 500, &[], Kind::DifferentCause),
        (own(), 200, &[], Kind::Cured),
        // A field of ours on an answer that is not ours proves nothing.
        (own(), 200, &[("soe-cause", REFUSED)], Kind::Cured),
    ];
    for (was, status, headers, expected) in rows {
        let judged = judge(&was, &answer(status, headers));
        assert_eq!(
            judged.kind, expected,
            "{} {status} {headers:?}",
            was.diagnosis.cause
        );
        assert!(judged.what.contains(&status.to_string()), "{}", judged.what);
    }
}

#[test]
fn nobody_is_no_verdict_about_the_incident() {
    for end in [
        End::Connect(ConnectFault::Refused),
        End::Silence(Duration::from_secs(30)),
        End::Closed("closed".into()),
        End::NotHttp(b"SSH-2.0".to_vec()),
    ] {
        let judged = judge(&failure(), &seen(end));
        assert_eq!((judged.kind, judged.kind.verdict()), (Kind::NoAnswer, None));
    }
}

#[test]
fn the_listener_that_is_asked() {
    let mutual = json!({ "client_auth": { "required": true } });
    #[rustfmt::skip]
    let rows = [
        (json!([{ "address": "127.0.0.1:8080" }]), Some("http://127.0.0.1:8080")),
        (json!([{ "address": "10.0.0.1:8443", "tls": {} }]), Some("https://10.0.0.1:8443")),
        (json!([{ "address": "0.0.0.0:80" }]), Some("http://admin.example:80")),
        (json!([{ "address": "[::]:80" }]), Some("http://admin.example:80")),
        (json!([{ "address": "10.0.0.1:1", "proxy_protocol": "require" }, { "address": "10.0.0.1:2" }]), Some("http://10.0.0.1:2")),
        (json!([{ "address": "10.0.0.1:1", "tls": mutual }, { "address": "10.0.0.1:2", "protocols": ["h2"] }]), None),
        (json!([]), None),
    ];
    for (listeners, expected) in rows {
        let found = args::listener(
            &json!({ "listeners": listeners }),
            "http://admin.example:9503",
        );
        assert_eq!(found.as_deref(), expected, "{listeners}");
    }
}

#[test]
fn how_it_is_told() {
    let record = failure();
    let tell = |seen: Observation, noted: Noted| {
        let judged = judge(&record, &seen);
        let outcome = Outcome {
            record: &record,
            incident: Some("01KAPX3Q"),
            seen,
            judged,
            times: 3,
            noted,
        };
        let now = record.at.after(Duration::from_secs(95));
        let json = String::from_utf8(told::json(&outcome)).unwrap();
        format!("{}\n{json}", plain(&told::text(&outcome, now, PIPE), PIPE))
    };
    let cured = tell(answer(200, &[("x-request-id", "01KAPZZZ")]), Noted::Yes);
    insta::assert_snapshot!("cured", cured);
    let again = answer(
        503,
        &[OURS, ("soe-cause", QUEUE), ("x-request-id", "01KAPZZZ")],
    );
    let why = Noted::No("There is no incident called \"01KAPX3Q\" here.".into());
    insta::assert_snapshot!("another_cause", tell(again, why));
    let nobody = seen(End::Connect(ConnectFault::Refused));
    insta::assert_snapshot!("nobody", tell(nobody, Noted::Nothing));
}
