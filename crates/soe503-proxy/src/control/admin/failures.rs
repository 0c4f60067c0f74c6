//! `GET /api/v1/failures/{request id}` and `GET /api/v1/journal`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use soe503_api::{FailureRecord, Journal, Problem};
use tokio::time::timeout;

use super::problem::Refusal;
use super::router::Shared;
use crate::control::clock::Anchor;
use crate::control::journal;
use crate::control::recorder::tell;

/// How long the journal's disk may take.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn one(
    State(shared): State<Shared>,
    Path(request_id): Path<String>,
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
    match timeout(PATIENCE, in_journal(&shared, request_id)).await {
        Ok(Ok(Some(record))) => Ok(Json(record)),
        Ok(Ok(None)) => Err(unknown(format!(
            "{not_here}, and it is not in the sample that the journal keeps."
        ))),
        Ok(Err(why)) => Err(unknown(format!("{not_here}; {why}."))),
        Err(_elapsed) => Err(unknown(format!(
            "{not_here}; the journal's disk does not answer."
        ))),
    }
}

/// It reads from a disk, which may take its time: on a thread for that, and one at a time, so that a disk that hangs
/// does not take all of these threads.
async fn in_journal(shared: &Shared, request_id: String) -> Result<Option<FailureRecord>, String> {
    let turn = Arc::clone(&shared.journal_reads).acquire_owned().await;
    let journal = shared.proxy.journal.clone();
    let read = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        journal::find(&journal, &request_id)
    });
    let read = read.await.map_err(|error| error.to_string())?;
    read.map_err(|why| why.to_string())
}

pub(super) async fn journal(State(shared): State<Shared>) -> Json<Journal> {
    Json(journal::view(&shared.proxy))
}

fn unknown(detail: String) -> Refusal {
    Refusal(Problem::new(404, "Unknown request", detail))
}
