//! A retry layer over a backend that replies as told.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use soe503::retry::{Backoff, BudgetConfig, RetryBudget, RetryPolicy};
use soe503::{BoxError, Failure, RetryLayer, Served, TimeoutLayer};
use soe503_core::ledger::Ledger;
use tower::{Layer, ServiceExt};

use super::request;
use super::upstream::{Reply, Upstream};

pub fn budget() -> RetryBudget {
    RetryBudget::new("app", BudgetConfig::default())
}

pub fn policy() -> RetryPolicy {
    RetryPolicy {
        backoff: Backoff {
            base: Duration::from_millis(10),
            max: Duration::from_millis(10),
        },
        ..RetryPolicy::default()
    }
}

pub fn retry() -> RetryLayer {
    RetryLayer::new(budget(), policy())
}

pub type Got = Result<Response<Full<Bytes>>, BoxError>;

/// Sends a request through `layer` to a backend that replies as told.
pub async fn send(layer: &RetryLayer, method: &str, replies: &[Reply]) -> (Got, Upstream) {
    let upstream = Upstream::new(replies);
    let service = TimeoutLayer::new(Duration::from_secs(15)).layer(layer.layer(upstream.service()));
    let got = service
        .oneshot(request(method, Full::<Bytes>::from("body")))
        .await;
    (got, upstream)
}

pub fn ledger(got: &Got) -> Option<Ledger> {
    match got {
        Ok(response) => {
            let served = response.extensions().get::<Served>()?;
            served.ledger.as_deref().cloned()
        }
        Err(error) => Failure::find(&**error).map(|failure| failure.ledger().clone()),
    }
}

/// The status that the client got; 0 for an error.
pub fn told(got: &Got) -> u16 {
    got.as_ref()
        .map_or(0, |response| response.status().as_u16())
}
