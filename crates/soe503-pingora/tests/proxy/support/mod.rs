//! Backends that misbehave on the wire, a Pingora proxy in this process, and a client that hides nothing.

mod backend;
mod client;
mod front;

use std::time::Duration;

use soe503::Explainer;
use soe503::explain::Exposure;
use soe503_pingora::{Balanced, Config, ResilientProxy};

pub(crate) use backend::{Backend, Does, nobody};
pub(crate) use client::{Answer, Client, get, post};
pub(crate) use front::Front;

/// A proxy over the usual layers with these backends, that tells its clients everything.
pub(crate) async fn front(config: Config, backends: &[&Backend]) -> (Front, Balanced) {
    let backends = backends.iter().map(|backend| backend.spec()).collect();
    let explain = Explainer::builder("edge").exposure(Exposure::Full);
    let balanced = config.build("app", backends, explain).unwrap();
    let proxy = ResilientProxy::new(balanced.stack.clone());
    (Front::of(proxy).await, balanced)
}

/// Attempts have 400 ms: what a test that waits for one does not want to wait longer for.
pub(crate) fn hasty() -> Config {
    let mut config = Config::default();
    config.retry.attempt_timeout = Some(Duration::from_millis(400));
    config.timeout = Duration::from_secs(5);
    config.breaker.ride_out = Duration::ZERO;
    config
}
