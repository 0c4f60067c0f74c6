//! Our answer to a request that failed.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response};
use soe503_core::breaker::CircuitOpen;
use soe503_core::cause::RetryAfterRule;
use soe503_core::diagnosis::{CircuitView, Context, Diagnosis, diagnose};
use soe503_core::explain::{RetryInputs, Telling, retry_after};
use soe503_core::incident::Course;
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase, Refusal};
use soe503_core::{Cause, Tick};

use super::asked::Asked;
use super::explainer::Explainer;
use super::instead;
use super::keep::Degraded;
use super::kept;
use super::panicked::Panicked;
use super::record::{Explained, FailureRecord};
use super::repeats;
use crate::clock;
use crate::error::{BoxError, Failure, Rejected, find};
use crate::facts;

/// The answer to the request that `asked` and failed with `error`.
pub(super) fn answer(
    error: &BoxError,
    explainer: &Explainer,
    asked: &Asked,
    started: Tick,
) -> Response<Bytes> {
    let now = clock::now();
    let shared = &*explainer.shared;
    let panicked = find::<Panicked>(&**error).is_some();
    let found = Found::new(error, explainer, asked, (started, now));
    let telling = Telling {
        // A bug is no outage: coming back brings the same.
        status: if panicked {
            Some(500)
        } else {
            limit(&found.ledger)
        },
        ..found.telling(explainer, asked, now.since(started))
    };
    let format = asked.format();
    let method = asked.method();
    let Found {
        ledger, diagnosis, ..
    } = &found;
    let by_client = ledger
        .last()
        .is_some_and(|last| last.fault == Some(Fault::Client));
    let mut response = repeats::response(&telling, format, method);
    let cause = diagnosis.primary;
    let fallback = shared.fallback.as_ref();
    let fallback = fallback.filter(|f| !by_client && f.is_for(cause, format, method));
    let older = match by_client || cause == Cause::OverloadRateLimited {
        true => None,
        false => kept::instead(&response, explainer, asked),
    };
    let degraded = match (older, fallback) {
        (Some(older), _) => {
            response = older;
            Some(Degraded::Stale)
        }
        (None, Some(fallback)) => {
            fallback.give(&mut response, method);
            Some(Degraded::Static)
        }
        (None, None) => {
            instead::page(&mut response, &shared.pages, cause, format, method);
            None
        }
    };
    response.extensions_mut().insert(Explained {
        cause,
        root: diagnosis.root,
        attempts: diagnosis.tries,
        backend: ledger.last().and_then(|last| last.backend.clone()),
        retry: diagnosis.retry,
        by_client,
        degraded,
    });
    let status = response.status().as_u16();
    let told = (telling.retry_after, telling.at_unix);
    found.record(explainer, asked, status, told, (started, now));
    response
}

/// What is known about a failure once it is looked into.
pub(super) struct Found {
    ledger: Ledger,
    context: Context,
    diagnosis: Diagnosis,
    inputs: RetryInputs,
    request_id: Arc<str>,
    incident: Option<Arc<str>>,
    course: Option<Arc<Course>>,
    diagnosed_in: Duration,
}

impl Found {
    /// What `error` says, and what is known around it. `times`: when the request began, and now.
    pub(super) fn new(
        error: &BoxError,
        explainer: &Explainer,
        asked: &Asked,
        (started, now): (Tick, Tick),
    ) -> Self {
        let shared = &*explainer.shared;
        let begun = clock::exactly();
        let panicked = find::<Panicked>(&**error).is_some();
        let ledger = ledger(error, panicked, started, now);
        let (mut context, mut inputs) = known(error, &ledger, now);
        if let Some(surroundings) = &shared.surroundings {
            surroundings.add(&ledger, &mut context, &mut inputs);
        }
        let diagnosis = diagnose(&ledger, &context);
        let diagnosed_in = clock::exactly().since(begun);
        let record = shared.record.as_ref();
        Self {
            diagnosed_in,
            request_id: asked.id(),
            incident: record.and_then(|record| record.incident(&diagnosis)),
            course: record.and_then(|record| record.course(&diagnosis)),
            ledger,
            context,
            diagnosis,
            inputs,
        }
    }

