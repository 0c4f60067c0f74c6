//! `POST …/backends/{backend}/{action}`, `POST …/breaker/{action}` and `POST …/cache/flush`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use soe503_api::{self as api, ActionRequest, BackendAction, BreakerAction, Problem};
use soe503_core::Tick;

use super::audit::{Deed, Thing};
use super::extract::{Segments, Whole, read};
use super::problem::{Refusal, impossible, unknown};
use super::router::Shared;
use super::{pools, view};
use crate::control::clock::Anchor;
use crate::state::PoolState;

/// The longest reason that is kept; longer ones are refused rather than cut.
pub(super) const LONGEST_REASON: usize = 500;

pub(super) async fn backend(
    State(shared): State<Shared>,
    Extension(deed): Extension<Deed>,
    Segments((pool, backend, action)): Segments<(String, String, String)>,
    Whole(body): Whole,
) -> Result<Json<api::Pool>, Refusal> {
    deed.is(&action, Thing::Backend(&pool, &backend));
    let anchor = Anchor::now();
    // An unknown pool is told before an unknown action.
    pools::find(&shared.proxy, &pool)?;
    let action: BackendAction = action.parse().map_err(|_| {
        unknown(
            "action",
            &action,
            BackendAction::ALL.iter().map(|action| action.as_str()),
        )
    })?;
    let request = request(&body, &deed)?;
    let pool = change_backend(&shared, (&pool, &backend, action), &request, anchor)?;
    Ok(Json(view::pool(&pool, anchor)))
}

/// Does `action` to a backend, given its pool's name and its own.
pub(super) fn change_backend(
    shared: &Shared,
    (pool, backend, action): (&str, &str, BackendAction),
    request: &ActionRequest,
    anchor: Anchor,
) -> Result<Arc<PoolState>, Refusal> {
    let pool = pools::find(&shared.proxy, pool)?;
    check(request)?;
    let until = until(request, anchor)?;
    let reason = reason(request, action.as_str());
    let now = anchor.tick();
    let changed = match action {
        BackendAction::Drain => pool.pool.drain(backend, Arc::clone(&reason), until, now),
        BackendAction::Disable => pool.pool.disable(backend, Arc::clone(&reason), until, now),
        BackendAction::Enable => pool.pool.enable(backend, now),
    };
    if changed.is_err() {
        let backends = pool.pool.backends();
        return Err(unknown(
            "backend",
            backend,
            backends.iter().map(|backend| &*backend.name),
        ));
    }
    Ok(pool)
}

pub(super) async fn breaker(
    State(shared): State<Shared>,
    Extension(deed): Extension<Deed>,
    Segments((pool, action)): Segments<(String, String)>,
    Whole(body): Whole,
) -> Result<Json<api::Pool>, Refusal> {
    deed.is(&format!("breaker_{action}"), Thing::Pool(&pool));
    let anchor = Anchor::now();
    pools::find(&shared.proxy, &pool)?;
    let action: BreakerAction = action.parse().map_err(|_| {
        unknown(
            "action",
            &action,
            BreakerAction::ALL.iter().map(|action| action.as_str()),
        )
    })?;
    let request = request(&body, &deed)?;
    if request.until.is_some() {
        return Err(impossible(
            "`until` is for backends: a circuit stays as it is put until a reset.",
        ));
    }
    let pool = change_circuit(&shared, (&pool, action), &request, anchor)?;
    Ok(Json(view::pool(&pool, anchor)))
}

/// Does `action` to the circuit of a pool, given by its name.
pub(super) fn change_circuit(
    shared: &Shared,
    (pool, action): (&str, BreakerAction),
    request: &ActionRequest,
    anchor: Anchor,
) -> Result<Arc<PoolState>, Refusal> {
    let pool = pools::find(&shared.proxy, pool)?;
    check(request)?;
    let reason = reason(request, action.as_str());
    apply(&pool, action, &reason, anchor.tick());
    Ok(pool)
}

/// `POST …/cache/flush`.
pub(super) async fn cache_flush(
    State(shared): State<Shared>,
    Extension(deed): Extension<Deed>,
    Segments(pool): Segments<String>,
) -> Result<Json<api::Pool>, Refusal> {
    deed.is("cache_flush", Thing::Pool(&pool));
    let pool = pools::find(&shared.proxy, &pool)?;
    let Some(cache) = &pool.cache else {
        let detail = format!(
            "The pool `{}` keeps no answers: it has no `cache`.",
            pool.name
        );
        return Err(Refusal(Problem::new(409, "Nothing is kept", detail)));
    };
    let entries = cache.flush();
    tracing::debug!(pool = &*pool.name, entries, "cache flushed");
    Ok(Json(view::pool(&pool, Anchor::now())))
}

fn apply(pool: &PoolState, action: BreakerAction, reason: &Arc<str>, now: Tick) {
    // The change itself is told and counted with all the others, by the watch.
    let _ = match action {
        BreakerAction::Reset => pool.breaker.reset(now),
        BreakerAction::Open => pool.breaker.force_open(now, Arc::clone(reason)),
        BreakerAction::Close => pool.breaker.force_closed(now, Arc::clone(reason)),
    };
}

/// What the body says; an empty one says nothing.
fn request(body: &[u8], deed: &Deed) -> Result<ActionRequest, Refusal> {
    if body.is_empty() {
        return Ok(ActionRequest::default());
    }
    let request: ActionRequest = read(body, "action request")?;
    deed.because(request.reason.as_deref());
    check(&request)?;
    Ok(request)
}

/// Refuses what is too long to be kept.
fn check(request: &ActionRequest) -> Result<(), Refusal> {
    if request
        .reason
        .as_ref()
        .is_some_and(|reason| reason.len() > LONGEST_REASON)
    {
        return Err(impossible(&format!(
            "`reason` is longer than {LONGEST_REASON} bytes."
        )));
    }
    Ok(())
}

fn until(request: &ActionRequest, anchor: Anchor) -> Result<Option<Tick>, Refusal> {
    let Some(until) = request.until else {
        return Ok(None);
    };
    let tick = anchor.tick_of(until);
    if tick <= anchor.tick() {
        return Err(impossible(&format!("`until` is in the past: {until}.")));
    }
    Ok(Some(tick))
}

fn reason(request: &ActionRequest, action: &str) -> Arc<str> {
    match request.reason.as_deref().map(str::trim) {
        Some(reason) if !reason.is_empty() => reason.into(),
        _ => format!("{action} by an operator, no reason given").into(),
    }
}
