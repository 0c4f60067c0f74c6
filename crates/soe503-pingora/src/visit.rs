//! What belongs to one request, and what is done with it at each of Pingora's hooks.

use std::convert::Infallible;
use std::future::poll_fn;
use std::os::fd::RawFd;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body;
use pingora::http::ResponseHeader;
use pingora::prelude::HttpPeer;
use pingora::proxy::Session;
use pingora::{Error, ErrorSource, ErrorType, Result};
use soe503::{BoxError, RequestContext};
use tower_service::Service;

use crate::answer;
use crate::framing;
use crate::request_body::RequestBody;
use crate::trip::{Headed, StackBody, StackFuture, Trip};

/// The context of a request: [`ResilientProxy`](crate::ResilientProxy)'s part, and that of the proxy around which it is.
#[derive(Debug)]
pub struct Visit<C> {
    /// What the proxy inside keeps of the request.
    pub inner: C,
    trip: Option<Trip>,
    /// What the layers made of the last head: whether another attempt follows.
    again: Option<bool>,
    /// The request is its client's own mistake, of this kind.
    refused: Option<&'static str>,
}

/// A stack of layers over [`Upstream`](crate::Upstream)s, [`Explain`](soe503::Explain) outermost, that a proxy can send requests through.
/// Implemented by all that have the right shape.
pub trait Stack:
    Service<Request<RequestBody>, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
    /// Sends a request through a clone of this stack.
    #[doc(hidden)]
    fn enter(&self, request: Request<RequestBody>) -> StackFuture;
}

impl<S, B> Stack for S
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
    B: Body<Data = Bytes, Error = BoxError> + Send + 'static,
{
    fn enter(&self, request: Request<RequestBody>) -> StackFuture {
        let mut stack = self.clone();
        Box::pin(async move {
            let ready = poll_fn(|cx| stack.poll_ready(cx)).await;
            let answer = match ready {
                Ok(()) => stack.call(request).await,
                Err(never) => match never {},
            };
            match answer {
                Ok(response) => response.map(|body| Box::pin(body) as StackBody),
                Err(never) => match never {},
            }
        })
    }
}

impl<C> Visit<C> {
    pub(crate) const fn new(inner: C) -> Self {
        Self {
            inner,
            trip: None,
            again: None,
            refused: None,
        }
    }

    /// Whether the layers have the request in hand.
    pub(crate) const fn is_under_way(&self) -> bool {
        self.trip.is_some()
    }

    /// Refuses what could be read in two ways.
    pub(crate) fn check(&mut self, session: &Session) -> Result<()> {
        if !framing::has_both_lengths(session) {
            return Ok(());
        }
        self.refused = Some(framing::BOTH_LENGTHS);
        Err(Error::explain(ErrorType::HTTPStatus(400), framing::BOTH_LENGTHS).into_down())
    }

    /// Sends the request into the layers. `false`: they have answered, and the client has that.
    pub(crate) async fn enter(
        &mut self,
        session: &mut Session,
        stack: &impl Stack,
    ) -> Result<bool> {
        let head = session.req_header().as_owned_parts();
        let empty = session.as_downstream_mut().is_body_empty();
        let method = head.method.clone();
        let enter = |context: RequestContext| {
            let mut request = Request::new(RequestBody::new(empty));
            *request.method_mut() = method;
            request.extensions_mut().insert(context);
            stack.enter(request)
        };
        let trip = self.trip.insert(Trip::begin(head, empty, enter));
        if trip.is_ordered().await {
            return Ok(true);
        }
        if let Some(response) = trip.take_answer() {
            self.trip = None;
            answer::write(session, answer::gather(response), true).await?;
        }
        Ok(false)
    }

    /// The backend of the next attempt.
    pub(crate) async fn peer(&mut self) -> Result<Box<HttpPeer>> {
        if let Some(trip) = &mut self.trip
            && trip.is_ordered().await
            && let Some(peer) = trip.begin_attempt()
        {
            return Ok(peer);
        }
        Err(told())
    }

