//! `GET /api/v1/pools` and `GET /api/v1/pools/{pool}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use soe503_api as api;

use super::extract::Segments;
use super::problem::{Refusal, unknown};
use super::router::Shared;
use super::view;
use crate::control::clock::Anchor;
use crate::state::{PoolState, Proxy};

pub(super) async fn all(State(shared): State<Shared>) -> Json<api::Pools> {
    let anchor = Anchor::now();
    let pools = shared.proxy.pools();
    Json(api::Pools {
        pools: pools
            .values()
            .map(|pool| view::pool(pool, anchor))
            .collect(),
    })
}

pub(super) async fn one(
    State(shared): State<Shared>,
    Segments(name): Segments<String>,
) -> Result<Json<api::Pool>, Refusal> {
    let pool = find(&shared.proxy, &name)?;
    Ok(Json(view::pool(&pool, Anchor::now())))
}

/// The pool called `name`.
pub(super) fn find(proxy: &Proxy, name: &str) -> Result<Arc<PoolState>, Refusal> {
    let pools = proxy.pools();
    let found = pools.get(name).cloned();
    found.ok_or_else(|| unknown("pool", name, pools.keys().map(|name| &**name)))
}
