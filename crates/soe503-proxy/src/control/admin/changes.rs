//! `GET` and `POST /api/v1/changes`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use soe503_api::{self as api, ChangeRequest, Problem};
use soe503_core::change::Kind;

use super::audit::{Deed, Thing};
use super::extract::{Whole, read};
use super::problem::{Refusal, impossible, unknown};
use super::router::Shared;
use crate::control::clock::Anchor;
use crate::control::incidents::BadChange;

pub(super) async fn all(State(shared): State<Shared>) -> Json<api::Changes> {
    Json(shared.proxy.incidents.changes())
}

pub(super) async fn add(
    State(shared): State<Shared>,
    Extension(deed): Extension<Deed>,
    Whole(body): Whole,
) -> Result<Json<api::Change>, Refusal> {
    deed.is("change", Thing::Process);
    let request: ChangeRequest = read(&body, "change")?;
    deed.because(request.note.as_deref());
    deed.by(request.by.as_deref());
    let pools: Vec<Arc<str>> = shared.proxy.pools().keys().cloned().collect();
    let incidents = &shared.proxy.incidents;
    let change = incidents
        .report(&request, &pools, Anchor::now())
        .map_err(|bad| refusal(&bad, &request, &pools))?;
    deed.is("change", Thing::Other(&change.title));
    Ok(Json(change))
}

pub(super) fn refusal(bad: &BadChange, request: &ChangeRequest, pools: &[Arc<str>]) -> Refusal {
    match bad {
        BadChange::Kind => {
            let detail = format!("There is no kind of change called {:?}.", request.kind);
            let kinds = Kind::ALL.map(Kind::word);
            Refusal(Problem::new(422, "Unknown kind of change", detail).with_valid(kinds))
        }
        BadChange::Pool(name) => unknown("pool", name, pools.iter().map(|pool| &**pool)),
        BadChange::Long(name) => impossible(&format!("`{name}` is longer than 500 bytes.")),
        BadChange::Future => impossible("`at` is in the future."),
    }
}
