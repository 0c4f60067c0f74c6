//! A backend's listener, and requests to it.

use std::num::NonZeroU32;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use soe503::{BoxError, Failure, RequestBodyError};
use soe503_core::ledger::{Attempt, Fault};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::super::{H2Options, run};
use crate::upstream::{Protocol, Upstream, UpstreamBody, UpstreamOptions};

/// Longer than anything takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

pub(super) type Answer = Result<Response<UpstreamBody>, BoxError>;

/// A backend as the proxy knows it, and where its script listens.
#[derive(Debug)]
pub(super) struct Backend {
    pub(super) listener: TcpListener,
    pub(super) upstream: Upstream,
    pub(super) options: H2Options,
}

impl Backend {
    /// With at most `most` connections and no pings.
    pub(super) async fn new(most: u32) -> Self {
        Self::with(most, Duration::ZERO, Duration::ZERO).await
    }

    pub(super) async fn with(most: u32, ping_interval: Duration, ping_timeout: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = H2Options {
            max_connections: NonZeroU32::new(most).unwrap(),
            ping_interval,
            ping_timeout,
        };
        let upstream = Upstream::new(
            listener.local_addr().unwrap(),
            HeaderValue::from_static("app"),
            UpstreamOptions {
                connect_timeout: PATIENCE,
                idle_timeout: PATIENCE,
                max_idle: 0,
                proxy: false,
                protocol: Protocol::H2(options),
            },
        );
        Self {
            listener,
            upstream,
            options,
        }
    }

    /// Sends a request in a task of its own.
    pub(super) fn send<B>(&self, method: &str, body: B) -> JoinHandle<Answer>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let request = Request::builder()
            .method(method)
            .uri("/path")
            .header("host", "shop.example")
            .body(body)
            .unwrap();
        tokio::spawn(run(self.upstream.clone(), self.options, request))
    }

    pub(super) fn get(&self) -> JoinHandle<Answer> {
        self.send("GET", Full::<Bytes>::default())
    }

    pub(super) fn post(&self, body: &'static str) -> JoinHandle<Answer> {
        self.send("POST", Full::new(Bytes::from(body)))
    }
}

/// What a request came to.
pub(super) async fn come(sent: JoinHandle<Answer>) -> Answer {
    let joined = tokio::time::timeout(PATIENCE, sent).await;
    joined.expect("it ends").unwrap()
}

/// The status of an answer.
pub(super) async fn status(sent: JoinHandle<Answer>) -> u16 {
    come(sent).await.unwrap().status().as_u16()
}

/// The facts of a failure.
pub(super) async fn failed(sent: JoinHandle<Answer>) -> Attempt {
    let error = come(sent).await.expect_err("it fails");
    Failure::find(&*error).unwrap().last().unwrap().clone()
}

/// The fault of a body that broke off.
pub(super) fn broken(error: &BoxError) -> Fault {
    let failure = Failure::find(&**error).unwrap();
    failure.last().unwrap().fault.clone().unwrap()
}

/// A request body that is written while it is sent. `Err` breaks it off as a client would.
#[derive(Debug)]
pub(super) struct Written(mpsc::Receiver<Result<Frame<Bytes>, ()>>);

pub(super) type Pen = mpsc::Sender<Result<Frame<Bytes>, ()>>;

impl Written {
    pub(super) fn new() -> (Pen, Self) {
        let (pen, paper) = mpsc::channel(1);
        (pen, Self(paper))
    }
}

impl Body for Written {
    type Data = Bytes;
    type Error = RequestBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestBodyError>>> {
        self.0
            .poll_recv(cx)
            .map(|frame| frame.map(|frame| frame.map_err(|()| RequestBodyError::new("left"))))
    }
}
