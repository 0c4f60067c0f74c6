//! `GET` and `POST /api/v1/log`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, State};
use soe503_api::{self as api, LogRequest, Problem};
use soe503_core::Tick;

use super::actions::LONGEST_REASON;
use super::audit::{Deed, Thing};
use super::extract::{Whole, read};
use super::problem::{Refusal, impossible};
use super::router::Shared;
use crate::config::{LogFormat, LogPath};
use crate::control::clock::Anchor;
use crate::control::event_log::{EventLog, Levels, LevelsError, Temporary};

/// For how long levels are set if nobody says so.
const USUAL: Duration = Duration::from_secs(600);
/// For how long they can be set.
const LONGEST: Duration = Duration::from_secs(86_400);
/// The longest list of levels that is read, in bytes.
const LONGEST_LEVELS: usize = 4096;

pub(super) async fn now(State(shared): State<Shared>) -> Json<api::Log> {
    Json(view(&shared.proxy.log, (shared.clock)()))
}

/// Sets levels for a while, or ends that.
pub(super) async fn set(
    State(shared): State<Shared>,
    Extension(deed): Extension<Deed>,
    Whole(body): Whole,
) -> Result<Json<api::Log>, Refusal> {
    deed.is("log_level", Thing::Process);
    let (log, anchor) = (&shared.proxy.log, (shared.clock)());
    let request: LogRequest = read(&body, "log request")?;
    deed.because(request.reason.as_deref());
    deed.by(request.by.as_deref());
    for (name, text, longest) in [
        ("level", &request.level, LONGEST_LEVELS),
        ("reason", &request.reason, LONGEST_REASON),
        ("by", &request.by, LONGEST_REASON),
    ] {
        if text.as_ref().is_some_and(|text| text.len() > longest) {
            let detail = format!("`{name}` is longer than {longest} bytes.");
            return Err(impossible(&detail));
        }
    }
    match &request.level {
        None if request.until.is_some() => {
            return Err(impossible("`until` is for a `level`, and there is none."));
        }
        None => {
            deed.is("log_reset", Thing::Process);
            log.reset();
        }
        Some(text) => {
            let levels: Levels = text.parse().map_err(no_levels)?;
            let until = until(&request, anchor)?;
            let text = levels.to_string();
            deed.is("log_level", Thing::Other(&text));
            log.set(Temporary {
                levels,
                until,
                reason: said(request.reason.as_deref()),
                by: said(request.by.as_deref()),
            });
        }
    }
    Ok(Json(view(log, anchor)))
}

fn until(request: &LogRequest, anchor: Anchor) -> Result<Tick, Refusal> {
    let Some(until) = request.until else {
        return Ok(anchor.tick().after(USUAL));
    };
    let tick = anchor.tick_of(until);
    if tick <= anchor.tick() {
        return Err(impossible(&format!("`until` is in the past: {until}.")));
    }
    if tick > anchor.tick().after(LONGEST) {
        let detail = format!(
            "`until` is more than a day away: {until}. What is to stay is `level` of [log] in the configuration."
        );
        return Err(impossible(&detail));
    }
    Ok(tick)
}

fn no_levels(error: LevelsError) -> Refusal {
    let mut detail = format!("`level`: {}.", error.detail);
    if let Some(near) = &error.nearest {
        detail += &format!(" Did you mean {near:?}?");
    }
    Refusal(Problem::new(422, "Unknown level", detail).with_valid(error.valid))
}

fn said(text: Option<&str>) -> Option<Arc<str>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    text.map(Arc::from)
}

fn view(log: &EventLog, anchor: Anchor) -> api::Log {
    let (config, counts) = (log.config(), log.counts());
    let [error, warn, info, debug, trace] = counts.written;
    api::Log {
        level: log.in_force().to_string(),
        configured: log.configured().to_string(),
        temporary: log.temporary().map(|temporary| api::TemporaryLevel {
            until: anchor.date(temporary.until),
            reason: temporary.reason.as_deref().map(Into::into),
            by: temporary.by.as_deref().map(Into::into),
        }),
        format: match config.format {
            LogFormat::Text => "text".into(),
            LogFormat::Json => "json".into(),
        },
        path: match &config.path {
            LogPath::Stdout => "stdout".into(),
            LogPath::Stderr => "stderr".into(),
            LogPath::File(path) => path.display().to_string(),
        },
        lines_per_second: config.lines_per_second,
        lines: api::LogLines {
            error,
            warn,
            info,
            debug,
            trace,
            suppressed: counts.suppressed,
            dropped: counts.dropped,
        },
    }
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
