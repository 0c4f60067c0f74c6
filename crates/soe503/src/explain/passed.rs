//! A backend's own 5xx, passed on.

use http::{HeaderName, HeaderValue, Response};
use soe503_core::Tick;
use soe503_core::diagnosis::{Context, diagnose};
use soe503_core::explain::{RetryInputs, append, passed_on};
use soe503_core::hops;
use soe503_core::ledger::{Attempt, Fault, Ledger};

use super::asked::Asked;
use super::explainer::Explainer;
use super::record::{FailureRecord, Record};
use crate::clock;
use crate::error::BoxError;
use crate::facts;
use crate::served::Served;

pub(super) const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");

/// Adds our member to `Proxy-Status`, says how many attempts there were, and nothing else: the answer is not
/// ours to tag, and nobody else's to tag as ours.
pub(super) fn on<B>(
    response: &mut Response<B>,
    explainer: &Explainer,
    asked: &Asked,
    started: Tick,
) {
    if let Some(record) = recorder(explainer, asked) {
        let now = clock::now();
        let served = response.extensions().get::<Served>();
        let ledger = match served.and_then(|served| served.ledger.as_deref()) {
            Some(ledger) => ledger.clone(),
            None => Ledger::from(facts::answered(response, 1, started, now)),
        };
        let status = response.status().as_u16();
        tell(record, (status, ledger), explainer, asked, started);
    }
    disown(response);
    let member = passed_on(&explainer.shared.server, response.status().as_u16());
    let value = append(Some(&members(response)), &member);
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(PROXY_STATUS, value);
    }
    let spent = spent(response);
    response.headers_mut().insert(hops::ATTEMPTS, spent);
}

/// Takes out what only proxies of ours may say, unless the service below knows that it comes from one.
pub(super) fn disown<B>(response: &mut Response<B>) {
    let attempt = response.extensions().get::<Attempt>();
    let of_proxy = attempt.is_some_and(|attempt| {
        attempt.below.is_some() || attempt.nested.as_ref().is_some_and(|nested| nested.trusted)
    });
    if !of_proxy {
        facts::of_stranger(response.headers_mut(), None);
    }
}

/// What the proxies behind us say in `Proxy-Status`.
pub(super) fn members<B>(response: &Response<B>) -> String {
    let lines = response.headers().get_all(PROXY_STATUS).iter();
    let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    lines.join(", ")
}

/// The attempts that the answer took. A proxy before this one that knows need not try again.
fn spent<B>(response: &Response<B>) -> HeaderValue {
    let served = response.extensions().get::<Served>();
    let ledger = served.and_then(|served| served.ledger.as_deref());
    let below = response
        .extensions()
        .get::<Attempt>()
        .and_then(|attempt| attempt.below);
    let attempts = match (ledger, below) {
        (Some(ledger), _) => ledger.spent(),
        (None, Some(below)) => below.attempts,
        (None, None) => 1,
    };
    HeaderValue::from(u16::from(attempts))
}

/// Who wants to hear what becomes of answers that are not ours, if somebody waits for this one.
pub(super) fn recorder<'a>(explainer: &'a Explainer, asked: &Asked) -> Option<&'a dyn Record> {
    let record = explainer.shared.record.as_deref();
    record.filter(|record| record.passed_on() && !asked.is_background())
}

/// An answer with this `status` broke off after its head.
pub(super) fn broke_off(
    error: &BoxError,
    status: u16,
    explainer: &Explainer,
    asked: &Asked,
    started: Tick,
) {
    if let Some(record) = recorder(explainer, asked) {
        let attempt = facts::broken_body(&**error, status, started, clock::now());
        // The client has left, or broke its own request off.
        if attempt.fault == Some(Fault::Client) {
            return;
        }
        tell(
            record,
            (status, Ledger::from(attempt)),
            explainer,
            asked,
            started,
        );
    }
}

fn tell(
    record: &dyn Record,
    (status, ledger): (u16, Ledger),
    explainer: &Explainer,
    asked: &Asked,
    started: Tick,
) {
    let now = clock::now();
    let begun = clock::exactly();
    let mut context = Context::new(now);
    if let Some(surroundings) = &explainer.shared.surroundings {
        surroundings.add(&ledger, &mut context, &mut RetryInputs::default());
    }
    let diagnosis = diagnose(&ledger, &context);
    let diagnosed_in = clock::exactly().since(begun);
    let incident = record.incident(&diagnosis);
    record.record(FailureRecord {
        request_id: asked.id(),
        method: asked.method().clone(),
        uri: asked.uri().clone(),
        host: asked.host(),
        diagnosis,
        ledger,
        context,
        again: asked.is_again(),
        idempotency_key: asked.idempotency_key(),
        traceparent: asked.traceparent(),
        status,
        retry_after: None,
        incident,
        passed_on: true,
        at_unix: clock::unix_seconds(),
        at: now,
        elapsed: now.since(started),
        diagnosed_in,
    });
}
