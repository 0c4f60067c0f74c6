//! `GET /live`: what changes on the page, as server-sent events.
//!
//! One look a second, however many watch: a look that is younger than that is used again. Nobody watches, nobody
//! looks. A stream says where it stands with its events' ids, `RUN-NUMBER`; a browser that comes back says the last one.
//!
//! | event | data |
//! | --- | --- |
//! | `parts` | JSON: `parts`, pairs of id and element to put in its place; `news`, sentences to say aloud |
//! | `again` | the page consists of other parts, or of another process's: load it |
//! | `beat` | nothing has changed for five seconds, or since the page was loaded |
//! | `end` | this process is shutting down |
//!
//! Bounds: [`STREAMS`] at once, further ones are told 503; a browser that has not taken the last event within
//! [`PATIENCE`] is let go, and its connection closed.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use soe503_api::Problem;
use soe503_core::Tick;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, timeout};

use super::super::audit::Who;
use super::super::connection::HangUp;
use super::super::problem::{Refusal, unmade};
use super::board::{Board, Update};
use super::layout::without_acts;
use super::model::Model;
use super::overview;
use super::piece::Pieces;
use super::routes::Page;
use crate::config::AdminRole;
use crate::control::clock::Anchor;

/// Streams at once.
pub(super) const STREAMS: usize = 16;
/// How long a browser may take for an event.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often is looked.
const EVERY: Duration = Duration::from_secs(1);
/// How many looks without news make a beat.
const BEAT: u32 = 5;
/// Sentences that one event says; more of them are counted.
const SAID: usize = 4;

/// What was shown last, and when.
#[derive(Debug, Default)]
pub(super) struct Shown {
    board: Board,
    looked: Option<Anchor>,
    /// What was said of each thing, and the number of the look since when that is so.
    said: HashMap<String, (String, u64)>,
    draining: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    from: String,
}

/// `GET /live?from=…`
pub(super) async fn stream(
    State(page): State<Page>,
    Query(since): Query<Since>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    hang_up: Option<Extension<HangUp>>,
) -> Response {
    let Ok(room) = Arc::clone(&page.streams).try_acquire_owned() else {
        let detail = format!("{STREAMS} pages are being kept up to date, and no more at once are.");
        let mut answer = Refusal(Problem::new(503, "Too many watch", detail)).into_response();
        let headers = answer.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        return answer;
    };
    if page.look().await.is_none() {
        // Whoever is told that they are connected believes what they see.
        return unmade("overview").into_response();
    }
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let mut seen = page.number_of(last.unwrap_or(&since.from));
    let (events, taken) = mpsc::channel::<Bytes>(1);
    tokio::spawn(async move {
        let _room = room;
        let ended = watch(&page, who.role, &mut seen, &events).await;
        if ended == Ended::Slow
            && let Some(Extension(hang_up)) = hang_up
        {
            tracing::debug!("a page that takes no events is let go");
            hang_up.now();
        }
    });
    let body = futures_util::stream::unfold(taken, |mut taken| async move {
        let event = taken.recv().await?;
        Some((Ok::<_, Infallible>(event), taken))
    });
    let kind = HeaderValue::from_static("text/event-stream");
    (
        StatusCode::OK,
        [(header::CONTENT_TYPE, kind)],
        Body::from_stream(body),
    )
        .into_response()
}

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// Nobody listens any more, or nobody knows whether they still may or how things are: who comes back is told.
    Gone,
    /// Somebody listens and takes nothing.
    Slow,
    /// This process is shutting down, and has said so.
    Draining,
}

