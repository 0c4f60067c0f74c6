//! `GET /api/v1/alerts` and `POST /api/v1/alerts/{target}/test`.

use axum::Json;
use axum::extract::{Extension, State};
use soe503_api::{self as api, Problem};

use super::audit::{Deed, Thing};
use super::extract::Segments;
use super::problem::{Refusal, unknown};
use super::router::Shared;
use crate::control::alerts;
use crate::control::clock::Anchor;

pub(super) async fn all(State(shared): State<Shared>) -> Json<api::Alerts> {
    Json(shared.proxy.alerts.view(Anchor::now()))
}

/// Answers as soon as the target has, or its `timeout` is over.
pub(super) async fn test(
    State(shared): State<Shared>,
    Extension(deed): Extension<Deed>,
    Segments(target): Segments<String>,
) -> Result<Json<api::AlertTest>, Refusal> {
    deed.is("alert_test", Thing::Other(&target));
    let proxy = &shared.proxy;
    let Some(post) = proxy.alerts.post() else {
        let detail = "This process has no control plane that could send anything.";
        return Err(Refusal(Problem::new(503, "Nothing is sent", detail)));
    };
    let tried = alerts::try_out(&proxy.alerts, &target, &proxy.server_name, &*post).await;
    let Some(test) = tried else {
        let config = proxy.config();
        let known = config.alerts.iter().map(|alert| &*alert.name);
        return Err(unknown("target of alerts", &target, known));
    };
    let delivered = test.delivered;
    tracing::info!(
        target,
        delivered,
        detail = test.detail,
        "a target of alerts was tried"
    );
    Ok(Json(test))
}
