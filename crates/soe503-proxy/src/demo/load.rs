//! The visitors of the demo: a steady trickle of requests, and what became of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::MissedTickBehavior;

/// Visitors at once.
const VISITORS: u64 = 8;

/// Requests per second of all visitors together.
pub(super) const RATE: u64 = 200;

/// What the visitors have seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    answered: AtomicU64,
    failed: AtomicU64,
}

impl Seen {
    pub(super) fn answered(&self) -> u64 {
        self.answered.load(Relaxed)
    }

    pub(super) fn failed(&self) -> u64 {
        self.failed.load(Relaxed)
    }
}

/// Sends visitors to `proxy` until the runtime ends.
pub(super) fn start(proxy: SocketAddr) -> Arc<Seen> {
    let seen = Arc::new(Seen::default());
    for _ in 0..VISITORS {
        tokio::spawn(visit(proxy, Arc::clone(&seen)));
    }
    seen
}

async fn visit(proxy: SocketAddr, seen: Arc<Seen>) {
    let mut pace = tokio::time::interval(Duration::from_millis(1000 * VISITORS / RATE));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut connection = None;
    loop {
        pace.tick().await;
        let good = match one(&mut connection, proxy).await {
            Ok(response) => response.status().is_success(),
            Err(_broken) => {
                connection = None;
                false
            }
        };
        let counter = if good { &seen.answered } else { &seen.failed };
        counter.fetch_add(1, Relaxed);
    }
}

/// One GET to `proxy`, with its whole body.
pub(super) async fn get(proxy: SocketAddr) -> anyhow::Result<Response<Bytes>> {
    one(&mut None, proxy).await
}

async fn one(
    connection: &mut Option<SendRequest<Empty<Bytes>>>,
    proxy: SocketAddr,
) -> anyhow::Result<Response<Bytes>> {
    if connection.as_ref().is_none_or(SendRequest::is_closed) {
        let stream = TcpStream::connect(proxy).await?;
        stream.set_nodelay(true)?;
        let (sender, task) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(task);
        *connection = Some(sender);
    }
    let sender = connection
        .as_mut()
        .ok_or_else(|| anyhow::anyhow!("no connection"))?;
    sender.ready().await?;
    let request = Request::get("/")
        .header("host", proxy.to_string())
        .body(Empty::new())?;
    let (head, body) = sender.send_request(request).await?.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}