async fn watch(
    page: &Page,
    role: AdminRole,
    seen: &mut Option<u64>,
    events: &mpsc::Sender<Bytes>,
) -> Ended {
    let access = page.shared.proxy.access.now();
    let mut looks = tokio::time::interval(EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first look is at once, and what comes of it is told in any case: so a browser knows that it is connected, and has
    // what it has missed before it says so.
    let mut quiet = BEAT - 1;
    loop {
        let next = loop {
            tokio::select! {
                () = events.closed() => return Ended::Gone,
                _now = looks.tick() => {}
            }
            if !Arc::ptr_eq(&access, &page.shared.proxy.access.now()) {
                return Ended::Gone;
            }
            let (event, number, draining) = {
                let Some(shown) = page.look().await else {
                    return Ended::Gone;
                };
                let event = match *seen {
                    Some(number) => shown.event(number, role),
                    None => Some(("again", String::new())),
                };
                (event, shown.number(), shown.draining)
            };
            *seen = Some(number);
            let id = format!("id: {}\n", page.id(number));
            if let Some((name, data)) = event {
                quiet = 0;
                break format!("{id}event: {name}\ndata: {data}\n\n");
            }
            if draining {
                // Everything that there was to say was said.
                let farewell = Bytes::from_static(b"event: end\ndata:\n\n");
                let _told = timeout(PATIENCE, events.send(farewell)).await;
                return Ended::Draining;
            }
            quiet += 1;
            if quiet >= BEAT {
                quiet = 0;
                break "event: beat\ndata:\n\n".to_owned();
            }
        };
        match timeout(PATIENCE, events.send(next.into())).await {
            Ok(Ok(())) => {}
            Ok(Err(_closed)) => return Ended::Gone,
            Err(_elapsed) => return Ended::Slow,
        }
    }
}

// === impl Shown ===

impl Shown {
    /// Whether another look is due.
    pub(super) fn is_due(&self, now: Tick) -> bool {
        // A little less than a second: timers come when they come.
        let due = |looked: Anchor| now.since(looked.tick()) >= EVERY * 9 / 10;
        self.looked.is_none_or(due)
    }

    /// The dates of a look `now`: a row is not another because two clocks were read a little apart.
    pub(super) fn dated(&self, now: Anchor) -> Anchor {
        self.looked.map_or(now, |looked| now.dated_by(looked))
    }

    /// Takes in a look: `all` of it, or as much as is let through at once.
    pub(super) fn take(&mut self, model: &Model, pieces: Pieces, anchor: Anchor, all: bool) {
        self.board.post(pieces.parts(), all);
        self.looked = Some(anchor);
        self.draining = model.draining;
        let number = self.board.number();
        let mut before = std::mem::take(&mut self.said);
        for (thing, sentence) in overview::sentences(model) {
            let since = match before.remove(&thing) {
                Some((said, since)) if said == sentence => since,
                _ => number,
            };
            self.said.insert(thing, (sentence, since));
        }
    }

    /// The number of the latest look.
    pub(super) const fn number(&self) -> u64 {
        self.board.number()
    }

    /// What a page has to be told that shows the look with this number to somebody of this role.
    fn event(&self, seen: u64, role: AdminRole) -> Option<(&'static str, String)> {
        match self.board.since(seen) {
            Update::Again => Some(("again", String::new())),
            Update::Parts(parts) if parts.is_empty() => None,
            Update::Parts(mut parts) => {
                if role != AdminRole::Operator {
                    for (_id, html) in &mut parts {
                        *html = without_acts(html);
                    }
                }
                let data = json!({ "parts": parts, "news": self.news(seen) });
                Some(("parts", data.to_string()))
            }
        }
    }

    /// What has changed since then, in sentences.
    fn news(&self, seen: u64) -> Vec<String> {
        let new = self.said.values().filter(|(_, since)| *since > seen);
        let mut new: Vec<String> = new.map(|(sentence, _)| sentence.clone()).collect();
        new.sort_unstable_by_key(|sentence| (rank(sentence), sentence.clone()));
        if new.len() > SAID {
            let more = new.len() - SAID;
            new.truncate(SAID);
            new.push(format!("And {more} more changes."));
        }
        new
    }
}

/// Pools and incidents before single backends.
fn rank(sentence: &str) -> u8 {
    match sentence.split(' ').next() {
        Some("Incident") => 0,
        Some("Pool") => 1,
        Some("The") => 2,
        _ => 3,
    }
}
