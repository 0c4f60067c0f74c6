//! One check of one backend, on a connection of its own.
//!
//! Never on a pooled connection: a check must find out whether a *new* connection works, and must
//! not take one from traffic. Each check connects, asks, reads the head of the answer and closes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use http::{HeaderValue, Request, Response, header};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use soe503_core::health::CheckResult;
use soe503_core::ledger::{Attempt, Fault, ParseFault, Phase, TimeoutKind};
use soe503_core::{Cause, Tick, diagnosis};
use tokio::net::TcpStream;

use crate::config::{BackendProtocol, Probe};
use crate::net::{Stream, Tls};
use crate::tls::ClientTls;

/// The largest head of an answer that is read, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// The same as HTTP/2 counts it.
const MAX_HEAD_LIST: u32 = 64 * 1024;

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

/// A check that did not get an answer: how far it came, and why no further.
#[derive(Debug)]
struct Stopped {
    phase: Phase,
    fault: Fault,
    text: String,
}

async fn probe(
    what: &Probe,
    address: SocketAddr,
    host: &HeaderValue,
    tls: Option<&ClientTls>,
    timeout: Duration,
) -> CheckResult {
    let began = soe503::clock::now();
    let mut phase = Phase::Connect;
    let done = match tokio::time::timeout(timeout, run(what, address, host, tls, &mut phase)).await
    {
        Ok(done) => done,
        Err(_) => Err(Stopped::late(phase, timeout)),
    };
    let elapsed = soe503::clock::now().since(began);
    match (what, done) {
        (_, Err(stopped)) => CheckResult::Failed {
            cause: stopped.cause(elapsed),
            status: None,
            error: stopped.text.into(),
        },
        (Probe::Http { path, expect, .. }, Ok(Some(status))) if !expect.contains(status) => {
            CheckResult::Failed {
                cause: Stopped::status(status).cause(elapsed),
                status: Some(status),
                error: format!("GET {path} answered {status}").into(),
            }
        }
        (_, Ok(status)) => CheckResult::Passed { status },
    }
}

async fn run(
    what: &Probe,
    address: SocketAddr,
    host: &HeaderValue,
    tls: Option<&ClientTls>,
    phase: &mut Phase,
) -> Result<Option<u16>, Stopped> {
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| Stopped::io(Phase::Connect, &error))?;
    let stream = match tls {
        None => Stream::Tcp(stream),
        Some(tls) => {
            *phase = Phase::Tls;
            let (stream, _) = tls.connect(stream).await.map_err(Stopped::tls)?;
            Stream::Tls(Tls::Client(Box::new(stream)))
        }
    };
    let Probe::Http {
        path,
        host: named,
        protocol,
        ..
    } = what
    else {
        return Ok(None);
    };
    *phase = Phase::WaitHeaders;
    let named = named.as_deref().and_then(|n| HeaderValue::from_str(n).ok());
    let host = named.as_ref().unwrap_or(host);
    let status = match protocol {
        BackendProtocol::H1 => get(stream, path, host).await?,
        BackendProtocol::H2 => get_h2(stream, path, host).await?,
    };
    Ok(Some(status))
}

/// The status of `GET path`.
async fn get(stream: Stream, path: &str, host: &HeaderValue) -> Result<u16, Stopped> {
    let mut request = request(path, host)?;
    let close = HeaderValue::from_static("close");
    request.headers_mut().insert(header::CONNECTION, close);
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Stopped::http(&error))?;
    answered(sender.send_request(request), connection).await
}

/// The same over HTTP/2 with prior knowledge.
async fn get_h2(stream: Stream, path: &str, host: &HeaderValue) -> Result<u16, Stopped> {
    let mut request = request(path, host)?;
    request.headers_mut().remove(header::HOST);
    let authority = host.to_str().unwrap_or_default();
    *request.uri_mut() = format!("http://{authority}{path}")
        .parse()
        .map_err(|error| Stopped::invalid(format!("{path:?} cannot be asked for: {error}")))?;
    let (mut sender, connection) = http2::Builder::new(TokioExecutor::new())
        .max_header_list_size(MAX_HEAD_LIST)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Stopped::http(&error))?;
    answered(sender.send_request(request), connection).await
}

