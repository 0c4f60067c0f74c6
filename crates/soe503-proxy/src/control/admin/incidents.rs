//! `GET /api/v1/incidents` and `GET /api/v1/incidents/{id}`.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use soe503_api::{self as api, Problem};

use super::problem::Refusal;
use super::router::Shared;
use crate::control::clock::Anchor;

/// Which incidents are wanted.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    /// Only those that go on.
    #[serde(default)]
    open: bool,
}

pub(super) async fn all(
    State(shared): State<Shared>,
    Query(wanted): Query<Wanted>,
) -> Json<api::Incidents> {
    Json(shared.proxy.incidents.list(wanted.open))
}

pub(super) async fn one(
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<api::Incident>, Refusal> {
    let found = shared.proxy.incidents.one(&id, Anchor::now());
    found.map(Json).ok_or_else(|| {
        let detail = format!(
            "There is no incident called {id:?} here: another proxy has it, or newer ones have pushed it out."
        );
        Refusal(Problem::new(404, "Unknown incident", detail))
    })
}
