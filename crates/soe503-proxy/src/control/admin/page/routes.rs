//! The paths of the page, and what all of its answers have in common.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderName, HeaderValue, StatusCode, header};
use tokio::sync::Semaphore;

use super::super::audit::Who;
use super::super::problem::unmade;
use super::super::router::Shared;
use super::super::{config_view, incidents};
use super::acts::{self, Results};
use super::html::{Html, html};
use super::incident::{self, Extent};
use super::layout::{self, Seen, Tab, without_acts};
use super::live::{self, STREAMS, Shown};
use super::model::Model;
use super::overview;
use super::token::Tokens;
use crate::config::AdminRole;

/// Nothing but what this server sends: no script within the page, nobody's frame, no form to elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");
const ICON: &str = include_str!("icon.svg");

/// What the pages need: a cheap-clone handle.
#[derive(Clone)]
pub(super) struct Page(Arc<Inner>);

pub(super) struct Inner {
    pub(super) shared: Shared,
    pub(super) tokens: Tokens,
    pub(super) results: Results,
    /// Room for streams.
    pub(super) streams: Arc<Semaphore>,
    /// Tells this process's looks from those of the one before it.
    run: String,
    /// Who looks has it, so that nobody waits for the other one but here.
    turn: tokio::sync::Mutex<()>,
    shown: Mutex<Shown>,
}

/// The pages, to be put behind the guard of the admin API.
pub(in super::super) fn routes<S>(shared: Shared) -> Router<S> {
    let page = Page(Arc::new(Inner {
        shared,
        tokens: Tokens::new(),
        results: Results::default(),
        streams: Arc::new(Semaphore::new(STREAMS)),
        run: format!("{:08x}", fastrand::u32(..)),
        turn: tokio::sync::Mutex::default(),
        shown: Mutex::default(),
    }));
    Router::new()
        .route("/", get(first))
        .route("/live", get(live::stream))
        .route("/incidents", get(all_incidents))
        .route("/incidents/{id}", get(one_incident))
        .route("/config", get(config))
        .route("/act", get(acts::ask).post(acts::perform))
        .route("/done/{id}", get(acts::done))
        .route(
            "/style.css",
            get(|| asset("text/css; charset=utf-8", STYLE)),
        )
        .route(
            "/page.js",
            get(|| asset("text/javascript; charset=utf-8", SCRIPT)),
        )
        .route("/icon.svg", get(|| asset("image/svg+xml", ICON)))
        .with_state(page)
}

/// A page as an answer.
pub(super) fn document(status: StatusCode, html: Html) -> Response {
    document_by(status, html, HeaderValue::from_static(POLICY))
}

/// A page that may do what `policy` says.
pub(super) fn document_by(status: StatusCode, html: Html, policy: HeaderValue) -> Response {
    text(status, html.into_string(), policy)
}

fn text(status: StatusCode, html: String, policy: HeaderValue) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CONTENT_SECURITY_POLICY, policy),
        // Who has opened this window from another site has no hold of it.
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        // Without any, forms would say `Origin: null`.
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ),
    ];
    (status, headers, html).into_response()
}

async fn asset(kind: &'static str, text: &'static str) -> Response {
    (
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind))],
        text,
    )
        .into_response()
}

/// `GET /`
async fn first(State(page): State<Page>, Extension(who): Extension<Who>) -> Response {
    let Some((mut content, number)) = page.look_and_draw().await else {
        return unmade("overview").into_response();
    };
    if who.role != AdminRole::Operator {
        content = without_acts(&content);
    }
    let live = page.id(number);
    let begin = layout::begin(
        page.seen_by(who.role),
        "Overview",
        Tab::Overview,
        Some(&live),
    );
    let end = layout::end();
    let document = [begin.as_str(), &content, end.as_str()].concat();
    text(StatusCode::OK, document, HeaderValue::from_static(POLICY))
}

/// `GET /incidents`
async fn all_incidents(State(page): State<Page>, Extension(who): Extension<Who>) -> Response {
    let incidents = incidents::list(&page.shared, false).await.incidents;
    let mut out = layout::begin(page.seen_by(who.role), "Incidents", Tab::Incidents, None);
    html!(out, "<section class=\"card\"><h1>Incidents</h1>");
    if incidents.is_empty() {
        html!(out, "<p class=\"empty\">None is known.</p>");
    } else {
        html!(out, "<ul class=\"lines\">");
        for summary in &incidents {
            incident::line(&mut out, summary);
        }
        html!(out, "</ul>");
    }
    html!(out, "</section>");
    out.add(&layout::end());
    document(StatusCode::OK, out)
}

