//! `GET /api/v1/incidents` and `GET /api/v1/incidents/{id}`.

use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::extract::{Path, Query, State};
use soe503_api::{self as api, Problem};

use super::actions::bad_request;
use super::kept::in_journal;
use super::problem::Refusal;
use super::router::Shared;
use crate::control::clock::Anchor;
use crate::control::journal;

pub(super) async fn all(
    State(shared): State<Shared>,
    Query(wanted): Query<HashMap<String, String>>,
) -> Result<Json<api::Incidents>, Refusal> {
    let open = match wanted.get("open").map(String::as_str) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(bad_request("`open` is true or false.")),
    };
    let mut told = shared.proxy.incidents.list(open);
    if !open && shared.proxy.journal.is_on() {
        // Without what cannot be read, the list is as good as without a journal: `lbctl journal` says what is wrong.
        let earlier = in_journal(&shared, journal::earlier_incidents).await;
        let known: HashSet<String> = told.incidents.iter().map(|one| one.id.clone()).collect();
        let earlier = earlier.unwrap_or_default().into_iter();
        told.incidents
            .extend(earlier.filter(|one| !known.contains(&one.id)));
    }
    Ok(Json(told))
}

pub(super) async fn one(
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<api::Incident>, Refusal> {
    if let Some(found) = shared.proxy.incidents.one(&id, Anchor::now()) {
        return Ok(Json(found));
    }
    let not_here = format!(
        "There is no incident called {id:?} here: another proxy has it, or newer ones have pushed it out"
    );
    let unknown = |detail: String| Refusal(Problem::new(404, "Unknown incident", detail));
    if !shared.proxy.journal.is_on() {
        return Err(unknown(format!("{not_here}.")));
    }
    match in_journal(&shared, move |journal| journal::find_incident(journal, &id)).await {
        Ok(Some(incident)) => Ok(Json(incident)),
        Ok(None) => Err(unknown(format!("{not_here}, also out of the journal."))),
        Err(why) => Err(unknown(format!("{not_here}; {why}."))),
    }
}
