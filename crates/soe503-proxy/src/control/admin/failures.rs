//! `GET /api/v1/failures/{request id}`.

use axum::Json;
use axum::extract::{Path, State};
use soe503_api::{FailureRecord, Problem};

use super::problem::Refusal;
use super::router::Shared;
use crate::control::clock::Anchor;
use crate::control::recorder::tell;

pub(super) async fn one(
    State(shared): State<Shared>,
    Path(request_id): Path<String>,
) -> Result<Json<FailureRecord>, Refusal> {
    let proxy = &shared.proxy;
    match proxy.recorder.find(&request_id) {
        Some(record) => {
            let mut told = tell(&record, &proxy.server_name, Anchor::now());
            told.incident = proxy.incidents.of(&record).map(|id| id.to_string());
            Ok(Json(told))
        }
        None => Err(Refusal(Problem::new(
            404,
            "Unknown request",
            format!(
                "No failure is recorded for the request {request_id:?}: it succeeded, it was handled by another proxy, or newer failures have pushed it out ({} are kept).",
                proxy.recorder.kept()
            ),
        ))),
    }
}