fn request(path: &str, host: &HeaderValue) -> Result<Request<Empty<bytes::Bytes>>, Stopped> {
    Request::get(path)
        .header(header::HOST, host)
        .header(
            header::USER_AGENT,
            concat!("soe503-health-check/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::ACCEPT, "*/*")
        .body(Empty::new())
        .map_err(|error| Stopped::invalid(format!("{path:?} cannot be asked for: {error}")))
}

/// The status of the answer, while `connection` moves its bytes.
async fn answered(
    answer: impl Future<Output = hyper::Result<Response<Incoming>>>,
    connection: impl Future<Output = hyper::Result<()>>,
) -> Result<u16, Stopped> {
    tokio::pin!(answer, connection);
    // Both in this one future: dropping it, at the timeout, closes the connection too.
    let response = tokio::select! {
        biased;
        answered = &mut answer => answered,
        ended = &mut connection => match ended {
            // The connection may end in the same moment that it delivers the answer.
            Ok(()) => answer.await,
            Err(error) => Err(error),
        },
    };
    response
        .map(|response| response.status().as_u16())
        .map_err(|error| Stopped::http(&error))
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

// === impl Stopped ===

impl Stopped {
    fn io(phase: Phase, error: &io::Error) -> Self {
        let what = if phase == Phase::Connect {
            "connect"
        } else {
            "read"
        };
        Self {
            phase,
            fault: error.raw_os_error().map_or(Fault::Opaque, Fault::Errno),
            text: format!("{what}: {}", plain(error)),
        }
    }

    fn tls(fault: Fault) -> Self {
        let mut attempt = Attempt::begin(1, Tick::ZERO);
        attempt.phase = Phase::Tls;
        attempt.fault = Some(fault.clone());
        Self {
            phase: Phase::Tls,
            text: format!("TLS: {}", soe503_core::explain::in_words(&attempt)),
            fault,
        }
    }

    fn http(error: &hyper::Error) -> Self {
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            if let Some(io) = cause.downcast_ref::<io::Error>() {
                return Self::io(Phase::WaitHeaders, io);
            }
            source = cause.source();
        }
        if error.is_incomplete_message() || error.is_canceled() {
            return Self {
                phase: Phase::WaitHeaders,
                fault: Fault::Closed,
                text: "closed the connection without an answer".to_owned(),
            };
        }
        Self::invalid(format!("not an HTTP answer: {error}"))
    }

    const fn invalid(text: String) -> Self {
        Self {
            phase: Phase::WaitHeaders,
            fault: Fault::Parse(ParseFault::NotHttp),
            text,
        }
    }

    fn late(phase: Phase, timeout: Duration) -> Self {
        let (what, kind) = match phase {
            Phase::Connect => ("connection", TimeoutKind::Connect),
            Phase::Tls => ("answer to the TLS handshake", TimeoutKind::Handshake),
            _ => ("answer", TimeoutKind::Attempt),
        };
        Self {
            phase,
            fault: Fault::Timeout(kind),
            text: format!("no {what} within {timeout:?}"),
        }
    }

    const fn status(status: u16) -> Self {
        Self {
            phase: Phase::Done,
            fault: Fault::Status(status),
            text: String::new(),
        }
    }

    /// What one check proves: nothing at all for a 404 or a redirect, which may as well be the
    /// check's own mistake.
    fn cause(&self, elapsed: Duration) -> Option<Cause> {
        let mut attempt = Attempt::begin(1, Tick::ZERO);
        attempt.elapsed = elapsed;
        attempt.phase = self.phase;
        attempt.fault = Some(self.fault.clone());
        attempt.accepted_before = true;
        match self.fault {
            Fault::Status(status) => {
                attempt.status = Some(status);
                if status < 500 {
                    return None;
                }
            }
            Fault::Opaque => return None,
            _ => {}
        }
        diagnosis::mechanical(&attempt)
    }
}

/// The system's words without the number that `io::Error` appends.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}