    pub(crate) fn connected(&mut self, reused: bool, connection: RawFd) {
        if let Some(trip) = &mut self.trip {
            trip.connected(reused, connection);
        }
    }

    pub(crate) fn uploaded(&self) {
        if let Some(trip) = &self.trip {
            trip.uploaded();
        }
    }

    /// Whether Pingora comes back for another peer after `error`, which ended the attempt under way.
    pub(crate) fn failed(&mut self, session: &Session, error: &Error) -> bool {
        if let Some(again) = self.again.take() {
            return again;
        }
        let Some(trip) = &mut self.trip else {
            return false;
        };
        if *error.esource() != ErrorSource::Upstream {
            // The client has left, or a hook does not want it: no backend's business.
            self.trip = None;
            return false;
        }
        let truncated = session.as_downstream().retry_buffer_truncated();
        trip.failed(error, truncated) && !has_begun(session)
    }

    /// The head of an answer has come.
    ///
    /// # Errors
    /// If the client does not get it: another attempt follows, or an answer of ours.
    pub(crate) fn answered(&mut self, session: &Session, head: &mut ResponseHeader) -> Result<()> {
        let status = head.status;
        if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(());
        }
        let Some(trip) = &mut self.trip else {
            return Ok(());
        };
        let bodiless = is_bodiless(&session.req_header().method, head);
        let truncated = session.as_downstream().retry_buffer_truncated();
        let response = Response::from_parts(head.as_owned_parts(), ());
        match trip.answered(response, bodiless, truncated) {
            Headed::Passes(headers) => answer::carry_over(&headers, head),
            Headed::Again => {
                self.again = Some(true);
                let status = ErrorType::HTTPStatus(status.as_u16());
                Err(Error::explain(status, "another backend may do better").into_up())
            }
            Headed::Instead => {
                self.again = Some(false);
                Err(told())
            }
        }
    }

    pub(crate) fn body(&mut self, data: &mut Option<Bytes>, end: bool) {
        if let Some(trip) = &mut self.trip {
            trip.body(data, end);
        }
    }

    pub(crate) fn trailers(&mut self, trailers: &HeaderMap) {
        if let Some(trip) = &mut self.trip {
            trip.trailers(trailers);
        }
    }

    /// Tells the client what there is to tell. `None`: nothing is, from here.
    pub(crate) async fn tell(&mut self, session: &mut Session) -> Option<u16> {
        if let Some(detail) = self.refused.take() {
            let refusal = answer::refusal(StatusCode::BAD_REQUEST, detail);
            return Some(written(answer::write(session, refusal, false).await));
        }
        if has_begun(session) {
            return None;
        }
        let trip = self.trip.as_mut()?;
        trip.end().await;
        let response = answer::gather(trip.take_answer()?);
        self.trip = None;
        Some(written(answer::write(session, response, false).await))
    }

    /// Pingora is done with the request.
    pub(crate) fn over(&mut self, well: bool) {
        if let Some(mut trip) = self.trip.take() {
            trip.over(well);
        }
    }
}

/// The client has a status already, and not a 1xx alone.
fn has_begun(session: &Session) -> bool {
    session.response_written().is_some_and(|head| {
        !head.status.is_informational() || head.status == StatusCode::SWITCHING_PROTOCOLS
    })
}

/// The answer with this head has no body (RFC 9112 §6.3).
fn is_bodiless(method: &Method, head: &ResponseHeader) -> bool {
    let empty = |value: &http::HeaderValue| value.as_bytes() == b"0";
    *method == Method::HEAD
        || matches!(
            head.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        )
        || head.headers.get(CONTENT_LENGTH).is_some_and(empty)
}

/// What ends Pingora's attempts where the layers have answered.
fn told() -> Box<Error> {
    let status = ErrorType::HTTPStatus(StatusCode::SERVICE_UNAVAILABLE.as_u16());
    Error::explain(status, "soe503 has an answer of its own").into_up()
}

/// The status for Pingora's log; 0: the client is not there any more.
fn written(written: Result<u16>) -> u16 {
    written.unwrap_or(0)
}
