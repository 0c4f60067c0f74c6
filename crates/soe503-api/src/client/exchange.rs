//! One request and its answer, over a connection of its own.

use core::{future::Future, time::Duration};
use std::io;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
};

use super::{AdminAddress, ClientError, Step, Tls, TlsFault, Token, tls};

/// A listing of ten thousand backends is about 5 MB.
const MAX_BODY: usize = 64 << 20;

/// Stops driving a connection when the exchange is over, also when it is cancelled.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Builds a request. Paths come from [`crate::path`], so it is always valid; an address whose
/// prefix is not would have failed to parse.
pub(super) fn request(
    address: &AdminAddress,
    token: Option<&Token>,
    method: Method,
    path: &str,
    body: Option<&impl Serialize>,
) -> http::Result<Request<Full<Bytes>>> {
    let mut builder = Request::builder()
        .method(method)
        .uri(format!("{}{path}", address.prefix))
        .header(header::HOST, &address.authority)
        .header(header::ACCEPT, "application/json, application/problem+json")
        .header(
            header::USER_AGENT,
            concat!("soe503-api/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::CONNECTION, "close");
    if let Some(token) = token {
        builder = builder.header(header::AUTHORIZATION, token.header());
    }
    let Some(body) = body else {
        return builder.body(Full::default());
    };
    // A few optional strings: there is nothing in it that could fail to serialise.
    let json = serde_json::to_vec(body).unwrap_or_default();
    builder
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(json.into()))
}

/// Sends `request` to `address`, with `tls` if that is `https`, and reads the whole answer. Each step has `limit`.
pub(super) async fn exchange(
    address: &AdminAddress,
    tls: Option<&Tls>,
    limit: Duration,
    request: http::Result<Request<Full<Bytes>>>,
) -> Result<(StatusCode, Bytes), ClientError> {
    let request = request.map_err(|e| failed(address, Step::Answer, io::Error::other(e)))?;
    let host = (address.host.as_str(), address.port);
    let addresses: Vec<_> = within(address, Step::Resolve, limit, tokio::net::lookup_host(host))
        .await?
        .collect();
    let stream = within(
        address,
        Step::Connect,
        limit,
        TcpStream::connect(&*addresses),
    )
    .await?;
    if !address.tls {
        return within(address, Step::Answer, limit, answer(stream, request)).await;
    }
    let shaken = async { io::Result::Ok(shake_hands(address, tls, stream).await) };
    let stream = within(address, Step::Handshake, limit, shaken).await??;
    within(address, Step::Answer, limit, answer(stream, request)).await
}

async fn shake_hands(
    address: &AdminAddress,
    tls: Option<&Tls>,
    stream: TcpStream,
) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + use<>, ClientError> {
    let system;
    let tls = match tls {
        Some(tls) => tls,
        None => {
            system = Tls::system().map_err(|fault| no_tls(address, fault))?;
            &system
        }
    };
    let shaken = tls.shake_hands(&address.host, stream).await;
    shaken.map_err(|fault| no_tls(address, fault))
}

async fn answer(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> io::Result<(StatusCode, Bytes)> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let _driver = Driver(tokio::spawn(async move {
        // Its error is reported by `send_request` and the body, where it matters.
        let _ = connection.await;
    }));
    let response = sender
        .send_request(request)
        .await
        .map_err(io::Error::other)?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_BODY)
        .collect()
        .await
        .map_err(io::Error::other)?;
    Ok((status, body.to_bytes()))
}

async fn within<T>(
    address: &AdminAddress,
    step: Step,
    limit: Duration,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, ClientError> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result.map_err(|source| failed(address, step, source)),
        Err(_) => Err(ClientError::TimedOut {
            address: address.to_string(),
            step,
            limit,
        }),
    }
}

fn no_tls(address: &AdminAddress, fault: TlsFault) -> ClientError {
    ClientError::Tls {
        address: address.to_string(),
        host: address.host.clone(),
        fault,
    }
}

fn failed(address: &AdminAddress, step: Step, source: io::Error) -> ClientError {
    // A client learns only after its part of the handshake of TLS 1.3 that its certificate is refused.
    if let Some(fault) = tls::fault_in(&source) {
        return no_tls(address, fault);
    }
    let address = address.to_string();
    let hyper = source
        .get_ref()
        .and_then(|e| e.downcast_ref::<hyper::Error>());
    match hyper {
        Some(e) if e.is_parse() => ClientError::NotTheApi {
            address,
            what: "its answer is not HTTP".to_owned(),
        },
        _ => ClientError::Unreachable {
            address,
            step,
            source,
        },
    }
}
