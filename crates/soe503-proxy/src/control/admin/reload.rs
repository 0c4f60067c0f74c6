//! `GET /api/v1/config` and `POST /api/v1/config/reload`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use soe503_api::Problem;

use super::audit::{Deed, Thing};
use super::config_view;
use super::problem::Refusal;
use super::router::Shared;
use crate::aside::Panicked;

/// What is answered once it is in force.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Reloaded {
    /// Always so.
    reloaded: bool,
}

pub(super) async fn effective(State(shared): State<Shared>) -> Json<Value> {
    Json(config_view::shown(&shared.proxy.config()))
}

/// Puts the file in force, or answers with what is wrong with it while the old one stays.
pub(super) async fn reload(
    State(shared): State<Shared>,
    Extension(deed): Extension<Deed>,
) -> Result<Json<Reloaded>, Refusal> {
    deed.is("reload", Thing::Process);
    now(&shared).await?;
    Ok(Json(Reloaded { reloaded: true }))
}

/// Reads the file again, on a thread for that.
pub(super) async fn now(shared: &Shared) -> Result<(), Refusal> {
    let reload = Arc::clone(&shared.reload);
    match shared.proxy.aside.run(move || reload()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(report)) => Err(Refusal(Problem::new(
            422,
            "The configuration was not changed",
            report,
        ))),
        Err(Panicked) => {
            tracing::error!("a reload panicked");
            Err(Refusal(Problem::new(
                500,
                "The configuration was not changed",
                "Reading the configuration failed in a way that should not be possible; please report it.",
            )))
        }
    }
}
