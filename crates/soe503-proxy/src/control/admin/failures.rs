//! `GET /api/v1/failures/{request id}` and `GET /api/v1/journal`.

use axum::Json;
use axum::extract::State;
use soe503_api::{FailureRecord, Journal, Problem};

use super::extract::Segments;
use super::kept::in_journal;
use super::problem::Refusal;
use super::router::Shared;
use crate::control::clock::Anchor;
use crate::control::journal;
use crate::control::recorder::tell;

pub(super) async fn one(
    State(shared): State<Shared>,
    Segments(request_id): Segments<String>,
) -> Result<Json<FailureRecord>, Refusal> {
    let proxy = &shared.proxy;
    if let Some(record) = proxy.recorder.find(&request_id) {
        let mut told = tell(&record, &proxy.server_name, Anchor::now());
        told.incident = proxy.incidents.of(&record).map(|id| id.to_string());
        return Ok(Json(told));
    }
    let kept = proxy.recorder.kept();
    let not_here = format!(
        "No failure is recorded for the request {request_id:?}: it succeeded, it was handled by another proxy, or newer failures have pushed it out ({kept} are kept)"
    );
    if !proxy.journal.is_on() {
        return Err(unknown(format!("{not_here}.")));
    }
    let found = in_journal(&shared, move |journal| journal::find(journal, &request_id)).await;
    match found {
        Ok(Some(record)) => Ok(Json(record)),
        Ok(None) => Err(unknown(format!(
            "{not_here}, and it is not in the sample that the journal keeps."
        ))),
        Err(why) => Err(unknown(format!("{not_here}; {why}."))),
    }
}

pub(super) async fn journal(State(shared): State<Shared>) -> Json<Journal> {
    Json(journal::view(&shared.proxy))
}

fn unknown(detail: String) -> Refusal {
    Refusal(Problem::new(404, "Unknown request", detail))
}
