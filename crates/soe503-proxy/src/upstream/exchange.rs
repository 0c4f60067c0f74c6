//! One request on one HTTP/1 connection, and what is known when it fails.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use http::header::HOST;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use soe503::{BoxError, clock};
use soe503_core::ledger::{Fault, Knock, ParseFault, Phase};
use soe503_h1::{BodyLength, ResponseHead, write_request_head};

use super::connect::{self, ConnectError};
use super::connection::{Connection, Detached};
use super::h1_body::{H1Body, Source, Upload};
use super::hops::Telling;
use super::plain::{self, PlainFields};
use super::trial::{KNOCK, Trial, is_break};
use super::{BackendHost, RequestBody, Upstream, UpstreamBody, fault, idle, split};
use crate::front::hop;
use crate::net::{Message, Scratch};

/// An answer whose length is announced and no more than this is passed on when it is whole, in bytes: one
/// that is cut off before can still be had from another backend. It costs no time where head and body
/// come together, which most do; bodies without a length are streamed.
const HELD: usize = 16 * 1024;

/// A request extension: the protocol that the client would like to change to.
#[derive(Clone, Debug)]
pub(crate) struct Upgrade(pub(crate) HeaderValue);

/// A response extension: the backend has changed the protocol, and this is its connection.
#[derive(Clone, Debug)]
pub(crate) struct Tunnel(Arc<Mutex<Option<Detached>>>);

impl Tunnel {
    /// The connection, for the first who asks.
    pub(crate) fn take(&self) -> Option<Detached> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Sends `request` to `upstream` and waits for the head of its answer.
pub(super) async fn run(
    upstream: Upstream,
    request: Request<RequestBody>,
) -> Result<Response<UpstreamBody>, BoxError> {
    let mut trial = Trial::begin(upstream, request.extensions());
    let telling = Telling::to(&trial.upstream, request.extensions());
    let (mut head, body) = split(request);
    if let Some(telling) = telling {
        telling.write(&mut head);
    }
    if let Some(span) = &trial.span {
        span.write(&mut head);
    }
    if head.extensions.get::<BackendHost>().is_some() {
        let host = trial.upstream.host().clone();
        Arc::make_mut(&mut head).headers.insert(HOST, host);
    }
    let connection = match trial.checkout().await {
        Ok(connection) => connection,
        Err(fault) => return Err(trial.failed(fault)),
    };
    let mut exchange = Exchange::begin(connection, head, body);
    let received_before = exchange.connection.read.received;
    let answer = trial.within_deadline(poll_fn(|cx| exchange.poll(cx))).await;
    let sent = exchange.message.handed_over();
    trial.attempt.bytes_sent = Some(sent);
    trial.attempt.bytes_received = Some(exchange.connection.read.received - received_before);
    trial.attempt.status = exchange
        .answer
        .as_ref()
        .map(|head| head.parts.status.as_u16());
    trial.attempt.phase = match &exchange.answer {
        Some(_) => Phase::Body,
        None if sent == 0 => Phase::Write,
        None => Phase::WaitHeaders,
    };
    // At the request's deadline nobody comes who could do better: what is there is passed on.
    let passed_on = answer.is_none() && trial.is_last();
    let answer = match exchange.answer.take_if(|_| passed_on) {
        Some(head) => {
            exchange.connection.read.let_go();
            Some(Ok(head))
        }
        None => answer,
    };
    match answer {
        Some(Ok(head)) => trial.answered(head, exchange),
        Some(Err(fault)) => {
            let served = exchange.connection.served;
            // Nothing more will come of this connection.
            drop(exchange);
            if is_break(&fault) {
                trial.note_idle_close(served);
                Box::pin(trial.knock()).await;
            }
            Err(trial.failed(fault))
        }
        None => {
            let fault = trial.timeout();
            Err(trial.failed(fault))
        }
    }
}

/// A request going out and its answer's head coming in, on one connection.
struct Exchange {
    connection: Box<Connection>,
    head: Arc<Parts>,
    message: Message,
    body: RequestBody,
    /// Where the answer's fields go if nobody has to look at them.
    plain: Option<Scratch>,
    /// All of the request is with the kernel.
    sent: bool,
    /// Why the rest of it cannot be sent. The backend may have answered all the same.
    stuck: Option<Fault>,
    /// The head of a short answer whose body is not whole yet.
    answer: Option<ResponseHead>,
}

impl Exchange {
    fn begin(connection: Box<Connection>, head: Arc<Parts>, body: RequestBody) -> Self {
        let length = length_of(&head.method, &body);
        let upgrade = head.extensions.get::<Upgrade>().map(|upgrade| &upgrade.0);
        let message = Message::new(length, body.is_end_stream(), |out| {
            write_request_head(out, &head.method, &head.uri, &head.headers, length, upgrade);
        });
        Self {
            connection,
            head,
            message,
            body,
            plain: plain::is_taken().then(Scratch::take),
            sent: false,
            stuck: None,
            answer: None,
        }
    }

