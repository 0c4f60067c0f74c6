//! A `GET`, and the answer to it.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use soe503_core::health::Hints;

use super::sockets::{Answer, Ask};
use super::stopped::Stopped;
use crate::net::Stream;

/// What a check calls itself.
pub(super) const AGENT: &str = concat!("soe503-health-check/", env!("CARGO_PKG_VERSION"));
/// The largest head of an answer that is read, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// The same as HTTP/2 counts it.
pub(super) const MAX_HEAD_LIST: u32 = 64 * 1024;

/// What moves a connection's bytes, within the future of the check: dropping that, at the timeout,
/// closes the connection too.
pub(in crate::control) struct Driven<C> {
    connection: Option<Pin<Box<C>>>,
    error: Option<hyper::Error>,
}

/// `GET path` over HTTP/1.1.
pub(super) async fn get(stream: Stream, path: &str, ask: &Ask<'_>) -> Result<Answer, Stopped> {
    let request = request(path)
        .header(header::HOST, ask.host)
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| impossible(path, &error))?;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Stopped::http(&error))?;
    let mut driven = Driven::new(connection);
    let response = driven.answer(sender.send_request(request)).await?;
    Ok(answer(response, &mut driven, ask).await)
}

/// The same over HTTP/2 with prior knowledge.
pub(super) async fn get_h2(stream: Stream, path: &str, ask: &Ask<'_>) -> Result<Answer, Stopped> {
    let request = request(&ask.url(path))
        .body(Empty::<Bytes>::new())
        .map_err(|error| impossible(path, &error))?;
    let (mut sender, connection) = http2::Builder::new(TokioExecutor::new())
        .max_header_list_size(MAX_HEAD_LIST)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Stopped::http(&error))?;
    let mut driven = Driven::new(connection);
    let response = driven.answer(sender.send_request(request)).await?;
    Ok(answer(response, &mut driven, ask).await)
}

fn request(uri: &str) -> http::request::Builder {
    Request::get(uri)
        .header(header::USER_AGENT, AGENT)
        // What is preferred does not keep a page from answering.
        .header(header::ACCEPT, "application/health+json, */*;q=0.9")
}

pub(super) fn impossible(path: &str, error: &http::Error) -> Stopped {
    Stopped::invalid(format!("{path:?} cannot be asked for: {error}"))
}

/// The status, and what a health document in the body says, or the `Server` field. The status has decided by then, so a body
/// that does not come in half of the time that is left is not waited for.
async fn answer<C>(response: Response<Incoming>, driven: &mut Driven<C>, ask: &Ask<'_>) -> Answer
where
    C: Future<Output = hyper::Result<()>>,
{
    let status = response.status().as_u16();
    let server = response.headers().get(header::SERVER);
    let mut release = server
        .and_then(|server| server.to_str().ok())
        .and_then(Hints::server);
    let mut hints = None;
    if may_be_health(response.headers()) {
        let rest = ask.deadline.since(soe503::clock::now()) / 2;
        let reading = driven.run(read(response.into_body()));
        if let Ok(Some(document)) = tokio::time::timeout(rest, reading).await {
            hints = Hints::read(&document).map(Arc::new);
            release = Hints::release(&document).or(release);
        }
    }
    Answer {
        status,
        hints,
        release,
    }
}

fn may_be_health(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.to_str().is_ok_and(Hints::may_be))
}

async fn read(body: Incoming) -> Option<Bytes> {
    let document = Limited::new(body, Hints::LARGEST).collect().await.ok()?;
    Some(document.to_bytes())
}

// === impl Driven ===

impl<C: Future<Output = hyper::Result<()>>> Driven<C> {
    pub(in crate::control) fn new(connection: C) -> Self {
        Self {
            connection: Some(Box::pin(connection)),
            error: None,
        }
    }

    /// Runs `main` while the connection moves its bytes.
    pub(in crate::control) async fn run<T>(&mut self, main: impl Future<Output = T>) -> T {
        tokio::pin!(main);
        let Some(connection) = &mut self.connection else {
            return main.await;
        };
        let ended = tokio::select! {
            biased;
            done = &mut main => return done,
            ended = connection => ended,
        };
        // It may have ended in the same moment that it delivered what `main` waits for. Whatever it
        // has not delivered ends when it goes.
        self.connection = None;
        self.error = ended.err();
        main.await
    }

    /// The answer to what was sent. The connection knows better than its sender what went wrong.
    pub(super) async fn answer(
        &mut self,
        sent: impl Future<Output = hyper::Result<Response<Incoming>>>,
    ) -> Result<Response<Incoming>, Stopped> {
        let answer = self.run(sent).await;
        answer.map_err(|error| Stopped::http(self.error.as_ref().unwrap_or(&error)))
    }
}

// === impl Ask ===

impl Ask<'_> {
    /// The URL of `path`, as HTTP/2 sends it in parts.
    pub(super) fn url(&self, path: &str) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let authority = self.host.to_str().unwrap_or_default();
        format!("{scheme}://{authority}{path}")
    }
}
