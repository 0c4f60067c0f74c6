//! `GET /api/v1/incidents` and `GET /api/v1/incidents/{id}`.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use soe503_api::{self as api, Problem};

use super::actions::bad_request;
use super::problem::Refusal;
use super::router::Shared;
use crate::control::clock::Anchor;

pub(super) async fn all(
    State(shared): State<Shared>,
    Query(wanted): Query<HashMap<String, String>>,
) -> Result<Json<api::Incidents>, Refusal> {
    let open = match wanted.get("open").map(String::as_str) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(bad_request("`open` is true or false.")),
    };
    Ok(Json(shared.proxy.incidents.list(open)))
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
