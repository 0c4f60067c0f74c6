//! Opening a connection, for all who wait for it.

use soe503::clock;
use soe503_core::ledger::Fault;
use tokio::sync::watch;

use super::H2Options;
use super::session::Session;
use super::table::{self, Opened};
use crate::upstream::{Upstream, connection, fault};

/// Opens a connection in a task of its own: it is for everybody, so nobody's leaving may end it.
pub(super) fn spawn(upstream: Upstream, options: H2Options, done: watch::Sender<Opened>) {
    tokio::spawn(run(upstream, options, done));
}

/// Waits for a connection that is being opened.
pub(super) async fn wait(mut waiting: watch::Receiver<Opened>) -> Opened {
    match waiting.wait_for(Option::is_some).await {
        Ok(opened) => opened.clone(),
        // The task is gone without a word: the worker is ending.
        Err(_gone) => Some(Err(Fault::Closed)),
    }
}

async fn run(upstream: Upstream, options: H2Options, done: watch::Sender<Opened>) {
    let key = upstream.0.key;
    let result = open(&upstream, &options).await;
    if result.is_ok() {
        upstream.accepted();
    }
    table::opened(key, result, &done);
}

async fn open(
    upstream: &Upstream,
    options: &H2Options,
) -> Result<(Session, std::time::Duration), Fault> {
    let began = clock::now();
    let limit = upstream.options().connect_timeout;
    let stream = connection::transport(upstream.address(), limit)
        .await
        .map_err(|error| fault::of_connect(&error))?;
    let now = clock::now();
    let took = now.since(began);
    let session = Session::begin(stream, options, now).await?;
    Ok((session, took))
}
