//! Opening a connection, for all who wait for it.

use std::time::Duration;

use soe503::clock;
use soe503_core::ledger::{Fault, ParseFault, Phase};
use tokio::sync::watch;

use super::H2Options;
use super::session::Session;
use super::table::{self, Opened, Unopened};
use crate::tls::Alpn;
use crate::upstream::connect::{self, ConnectError};
use crate::upstream::{Upstream, fault};

/// Opens a connection in a task of its own: it is for everybody, so nobody's leaving may end it.
pub(super) fn spawn(upstream: Upstream, options: H2Options, done: watch::Sender<Opened>) {
    tokio::spawn(run(upstream, options, done));
}

/// Waits for a connection that is being opened.
pub(super) async fn wait(mut waiting: watch::Receiver<Opened>) -> Opened {
    match waiting.wait_for(Option::is_some).await {
        Ok(opened) => opened.clone(),
        // The task is gone without a word: the worker is ending.
        Err(_gone) => Some(Err(Unopened {
            joined: false,
            phase: Phase::Connect,
            fault: Fault::Closed,
            connect: None,
        })),
    }
}

async fn run(upstream: Upstream, options: H2Options, done: watch::Sender<Opened>) {
    let key = upstream.key();
    let result = open(&upstream, &options).await;
    // Whoever got as far as TLS has been let in.
    if !matches!(&result, Err(unopened) if unopened.phase < Phase::Tls) {
        upstream.accepted();
    }
    table::opened(key, result, &done);
}

async fn open(upstream: &Upstream, options: &H2Options) -> Result<(Session, Duration), Unopened> {
    let limit = upstream.options().connect_timeout;
    let transport = connect::transport(upstream, limit, clock::now())
        .await
        .map_err(|error| Unopened {
            joined: connect::has_joined(upstream, &error),
            ..unopened(&error, limit)
        })?;
    let took = transport.connect_time;
    // RFC 9113 §3.2: over TLS it is spoken only if both sides said so.
    if upstream.tls().is_some() && transport.alpn != Some(Alpn::Http2) {
        return Err(Unopened {
            phase: Phase::Tls,
            fault: Fault::Parse(ParseFault::Http2),
            connect: Some(took),
            joined: false,
        });
    }
    let session = Session::begin(transport.stream, options, clock::now());
    Ok((session, took))
}

fn unopened(error: &ConnectError, limit: Duration) -> Unopened {
    let (phase, connect) = match error {
        ConnectError::Timeout => (Phase::Connect, Some(limit)),
        ConnectError::Io(_) => (Phase::Connect, None),
        ConnectError::Tls(connected, _) => (Phase::Tls, Some(*connected)),
    };
    Unopened {
        phase,
        fault: fault::of_connect(error),
        connect,
        joined: false,
    }
}
