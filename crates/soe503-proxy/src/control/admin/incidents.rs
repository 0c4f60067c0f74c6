//! `GET /api/v1/incidents`, `GET /api/v1/incidents/{id}` and `POST /api/v1/incidents/{id}/verifications`.

use std::collections::HashSet;

use axum::Json;
use axum::extract::{Extension, State};
use soe503_api::{self as api, Problem};

use super::audit::{Deed, Thing};
use super::extract::{Asked, Segments, Whole, read};
use super::kept::in_journal;
use super::problem::{Refusal, bad_request, impossible};
use super::router::Shared;
use crate::control::clock::Anchor;
use crate::control::incidents::BadVerification;
use crate::control::journal;

pub(super) async fn all(
    State(shared): State<Shared>,
    Asked(wanted): Asked,
) -> Result<Json<api::Incidents>, Refusal> {
    let open = match wanted.get("open").map(String::as_str) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(bad_request("`open` is true or false.")),
    };
    Ok(Json(list(&shared, open).await))
}

/// All incidents, the latest first, with those of the journal; only those that go on, if `open`.
pub(super) async fn list(shared: &Shared, open: bool) -> api::Incidents {
    let mut told = shared.proxy.incidents.list(open);
    if !open && shared.proxy.journal.is_on() {
        // Without what cannot be read, the list is as good as without a journal: `lbctl journal` says what is wrong.
        let earlier = in_journal(shared, journal::earlier_incidents).await;
        let known: HashSet<String> = told.incidents.iter().map(|one| one.id.clone()).collect();
        let earlier = earlier.unwrap_or_default().into_iter();
        told.incidents
            .extend(earlier.filter(|one| !known.contains(&one.id)));
    }
    told
}

pub(super) async fn one(
    State(shared): State<Shared>,
    Segments(id): Segments<String>,
) -> Result<Json<api::Incident>, Refusal> {
    find(&shared, id).await.map(Json)
}

/// The incident called `id`, be it in the journal.
pub(super) async fn find(shared: &Shared, id: String) -> Result<api::Incident, Refusal> {
    if let Some(found) = shared.proxy.incidents.one(&id, Anchor::now()) {
        return Ok(found);
    }
    let not_here = format!(
        "There is no incident called {id:?} here: another proxy has it, or newer ones have pushed it out"
    );
    let unknown = |detail: String| Refusal(Problem::new(404, "Unknown incident", detail));
    if !shared.proxy.journal.is_on() {
        return Err(unknown(format!("{not_here}.")));
    }
    match in_journal(shared, move |journal| journal::find_incident(journal, &id)).await {
        Ok(Some(incident)) => Ok(incident),
        Ok(None) => Err(unknown(format!("{not_here}, also out of the journal."))),
        Err(why) => Err(unknown(format!("{not_here}; {why}."))),
    }
}

pub(super) async fn verified(
    State(shared): State<Shared>,
    Extension(deed): Extension<Deed>,
    Segments(id): Segments<String>,
    Whole(body): Whole,
) -> Result<Json<api::Incident>, Refusal> {
    deed.is("verification", Thing::Other(&id));
    let request: api::VerificationRequest = read(&body, "verification")?;
    deed.because(Some(request.verdict.words()));
    deed.by(request.by.as_deref());
    let told = shared
        .proxy
        .incidents
        .verified(&id, &request, Anchor::now());
    let incident = told.map_err(|bad| match bad {
        BadVerification::Verdict => {
            impossible("`verdict` is `cured`, `not_cured` or `different_cause`.")
        }
        BadVerification::Text(name) => {
            impossible(&format!("`{name}` is empty or longer than 500 bytes."))
        }
        BadVerification::Unknown => Refusal(Problem::new(
            404,
            "Unknown incident",
            format!("There is no incident called {id:?} in this process: what it began with stays as it was written."),
        )),
    })?;
    Ok(Json(incident))
}