    /// How it is told to the client.
    pub(super) fn telling<'a>(
        &'a self,
        explainer: &'a Explainer,
        asked: &Asked,
        elapsed: Duration,
    ) -> Telling<'a> {
        let shared = &*explainer.shared;
        Telling {
            incident_id: self.incident.as_deref(),
            course: self.course.as_deref(),
            retry_after: retry_after(&self.diagnosis, &self.inputs, fastrand::f64()),
            elapsed,
            exposure: asked.exposure().unwrap_or(shared.exposure),
            policy: shared.policy,
            docs: &shared.docs,
            ..Telling::new(
                &self.diagnosis,
                &self.ledger,
                &shared.server,
                &self.request_id,
                clock::unix_seconds(),
            )
        }
    }

    /// Hands it to whoever keeps records: the client got `status`, was told to come back after so many
    /// seconds, at that time.
    pub(super) fn record(
        self,
        explainer: &Explainer,
        asked: &Asked,
        status: u16,
        (retry_after, at_unix): (Option<u32>, i64),
        (started, now): (Tick, Tick),
    ) {
        let record = explainer.shared.record.as_ref();
        let Some(record) = record.filter(|_| !asked.is_background()) else {
            return;
        };
        record.record(FailureRecord {
            request_id: self.request_id,
            method: asked.method().clone(),
            uri: asked.uri().clone(),
            host: asked.host(),
            diagnosis: self.diagnosis,
            ledger: self.ledger,
            context: self.context,
            again: asked.is_again(),
            idempotency_key: asked.idempotency_key(),
            traceparent: asked.traceparent(),
            status,
            retry_after,
            incident: self.incident,
            passed_on: false,
            at_unix,
            at: now,
            elapsed: now.since(started),
            diagnosed_in: self.diagnosed_in,
        });
    }
}

/// What was tried: as it was told, or as the error proves it.
fn ledger(error: &BoxError, panicked: bool, started: Tick, now: Tick) -> Ledger {
    if let Some(failure) = Failure::find(&**error) {
        return failure.ledger().clone();
    }
    let attempt = facts::attempt(&**error, 1, started, now);
    if panicked {
        // Nobody knows how far it got, so nobody may claim that it was not sent.
        return Ledger::from(Attempt {
            phase: Phase::WaitHeaders,
            fault: Some(Fault::Internal),
            ..attempt
        });
    }
    Ledger::from(attempt)
}

/// What the errors themselves say about the state around the request.
fn known(error: &BoxError, ledger: &Ledger, now: Tick) -> (Context, RetryInputs) {
    let mut context = Context::new(now);
    let mut inputs = RetryInputs::default();
    if let Some(rejected) = Rejected::find(&**error) {
        let wait = rejected.retry_after();
        match rejected.cause().info().retry_after {
            RetryAfterRule::Window => inputs.window_left = wait,
            RetryAfterRule::Limit => inputs.limit_reset = wait,
            _ => inputs.reopen_in = wait,
        }
    }
    if let Some(open) = find::<CircuitOpen>(&**error) {
        context.circuit = Some(circuit(open));
    }
    inputs.upstream = ledger
        .attempts
        .iter()
        .filter_map(|attempt| attempt.retry_after)
        .max();
    (context, inputs)
}

/// The status that a rate limit wants for its refusals.
fn limit(ledger: &Ledger) -> Option<u16> {
    match &ledger.last()?.fault {
        Some(Fault::Refused(Refusal::RateLimited(limited))) => Some(limited.status),
        _ => None,
    }
}

fn circuit(open: &CircuitOpen) -> CircuitView {
    let last_probe = open.trip.last_probe;
    CircuitView {
        rule: open.rule,
        root: open.trip.root,
        causes: open.trip.causes.to_vec(),
        opened_at: open.opened_at,
        retry_at: open.retry_at,
        last_probe: last_probe.and_then(|probe| Some((probe.at, probe.cause?))),
        knocked: open.trip.knocked.map(|knocked| (knocked.at, knocked.cause)),
    }
}

/// The value of a field.
pub(super) fn field(value: Cow<'static, str>) -> Option<HeaderValue> {
    match value {
        Cow::Borrowed(text) => Some(HeaderValue::from_static(text)),
        Cow::Owned(text) => HeaderValue::try_from(text).ok(),
    }
}
