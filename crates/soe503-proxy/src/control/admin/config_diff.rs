//! `GET` and `POST /api/v1/config/diff`: what a reload would change. Nothing is changed by asking.

use std::path::Path;

use axum::extract::State;
use axum::{Extension, Json};
use soe503_api::{self as api, ConfigText, Problem};

use super::audit::{Deed, Thing};
use super::extract::{Whole, read};
use super::problem::Refusal;
use super::router::Shared;
use crate::config::{self, Config, MAX_FILE_SIZE, Report};
use crate::control::config_diff::document;

/// The largest body: a file of the largest size, each byte of which may take two in JSON, and a name.
pub(super) const MAX_BODY: usize = 2 * MAX_FILE_SIZE + 4096;
/// A longer name tells nobody more.
const LONGEST_NAME: usize = 256;

/// Of the file that a reload would read.
pub(super) async fn of_file(
    State(shared): State<Shared>,
) -> Result<Json<api::ConfigDiff>, Refusal> {
    let Some(file) = shared.proxy.config_file.clone() else {
        let detail = "The proxy was started without a config file; send a text with POST.";
        return Err(Refusal(Problem::new(404, "There is no file", detail)));
    };
    let name = file.display().to_string();
    diff(shared, name, move || config::load(&file)).await
}

/// Of a text. Files that it names are read where the proxy runs, and what is wrong with them is told: so it is for operators,
/// and on record, though nothing is changed.
pub(super) async fn of_text(
    State(shared): State<Shared>,
    Extension(deed): Extension<Deed>,
    Whole(body): Whole,
) -> Result<Json<api::ConfigDiff>, Refusal> {
    let ConfigText { text, name } = read(&body, "configuration")?;
    let name: String = name
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_NAME)
        .collect();
    deed.is("config_diff", Thing::Other(&name));
    let file = shared.proxy.config_file.clone();
    let read = name.clone();
    diff(shared, name, move || {
        let base = file.as_deref().and_then(Path::parent);
        config::from_str_at(&read, &text, base.unwrap_or_else(|| Path::new("")))
    })
    .await
}

/// On a thread for it: files are read.
async fn diff(
    shared: Shared,
    of: String,
    read: impl FnOnce() -> Result<Config, Report> + Send + 'static,
) -> Result<Json<api::ConfigDiff>, Refusal> {
    let compared = tokio::task::spawn_blocking(move || {
        read().map(|config| document(&shared.proxy, of, &config))
    });
    match compared.await {
        Ok(Ok(diff)) => Ok(Json(diff)),
        Ok(Err(report)) => Err(Refusal(Problem::new(
            422,
            "The configuration is not valid",
            report.render(false),
        ))),
        Err(error) => {
            tracing::error!(%error, "comparing configurations panicked");
            let detail = "Comparing failed in a way that should not be possible; please report it.";
            Err(Refusal(Problem::new(500, "Nothing was compared", detail)))
        }
    }
}

#[cfg(test)]
#[path = "config_diff_tests.rs"]
mod tests;
