//! `POST /api/v1/changes/{source}`: changes as other systems tell of them.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use http::HeaderMap;
use serde_json::{Map, Value};
use soe503_api::{self as api, ChangeRequest, Problem};

use super::audit::{Deed, Thing};
use super::changes::refusal;
use super::extract::{self, Asked, Segments, Whole};
use super::operation::{Parameter, of};
use super::problem::{Refusal, bad_request, impossible, unknown};
use super::router::Shared;
use crate::control::change_hooks::{Read, Source, read};
use crate::control::clock::Anchor;
use crate::state::Taken;

/// The largest body, in bytes: a deployment of GitHub with a large `payload` has about a hundred thousand.
pub(super) const MAX_BODY: usize = 256 * 1024;

/// What the query may say of all changes in a body.
pub(super) const QUERY: [Parameter; 3] = [
    Parameter {
        name: "service",
        help: "The service that was changed.",
        shape: of::<String>,
    },
    Parameter {
        name: "pools",
        help: "Names of pools that it may concern, with commas between them.",
        shape: of::<String>,
    },
    Parameter {
        name: "everything",
        help: "It may concern all pools.",
        shape: of::<bool>,
    },
];

pub(super) async fn add(
    State(shared): State<Shared>,
    Extension(deed): Extension<Deed>,
    Segments(source): Segments<String>,
    Asked(wanted): Asked,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Json<api::ChangesTaken>, Refusal> {
    deed.is("change", Thing::Other(&source));
    let known = Source::ALL.iter().map(|source| source.word());
    let source =
        Source::from_word(&source).ok_or_else(|| unknown("source of changes", &source, known))?;
    let taken = take(&shared, source, &wanted, &headers, &body);
    let hooks = &shared.proxy.change_hooks;
    let count = match &taken {
        Ok(taken) if taken.changes.is_empty() => Taken::Ignored,
        Ok(_) => Taken::Accepted,
        Err(Refusal(problem)) if problem.status == 429 => Taken::Limited,
        Err(_) => Taken::Refused,
    };
    hooks.count(source, count);
    let taken = taken?;
    for change in &taken.changes {
        let (id, title, source) = (&*change.id, &*change.title, source.word());
        tracing::info!(id, title, source, "a change was reported");
    }
    Ok(Json(taken))
}

fn take(
    shared: &Shared,
    source: Source,
    wanted: &HashMap<String, String>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<api::ChangesTaken, Refusal> {
    let hooks = &shared.proxy.change_hooks;
    let field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if source == Source::GitHub {
        if !hooks.knows_github() {
            let detail = "Nothing is taken from GitHub: set [changes].github_secret_file.";
            return Err(Refusal(Problem::new(403, "Not configured", detail)));
        }
        let signature = field("x-hub-signature-256").unwrap_or_default();
        if !hooks.is_githubs(signature, body) {
            let detail = "X-Hub-Signature-256 is missing, or was not made with the secret of [changes].github_secret_file.";
            return Err(Refusal(Problem::new(401, "Not signed", detail)));
        }
    }
    let changes = match read(source, field("x-github-event"), body) {
        Ok(Read::Changes(changes)) => changes,
        Ok(Read::Nothing(why)) => {
            return Ok(api::ChangesTaken {
                changes: Vec::new(),
                ignored: Some(why),
            });
        }
        // It may be another system's document, or none at all.
        Err(why) => {
            let _object: Map<String, Value> = extract::read(body, "document of this system")?;
            return Err(impossible(&why));
        }
    };
    let anchor = Anchor::now();
    let pools: Vec<Arc<str>> = shared.proxy.pools().keys().cloned().collect();
    let mut taken = Vec::new();
    for change in changes {
        let change = aimed(change, wanted, anchor)?;
        if let Err(wait) = hooks.admit(anchor.tick()) {
            let seconds = wait.as_secs().saturating_add(1);
            let detail = format!(
                "More changes came than `max_per_minute` of [changes] allows; the next is taken in {seconds} s."
            );
            return Err(Refusal(Problem::new(429, "Too many changes", detail)));
        }
        let incidents = &shared.proxy.incidents;
        let reported = incidents.report(&change, &pools, anchor);
        taken.push(reported.map_err(|bad| refusal(&bad, &change, &pools))?);
    }
    Ok(api::ChangesTaken {
        changes: taken,
        ignored: None,
    })
}

/// What the query says goes before what the document says. A clock that is ahead means now.
fn aimed(
    mut change: ChangeRequest,
    wanted: &HashMap<String, String>,
    anchor: Anchor,
) -> Result<ChangeRequest, Refusal> {
    let now = anchor.date(anchor.tick());
    change.at = change.at.filter(|at| *at <= now);
    for (name, value) in wanted {
        match &**name {
            "service" => change.service = Some(value.clone()),
            "pools" => {
                change.pools = value
                    .split(',')
                    .map(|name| name.trim().to_owned())
                    .collect();
            }
            "everything" if value == "true" => change.everything = true,
            "everything" if value == "false" => {}
            _ => {
                return Err(bad_request(
                    "The query may say `service=NAME`, `pools=NAME,NAME` or `everything=true`.",
                ));
            }
        }
    }
    Ok(change)
}
