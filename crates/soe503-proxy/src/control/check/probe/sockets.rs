//! Checks over the network.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderValue;
use soe503_core::Tick;
use soe503_core::health::{CheckResult, Hints};
use soe503_core::ledger::Phase;
use tokio::net::TcpStream;

use super::stopped::Stopped;
use super::{grpc, http};
use crate::config::{BackendProtocol, Probe, StatusSet};
use crate::net::{Stream, Tls};
use crate::tls::ClientTls;
use crate::upstream;

/// Something that checks backends.
pub trait Prober: Send + Sync + 'static {
    /// Checks the backend at `address` within `timeout`. `host` is the `Host` to send where the
    /// check does not name one. With `tls`, a connection is one after the TLS handshake.
    fn probe(
        &self,
        what: &Probe,
        address: SocketAddr,
        host: &HeaderValue,
        tls: Option<&ClientTls>,
        timeout: Duration,
    ) -> impl Future<Output = CheckResult> + Send;
}

/// Checks over the network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sockets;

/// Whom to ask, and until when.
pub(super) struct Ask<'a> {
    pub(super) host: &'a HeaderValue,
    /// TLS is spoken.
    pub(super) secure: bool,
    pub(super) timeout: Duration,
    pub(super) deadline: Tick,
}

/// An answer: its status, and what its body says is not well.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) hints: Option<Arc<Hints>>,
    /// What the backend runs.
    pub(super) release: Option<Arc<str>>,
}

async fn probe(
    what: &Probe,
    address: SocketAddr,
    host: &HeaderValue,
    tls: Option<&ClientTls>,
    timeout: Duration,
) -> CheckResult {
    let began = soe503::clock::now();
    let named = match what {
        Probe::Http { host, .. } | Probe::Grpc { host, .. } => host.as_deref(),
        Probe::Tcp | Probe::Tls => None,
    };
    let named = named.and_then(|named| HeaderValue::from_str(named).ok());
    let ask = Ask {
        host: named.as_ref().unwrap_or(host),
        secure: tls.is_some(),
        timeout,
        deadline: began.after(timeout),
    };
    let mut phase = Phase::Connect;
    let until = soe503::clock::instant(ask.deadline);
    let done = match tokio::time::timeout_at(until, run(what, address, tls, &ask, &mut phase)).await
    {
        Ok(done) => done,
        Err(_) => {
            if let (Phase::Connect, Some(known)) = (phase, upstream::port(address)) {
                known.reachability.timed_out(soe503::clock::now());
            }
            Err(Stopped::late(phase, timeout))
        }
    };
    match done {
        Ok(result) => result,
        Err(stopped) => stopped.result(soe503::clock::now().since(began), timeout),
    }
}

async fn run(
    what: &Probe,
    address: SocketAddr,
    tls: Option<&ClientTls>,
    ask: &Ask<'_>,
    phase: &mut Phase,
) -> Result<CheckResult, Stopped> {
    let known = upstream::port(address);
    let known = known.as_deref();
    if let Some(known) = known {
        known.reachability.begin(soe503::clock::now());
    }
    let stream = TcpStream::connect(address).await.map_err(|error| {
        let joined = known.is_some_and(|known| upstream::unreachable(&known.reachability, &error));
        Stopped::connect(&error, joined)
    })?;
    if let Some(known) = known {
        known.reachability.answered();
        known.accepted();
    }
    let stream = match tls {
        None => Stream::Tcp(stream),
        Some(tls) => {
            *phase = Phase::Tls;
            let (stream, _) = tls.connect_anew(stream).await.map_err(Stopped::tls)?;
            Stream::Tls(Tls::Client(Box::new(stream)))
        }
    };
    *phase = Phase::WaitHeaders;
    match what {
        Probe::Tcp | Probe::Tls => Ok(CheckResult::passed(None)),
        Probe::Grpc { service, .. } => {
            grpc::check(stream, service, ask).await?;
            Ok(CheckResult::passed(None))
        }
        Probe::Http {
            path,
            expect,
            protocol,
            ..
        } => {
            let answer = match protocol {
                BackendProtocol::H1 => http::get(stream, path, ask).await?,
                BackendProtocol::H2 => http::get_h2(stream, path, ask).await?,
            };
            judge(path, expect, answer)
        }
    }
}

/// The status decides. What the body says is told.
fn judge(path: &str, expect: &StatusSet, answer: Answer) -> Result<CheckResult, Stopped> {
    let Answer {
        status,
        hints,
        release,
    } = answer;
    if !expect.contains(status) {
        return Err(Stopped::status(path, status, hints));
    }
    let status = Some(status);
    Ok(CheckResult::Passed {
        status,
        hints,
        release,
    })
}

// === impl Sockets ===

impl Prober for Sockets {
    async fn probe(
        &self,
        what: &Probe,
        address: SocketAddr,
        host: &HeaderValue,
        tls: Option<&ClientTls>,
        timeout: Duration,
    ) -> CheckResult {
        probe(what, address, host, tls, timeout).await
    }
}