/// `GET /incidents/{id}`
async fn one_incident(
    State(page): State<Page>,
    Extension(who): Extension<Who>,
    Path(id): Path<String>,
) -> Response {
    let seen = page.seen_by(who.role);
    let found = match incidents::find(&page.shared, id).await {
        Ok(found) => found,
        Err(refusal) => {
            let mut out = layout::begin(seen, "Unknown incident", Tab::Incidents, None);
            html!(
                out,
                "<section class=\"card\"><h1>Unknown incident</h1><p>",
                (refusal.0.detail),
                "</p><p><a href=\"/incidents\">All incidents</a></p></section>"
            );
            out.add(&layout::end());
            return document(StatusCode::NOT_FOUND, out);
        }
    };
    let mut out = layout::begin(seen, &found.summary.title, Tab::Incidents, None);
    html!(
        out,
        "<h1 class=\"hidden\">Incident ",
        (found.summary.id),
        "</h1><h2 class=\"hidden\">What is known</h2>"
    );
    incident::incident(&mut out, &found, Extent::Whole);
    out.add(&layout::end());
    document(StatusCode::OK, out)
}

/// `GET /config`
async fn config(State(page): State<Page>, Extension(who): Extension<Who>) -> Response {
    let view = config_view::shown(&page.shared.proxy.config());
    // As it would stand in the file; what TOML has no form for is shown as the API does.
    let text = toml::to_string_pretty(&view).or_else(|_| serde_json::to_string_pretty(&view));
    let mut out = layout::begin(page.seen_by(who.role), "Configuration", Tab::Config, None);
    html!(
        out,
        "<section class=\"card\"><div class=\"heading\"><h1>Configuration in force</h1>"
    );
    if who.role == AdminRole::Operator {
        html!(
            out,
            "<button form=\"act\" name=\"path\" value=\"/api/v1/config/reload\">Reload</button>"
        );
    }
    html!(
        out,
        "</div><p>Every default filled in, no secret shown. <a href=\"/api/v1/config\">As JSON</a></p><pre tabindex=\"0\" role=\"region\" aria-label=\"Configuration\"><code>",
        (text.unwrap_or_default()),
        "</code></pre></section>"
    );
    out.add(&layout::end());
    document(StatusCode::OK, out)
}

// === impl Page ===

impl std::ops::Deref for Page {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Page {
    /// What was shown last, no older than a second; `None`: there is nothing so young.
    pub(super) async fn look(&self) -> Option<MutexGuard<'_, Shown>> {
        let _turn = self.turn.lock().await;
        if self.shown().is_due(soe503::clock::now()) {
            self.take_in(false).await?;
        }
        Some(self.shown())
    }

    /// The content of the first page as it is now, and the number of that look; `None`: there is none.
    async fn look_and_draw(&self) -> Option<(String, u64)> {
        let _turn = self.turn.lock().await;
        self.take_in(true).await
    }

    /// On a thread of its own: with 10,000 backends it takes a while, and checks shall not wait.
    async fn take_in(&self, whole: bool) -> Option<(String, u64)> {
        let page = self.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let anchor = page.shown().dated((page.shared.clock)());
            let model = Model::gather(&page.shared.proxy, anchor);
            let pieces = overview::pieces(&model);
            let document = if whole {
                pieces.document()
            } else {
                String::new()
            };
            let mut shown = page.shown();
            shown.take(&model, pieces, anchor, whole);
            (document, shown.number())
        });
        looking
            .await
            .inspect_err(|error| tracing::error!(%error, "the dashboard could not be made"))
            .ok()
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        // Whatever panicked, it is what was shown; the next look takes in everything anew.
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This server's page, as somebody of this role sees it.
    pub(super) fn seen_by(&self, role: AdminRole) -> Seen<'_> {
        Seen {
            server: &self.shared.proxy.server_name,
            by: role,
        }
    }

    /// The id of the look with this number.
    pub(super) fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.run)
    }

    /// The number of the look with this id; `None`: it is none of this process.
    pub(super) fn number_of(&self, id: &str) -> Option<u64> {
        let (run, number) = id.split_once('-')?;
        (run == self.run).then(|| number.parse().ok()).flatten()
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}
