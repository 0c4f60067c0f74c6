//! `GET /api/v1/maintenance` and `POST /api/v1/maintenance/{target}/{action}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use soe503_api::{self as api, MaintenanceAction, MaintenanceRequest, Timestamp};

use super::actions::LONGEST_REASON;
use super::audit::{Deed, Thing};
use super::extract::{Segments, Whole, read};
use super::problem::{Refusal, impossible, unknown};
use super::router::Shared;
use crate::control::clock::Anchor;
use crate::state::{Occurrence, Proxy, UnknownTarget};

pub(super) async fn all(State(shared): State<Shared>) -> Json<api::MaintenanceList> {
    Json(list(&shared.proxy, Anchor::now()))
}

pub(super) async fn action(
    State(shared): State<Shared>,
    Extension(deed): Extension<Deed>,
    Segments((target, action)): Segments<(String, String)>,
    Whole(body): Whole,
) -> Result<Json<api::MaintenanceList>, Refusal> {
    deed.is(&format!("maintenance_{action}"), Thing::Other(&target));
    let anchor = Anchor::now();
    let action: MaintenanceAction = action.parse().map_err(|_| {
        let all = MaintenanceAction::ALL.iter();
        unknown("action", &action, all.map(|action| action.as_str()))
    })?;
    let request = request(&body, &deed)?;
    change(&shared, (&target, action), &request, anchor)?;
    Ok(Json(list(&shared.proxy, anchor)))
}

/// Begins or ends the maintenance of a pool or a route.
pub(super) fn change(
    shared: &Shared,
    (target, action): (&str, MaintenanceAction),
    request: &MaintenanceRequest,
    anchor: Anchor,
) -> Result<(), Refusal> {
    check(request)?;
    let interruptions = &shared.proxy.interruptions;
    let nobody = |UnknownTarget { known }| {
        unknown("pool or route", target, known.iter().map(|name| &**name))
    };
    match action {
        MaintenanceAction::Start => {
            if request
                .until
                .is_some_and(|until| anchor.tick_of(until) <= anchor.tick())
            {
                return Err(impossible("`until` is in the past."));
            }
            let reason = text(request.reason.as_deref(), "no reason given");
            let by = text(request.by.as_deref(), "an operator");
            let link = request.status_page.as_deref().map(Arc::from);
            let why = (reason, by, link);
            interruptions
                .start(target, why, request.until, anchor)
                .map_err(nobody)?;
        }
        MaintenanceAction::End => {
            interruptions.end(target, anchor).map_err(nobody)?;
        }
    }
    Ok(())
}

/// Everything that is planned or in force.
pub(super) fn list(proxy: &Proxy, anchor: Anchor) -> api::MaintenanceList {
    let all = proxy.interruptions.list(anchor);
    api::MaintenanceList {
        maintenance: all.into_iter().map(view).collect(),
    }
}

fn view(occurrence: Occurrence) -> api::Maintenance {
    let names = |names: Vec<Arc<str>>| names.iter().map(ToString::to_string).collect();
    let date = |unix| Timestamp::from_unix_secs(u64::try_from(unix).unwrap_or_default());
    api::Maintenance {
        pools: names(occurrence.pools),
        routes: names(occurrence.routes),
        in_force: occurrence.in_force,
        manual: occurrence.manual,
        reason: occurrence.plan.reason.to_string(),
        by: occurrence.plan.by.to_string(),
        status_page: occurrence.plan.link.as_deref().map(Into::into),
        start: date(occurrence.span.start),
        end: occurrence.span.end.map(date),
    }
}

/// What the body says; an empty one says nothing.
fn request(body: &[u8], deed: &Deed) -> Result<MaintenanceRequest, Refusal> {
    if body.is_empty() {
        return Ok(MaintenanceRequest::default());
    }
    let request: MaintenanceRequest = read(body, "maintenance request")?;
    deed.because(request.reason.as_deref());
    deed.by(request.by.as_deref());
    check(&request)?;
    Ok(request)
}

/// Refuses what is too long to be kept.
fn check(request: &MaintenanceRequest) -> Result<(), Refusal> {
    for (name, text) in [
        ("reason", &request.reason),
        ("by", &request.by),
        ("status_page", &request.status_page),
    ] {
        if text
            .as_ref()
            .is_some_and(|text| text.len() > LONGEST_REASON)
        {
            return Err(impossible(&format!(
                "`{name}` is longer than {LONGEST_REASON} bytes."
            )));
        }
    }
    Ok(())
}

fn text(text: Option<&str>, or: &str) -> Arc<str> {
    match text.map(str::trim) {
        Some(text) if !text.is_empty() => text.into(),
        _ => or.into(),
    }
}
