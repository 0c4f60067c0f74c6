//! A backend that plays a list of replies and writes down what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use soe503::{BoxError, Component, Failure, Outlook, Rejected, RequestContext, Served, clock};
use soe503_core::ledger::{Attempt, Fault, Phase, Refusal};
use soe503_core::{Cause, Tick};
use tower::service_fn;
use tower::util::BoxCloneSyncService;

/// What a backend does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Reads the body, answers with this status.
    Status(u16),
    /// Likewise, with a `Retry-After`.
    After(u16, &'static str),
    /// Reads the body, answers trailers-only with these fields.
    Grpc(&'static [(&'static str, &'static str)]),
    /// Answers at once and leaves the body alone.
    Early(u16),
    /// Answers like a pool that has no other backend.
    Lonely(u16),
    /// Reads the body; then the connection fails with this errno.
    Broken(i32),
    /// The connection cannot be made.
    Unconnected,
    /// Reads the body, and nothing else ever happens.
    Hang,
    /// Answers 200 after this long.
    Slow(Duration),
    /// We refuse: circuit open.
    Refuse,
}

/// One request as the backend saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub at: Tick,
    pub body: Bytes,
    pub context: RequestContext,
    pub headers: http::HeaderMap,
}

#[derive(Clone, Debug, Default)]
pub struct Upstream {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

pub type Boxed<B> = BoxCloneSyncService<Request<B>, Response<Full<Bytes>>, BoxError>;

impl Upstream {
    pub fn new(replies: &[Reply]) -> Self {
        Self {
            replies: Arc::new(Mutex::new(replies.iter().cloned().collect())),
            seen: Arc::default(),
        }
    }

    /// What it does with the next requests.
    pub fn will(&self, replies: &[Reply]) {
        self.replies.lock().unwrap().extend(replies.iter().cloned());
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn tries(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub fn service<B>(&self) -> Boxed<B>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let upstream = self.clone();
        BoxCloneSyncService::new(service_fn(move |request: Request<B>| {
            upstream.clone().answer(request)
        }))
    }

    async fn answer<B>(self, request: Request<B>) -> Result<Response<Full<Bytes>>, BoxError>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let context = parts.extensions.get::<RequestContext>().unwrap().clone();
        let number = context.number;
        let reply = self
            .replies
            .lock()
            .unwrap()
            .pop_front()
            .expect("no more replies");
        let read = !matches!(reply, Reply::Early(_) | Reply::Unconnected | Reply::Refuse);
        let body = match read {
            true => body.collect().await.map_err(Into::into)?.to_bytes(),
            false => Bytes::new(),
        };
        self.seen.lock().unwrap().push(Seen {
            at: clock::now(),
            body,
            context,
            headers: parts.headers,
        });
        let answer = |status: u16| {
            let text = format!("{status} on attempt {number}");
            let mut response = Response::new(Full::from(text));
            *response.status_mut() = status.try_into().unwrap();
            response
        };
        match reply {
            Reply::Status(status) | Reply::Early(status) => Ok(answer(status)),
            Reply::After(status, after) => {
                let mut response = answer(status);
                response
                    .headers_mut()
                    .insert("retry-after", after.parse().unwrap());
                Ok(response)
            }
            Reply::Grpc(fields) => {
                let mut response = Response::new(Full::default());
                let headers = response.headers_mut();
                headers.insert("content-type", "application/grpc".parse().unwrap());
                for (name, value) in fields {
                    headers.insert(*name, value.parse().unwrap());
                }
                Ok(response)
            }
            Reply::Lonely(status) => {
                let mut response = answer(status);
                let mut served = Served::new(clock::now());
                served.outlook = Some(Outlook::new(false));
                response.extensions_mut().insert(served);
                Ok(response)
            }
            Reply::Broken(errno) => Err(std::io::Error::from_raw_os_error(errno).into()),
            Reply::Unconnected => Err(Failure::new(Attempt {
                phase: Phase::Connect,
                fault: Some(Fault::Errno(111)),
                ..Attempt::begin(number, clock::now())
            })
            .into()),
            Reply::Hang => std::future::pending().await,
            Reply::Slow(time) => {
                tokio::time::sleep(time).await;
                Ok(answer(200))
            }
            Reply::Refuse => {
                let refusal = Refusal::CircuitOpen {
                    rule: Cause::CircuitConsecutiveFailures,
                    root: None,
                };
                Err(Rejected::new(Component::CircuitBreaker, "app", refusal).into())
            }
        }
    }
}
