//! A pool and the one that stands by.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use soe503::retry::RetryPolicy;
use soe503::{BoxError, Failover, ReplayBody, RetryLayer, TimeoutLayer};
use soe503_core::ledger::Ledger;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt};

use super::request;
use super::retrying::{Got, budget, policy};
use super::upstream::{Boxed, Reply, Upstream};

pub type Body = Full<Bytes>;
pub type Pool = BoxCloneSyncService<Request<ReplayBody<Body>>, Response<Body>, BoxError>;

pub fn pool(layer: &RetryLayer, upstream: &Upstream) -> Pool {
    let backend: Boxed<ReplayBody<ReplayBody<Body>>> = upstream.service();
    BoxCloneSyncService::new(layer.layer(backend))
}

/// A pool and the one that stands by.
pub struct Pools {
    pub first: Upstream,
    pub spare: Upstream,
    pub over: Failover<Pool>,
}

impl Pools {
    pub fn new(first: &[Reply], spare: &[Reply]) -> Self {
        Self::with(policy(), first, spare)
    }

    pub fn with(policy: RetryPolicy, first: &[Reply], spare: &[Reply]) -> Self {
        let layer = RetryLayer::new(budget(), policy);
        let (first, spare) = (Upstream::new(first), Upstream::new(spare));
        let over = Failover::new(pool(&layer, &first), policy.attempts, budget())
            .then("spare", pool(&layer, &spare));
        Self { first, spare, over }
    }

    pub async fn send(&self, method: &str) -> Got {
        self.ask(request(method, Full::from("body"))).await
    }

    pub async fn ask(&self, request: Request<Body>) -> Got {
        let timed = TimeoutLayer::new(Duration::from_secs(15)).layer(self.over.clone());
        timed.oneshot(request).await
    }

    pub fn tries(&self) -> (usize, usize) {
        (self.first.tries(), self.spare.tries())
    }
}

/// Whose attempts are in a ledger: `true` for those of the pool that stands by.
pub fn whose(ledger: &Ledger) -> Vec<bool> {
    let pools = ledger
        .attempts
        .iter()
        .map(|attempt| attempt.pool.as_deref());
    pools.map(|pool| pool == Some("spare")).collect()
}
