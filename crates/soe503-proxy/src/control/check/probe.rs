//! One check of one backend, on a connection of its own.
//!
//! Never on a pooled connection: a check must find out whether a *new* connection works, and must
//! not take one from traffic. Each check connects, asks, reads the head of the answer and closes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use soe503_core::ledger::Phase;
use tokio::net::TcpStream;

use crate::config::Probe;

/// What a check saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// It counts as good.
    pub passed: bool,
    /// The status of the answer, if it got that far.
    pub status: Option<u16>,
    /// What was wrong, for people; `None` if nothing was.
    pub error: Option<Arc<str>>,
    /// How far it got.
    pub phase: Phase,
    /// The errno of a failed connect or of a broken connection, if there was one.
    pub errno: Option<i32>,
    /// It took longer than it may.
    pub timed_out: bool,
}

/// Checks the backend at `address` within `timeout`. `host` is the `Host` to send where the
/// check does not name one.
pub async fn probe(
    what: &Probe,
    address: SocketAddr,
    host: &HeaderValue,
    timeout: Duration,
) -> Sight {
    let mut phase = Phase::Connect;
    match tokio::time::timeout(timeout, run(what, address, host, &mut phase)).await {
        Ok(sight) => sight,
        Err(_) => Sight {
            timed_out: true,
            ..Sight::failed(phase, format!("no {} within {timeout:?}", missing(phase)))
        },
    }
}

async fn run(what: &Probe, address: SocketAddr, host: &HeaderValue, phase: &mut Phase) -> Sight {
    let stream = match TcpStream::connect(address).await {
        Ok(stream) => stream,
        Err(error) => return Sight::io(*phase, "connect", &error),
    };
    match what {
        Probe::Tcp => Sight::passed(Phase::Connect),
        Probe::Http {
            path,
            host: named,
            expect,
        } => {
            *phase = Phase::WaitHeaders;
            let named = named.as_deref().and_then(|n| HeaderValue::from_str(n).ok());
            let status = match get(stream, path, named.as_ref().unwrap_or(host)).await {
                Ok(status) => status,
                Err(sight) => return sight,
            };
            let sight = if expect.contains(status) {
                Sight::passed(Phase::Done)
            } else {
                Sight::failed(Phase::Done, format!("GET {path} answered {status}"))
            };
            Sight {
                status: Some(status),
                ..sight
            }
        }
    }
}

/// The status of `GET path`.
async fn get(stream: TcpStream, path: &str, host: &HeaderValue) -> Result<u16, Sight> {
    let request = Request::get(path)
        .header(header::HOST, host)
        .header(header::USER_AGENT, concat!("soe503-health-check/", env!("CARGO_PKG_VERSION")))
        .header(header::ACCEPT, "*/*")
        .header(header::CONNECTION, "close")
        .body(Empty::<bytes::Bytes>::new())
        .map_err(|error| Sight::failed(Phase::Write, format!("{path:?} cannot be asked for: {error}")))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Sight::http(&error))?;
    let answer = sender.send_request(request);
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
        .map_err(|error| Sight::http(&error))
}

const fn missing(phase: Phase) -> &'static str {
    match phase {
        Phase::Connect => "connection",
        _ => "answer",
    }
}

// === impl Sight ===

impl Sight {
    const fn passed(phase: Phase) -> Self {
        Self {
            passed: true,
            status: None,
            error: None,
            phase,
            errno: None,
            timed_out: false,
        }
    }

    fn failed(phase: Phase, error: impl Into<Arc<str>>) -> Self {
        Self {
            passed: false,
            error: Some(error.into()),
            ..Self::passed(phase)
        }
    }

    fn io(phase: Phase, what: &str, error: &io::Error) -> Self {
        Self {
            errno: error.raw_os_error(),
            ..Self::failed(phase, format!("{what}: {}", plain(error)))
        }
    }

    fn http(error: &hyper::Error) -> Self {
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            if let Some(io) = cause.downcast_ref::<io::Error>() {
                return Self::io(Phase::WaitHeaders, "read", io);
            }
            source = cause.source();
        }
        let text = if error.is_incomplete_message() {
            "closed before an answer".to_owned()
        } else {
            format!("not an HTTP answer: {error}")
        };
        Self::failed(Phase::WaitHeaders, text)
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