    /// The head of the answer, once it may be passed on.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<ResponseHead, Fault>> {
        if self.answer.is_none() {
            let head = ready!(self.poll_head(cx))?;
            if self.held(&head).is_none() {
                return Poll::Ready(Ok(head));
            }
            self.answer = Some(head);
        }
        let length = self.answer.as_ref().and_then(|head| self.held(head));
        match ready!(self.connection.read.poll_whole(cx, length.unwrap_or(0))) {
            Ok(()) => Poll::Ready(self.answer.take().ok_or(Fault::Opaque)),
            Err(error) => Poll::Ready(Err(fault::of_head(&error))),
        }
    }

    /// How long the body behind `head` is, if it is waited for.
    fn held(&self, head: &ResponseHead) -> Option<usize> {
        let length = match head.body {
            BodyLength::Length(length) => usize::try_from(length).ok()?,
            _ => return None,
        };
        let short = self.sent && length <= HELD;
        (short && !self.connection.read.has(length)).then_some(length)
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<ResponseHead, Fault>> {
        if !self.sent && self.stuck.is_none() {
            let body = Pin::new(&mut self.body);
            match self.message.poll(cx, body, &mut self.connection.write) {
                Poll::Ready(Ok(())) => self.sent = true,
                Poll::Ready(Err(error)) => match fault::of_send(error) {
                    // The client's fault: there is nothing to wait for.
                    fault @ Fault::Client => return Poll::Ready(Err(fault)),
                    // A backend that refuses a body answers first and closes then.
                    fault => self.stuck = Some(fault),
                },
                Poll::Pending => {}
            }
        }
        let plain = self.plain.as_deref_mut();
        let read = &mut self.connection.read;
        match read.poll_head(cx, &self.head.method, plain) {
            Poll::Ready(Ok(head)) => Poll::Ready(Ok(head)),
            Poll::Ready(Err(error)) => {
                let fault = fault::of_head(&error);
                Poll::Ready(Err(self.stuck.take().unwrap_or(fault)))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Exchange {
    /// The answer is here before the request has been sent: the rest goes up while it comes down.
    fn go_on(self) -> Source {
        let Self {
            connection,
            mut message,
            mut body,
            ..
        } = self;
        let Connection {
            read, mut write, ..
        } = *connection;
        let upload = tokio::spawn(async move {
            let sent = poll_fn(|cx| message.poll(cx, Pin::new(&mut body), &mut write)).await;
            // A backend may read until the end of its answer: the direction stays open till then.
            if sent.is_ok() {
                std::future::pending::<()>().await;
            }
        });
        Source::Half {
            read: Box::new(read),
            _upload: Upload(upload.abort_handle()),
        }
    }
}

/// How the body will be framed.
fn length_of(method: &http::Method, body: &RequestBody) -> BodyLength {
    match body.size_hint().exact() {
        // RFC 9110 §8.6: a method that could have a body says that it has none.
        Some(0) if !means_a_body(method) => BodyLength::None,
        Some(length) => BodyLength::Length(length),
        None => BodyLength::Chunked,
    }
}

fn means_a_body(method: &http::Method) -> bool {
    use http::Method;
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// What is particular to HTTP/1.
impl Trial {
    /// A connection that is ready for a request: a waiting one, or a new one.
    async fn checkout(&mut self) -> Result<Box<Connection>, Fault> {
        let now = self.attempt.started;
        if let Some(connection) = idle::take(&self.upstream, now) {
            // One that has served nothing yet is as good as new.
            self.attempt.reused = connection.served > 0;
            let idle = now.since(connection.idle_since);
            self.attempt.idle_age = self.attempt.reused.then_some(idle);
            self.attempt.accepted_before = true;
            return Ok(connection);
        }
        // Boxed: connecting is rare, and its future would make that of every request twice as big.
        Box::pin(self.connect()).await
    }

    async fn connect(&mut self) -> Result<Box<Connection>, Fault> {
        self.attempt.phase = Phase::Connect;
        self.attempt.reused = false;
        self.attempt.idle_age = None;
        self.attempt.accepted_before = self.upstream.has_accepted();
        let now = clock::now();
        let limit = self.upstream.options().connect_timeout;
        let limit = self
            .deadline()
            .map_or(limit, |(at, _)| limit.min(at.since(now)));
        match connect::open(&self.upstream, limit, now).await {
            Ok(connection) => {
                self.attempt.connect = Some(connection.connect_time);
                self.upstream.accepted();
                Ok(Box::new(connection))
            }
            Err(error) => {
                match error {
                    ConnectError::Timeout => self.attempt.connect = Some(limit),
                    ConnectError::Tls(connected, _) => {
                        // Somebody is there, and not a byte of the request was for them.
                        self.upstream.accepted();
                        self.attempt.phase = Phase::Tls;
                        self.attempt.connect = Some(connected);
                        self.attempt.bytes_sent = Some(0);
                    }
                    ConnectError::Io(_) => {
                        self.attempt.joined = connect::has_joined(&self.upstream, &error);
                    }
                }
                Err(fault::of_connect(&error))
            }
        }
    }

    /// A used connection that breaks before it answers was closed while it was idle, or nearly so.
    fn note_idle_close(&mut self, served: u64) {
        if let (Some(age), Some(0)) = (self.attempt.idle_age, self.attempt.bytes_received) {
            let now = self.attempt.started;
            self.upstream.idle_closed(now, age, served);
            self.attempt.used_up = self.upstream.is_used_up(now, age, served);
        }
    }

    /// Asks a backend that broke off whether it is still there: a new connection is kept for the
    /// next request, and a refused one tells that the backend died, one attempt sooner than
    /// anybody would notice otherwise.
    async fn knock(&mut self) {
        let now = clock::now();
        // Whatever ended this connection is likely to have ended the older ones as well, and the
        // next attempt shall show what a new one is worth.
        idle::clear(self.upstream.key());
        self.broke(now);
        let limit = self.upstream.options().connect_timeout.min(KNOCK);
        match connect::open(&self.upstream, limit, now).await {
            Ok(connection) => {
                self.attempt.knock = Some(Knock::Accepted);
                self.upstream.keep_unused(Box::new(connection));
            }
            Err(ConnectError::Io(error)) if error.raw_os_error() == Some(libc::ECONNREFUSED) => {
                self.attempt.knock = Some(Knock::Refused);
            }
            // No answer tells nothing, and there is no time to wait for one.
            Err(_) => {}
        }
    }

    fn answered(
        mut self,
        mut head: ResponseHead,
        mut exchange: Exchange,
    ) -> Result<Response<UpstreamBody>, BoxError> {
        let status = head.parts.status;
        let upstream = self.upstream.clone();
        if status == StatusCode::SWITCHING_PROTOCOLS {
            if exchange.head.extensions.get::<Upgrade>().is_none() || !exchange.sent {
                // Nobody asked for it: what follows could be taken for anything.
                return Err(self.failed(Fault::Parse(ParseFault::NotHttp)));
            }
            self.answered_with(status);
            if head.explains {
                soe503::facts::of_stranger(&mut head.parts.headers, None);
            }
            let mut response =
                Response::from_parts(head.parts, UpstreamBody::H1(H1Body::none(upstream)));
            let detached = Arc::new(Mutex::new(Some(exchange.connection.detach())));
            response.extensions_mut().insert(Tunnel(detached));
            return Ok(response);
        }
        if status.is_server_error() {
            upstream.said(self.attempt.started, exchange.connection.read.carry());
        }
        if head.connection.hop_by_hop
            && let Some(field) = head.parts.headers.get("keep-alive")
        {
            upstream.keep_alive_hint(self.attempt.started, field);
        }
        hop::strip_parsed(&mut head.parts.headers, &head.connection);
        let plain = match (head.written, exchange.plain.take()) {
            (Some(written), Some(text)) => Some(Box::new(PlainFields { text, written })),
            _ => None,
        };
        let source = if exchange.sent {
            exchange.connection.last |= !head.connection.keep_alive;
            Source::Whole(exchange.connection)
        } else if exchange.stuck.is_some() {
            exchange.connection.last = true;
            Source::Whole(exchange.connection)
        } else {
            exchange.go_on()
        };
        let body = H1Body::new(head.body, source, upstream).with_fields(plain);
        let body = UpstreamBody::H1(body);
        Ok(self.keep_facts(Response::from_parts(head.parts, body), head.explains))
    }
}
