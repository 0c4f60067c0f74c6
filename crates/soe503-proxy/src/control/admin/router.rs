//! Paths and what answers them.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use soe503_api::Problem;
use tokio::sync::Semaphore;

use super::audit::{Audit, Deed, Who};
use super::body;
use super::denied::Denied;
use super::guard::{Asker, Guard, acts};
use super::operations::{TABLE, paths};
use super::page;
use super::problem::{Refusal, unmade, without_password};
use super::secured::Secured;
use crate::control::clock::Anchor;
use crate::control::metrics::{self, Format};
use crate::control::start::Reload;
use crate::state::Proxy;

/// The largest body of a request, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// What the admin API needs: a cheap-clone handle.
#[derive(Clone)]
pub struct Admin {
    pub(super) shared: Shared,
    entrance: Entrance,
}

/// What every request passes.
#[derive(Clone, Debug)]
struct Entrance {
    guard: Guard,
    audit: Arc<Audit>,
}

/// What handlers need.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) proxy: Arc<Proxy>,
    pub(super) reload: Arc<Reload>,
    /// Who may read the journal now.
    pub(super) journal_reads: Arc<Semaphore>,
    /// What time it is; tests have clocks of their own.
    pub(super) clock: fn() -> Anchor,
}

/// The admin API as a service. Requests must carry their peer as `ConnectInfo<SocketAddr>`, and [`Secured`] if they came
/// over TLS.
pub fn router(admin: Admin) -> Router {
    let Admin { shared, entrance } = admin;
    let mut table = Router::new();
    for operation in TABLE {
        table = table.route(operation.path, (operation.route)());
    }
    table
        .merge(page::routes(shared.clone()))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(
            shared.clone(),
            page::in_words,
        ))
        .layer(middleware::from_fn_with_state(entrance, admit))
        .layer(middleware::map_response(harden))
        .with_state(shared)
}

async fn admit(
    State(Entrance { guard, audit }): State<Entrance>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let (method, headers) = (request.method().clone(), request.headers());
    let path = request.uri().path().to_owned();
    let now = Anchor::now();
    let asker = Asker {
        peer: peer.ip(),
        secured: request.extensions().get::<Secured>(),
        now: i64::try_from(now.unix(now.tick()).as_secs()).unwrap_or(i64::MAX),
        tick: now.tick(),
    };
    let certificate = guard.proven_name(asker);
    let people = page::is_for_people(&path, headers);
    let role = match guard.admit(&method, request.uri(), headers, asker) {
        Ok(role) => role,
        Err(denied) => {
            guard.count(denied);
            if acts(&method, &path) {
                audit.refused((&method, &path), peer, certificate.as_deref(), denied);
            } else {
                tracing::debug!(%peer, ?denied, path, "admin request turned away");
            }
            let mut response = refusal(denied, people);
            if !guard.takes_tokens() {
                // A browser would ask for a password, and there is none.
                without_password(response.headers_mut());
            }
            return response;
        }
    };
    let name = guard.claimed_name(headers);
    let who = Who {
        role,
        peer,
        certificate,
        name,
    };
    request.extensions_mut().insert(who.clone());
    if matches!(method, Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let deed = Deed::default();
    request.extensions_mut().insert(deed.clone());
    let pending = audit.begin(who, &method, &path, deed);
    let (parts, whole) = request.into_parts();
    let (whole, late) = body::timed(whole);
    let mut response = next.run(Request::from_parts(parts, whole)).await;
    if late.is() {
        guard.count(Denied::SlowBody);
        response = refusal(Denied::SlowBody, people);
    }
    pending.answered(response.status());
    response
}

/// The answer to whoever is turned away, `people` or programs.
fn refusal(denied: Denied, people: bool) -> Response {
    let mut response = Refusal(denied.problem()).into_response();
    let headers = response.headers_mut();
    if let Some(seconds) = denied.retry_after() {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if denied == Denied::SlowBody {
        // What may come yet is not waited for.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if people {
        return page::at_the_door(&response);
    }
    response
}

/// Nothing here is to be kept, guessed at, shown inside another page or loaded by one of another origin.
async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// On a thread of its own: with 10,000 backends it takes a while, and checks shall not wait.
pub(super) async fn exposition(State(shared): State<Shared>, asked: HeaderMap) -> Response {
    let accept = asked.get_all(header::ACCEPT).iter();
    let format = Format::negotiate(accept.filter_map(|value| value.to_str().ok()));
    let rendered = tokio::task::spawn_blocking(move || {
        let text = metrics::render(&metrics::gather(&shared.proxy), format);
        let headers = [
            (header::CONTENT_TYPE, format.content_type()),
            (header::VARY, "accept"),
        ];
        (headers, text)
    });
    match rendered.await {
        Ok(page) => page.into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be made");
            unmade("page of metrics").into_response()
        }
    }
}

async fn unknown_path(request: Request) -> Refusal {
    super::problem::unknown("path", request.uri().path(), paths())
}

async fn wrong_method(method: Method) -> Refusal {
    let detail =
        format!("This path exists, but not for {method}: looking is GET, changing is POST.");
    Refusal(Problem::new(405, "Wrong method", detail))
}

// === impl Admin ===

impl Admin {
    /// The admin API of `proxy` at `address`, for those whom its configuration lets in.
    pub fn new(proxy: Arc<Proxy>, address: SocketAddr, reload: Reload) -> Self {
        let entrance = Entrance {
            guard: Guard::new(address, Arc::clone(&proxy.access)),
            audit: Arc::new(Audit::new()),
        };
        Self {
            shared: Shared {
                proxy,
                reload: Arc::new(reload),
                journal_reads: Arc::new(Semaphore::new(1)),
                clock: Anchor::now,
            },
            entrance,
        }
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin")
            .field("entrance", &self.entrance)
            .finish_non_exhaustive()
    }
}
