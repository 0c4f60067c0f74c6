//! One HTTP/1 connection of a client, from its first byte to its last answer.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, StatusCode, Version, header};
use soe503_h1::{BodyLength, HeadLimits, RequestHead};

use super::answer::Framing;
use super::body::Shared;
use super::early::Early;
use super::exchange::{After, Exchange};
use super::inbox::{Inbox, NoHead};
use super::stage::{self, Stage};
use crate::front::{self, Client, ClientBody, Front};
use crate::listen::{Drain, Server};
use crate::net::{Stream, WriteHalf};
use crate::upstream::Upgrade;

/// How HTTP/1 is spoken on a listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// What a head may cost.
    pub(crate) head: HeadLimits,
    /// An HTTP/2 preface may come instead of a request.
    pub(crate) detect: bool,
    /// As many bytes of a body must come per second while it is waited for, after the first five
    /// seconds of waiting; 0: any number will do.
    pub(crate) min_body_rate: u64,
}

/// How a connection ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Nothing is left to do.
    Closed,
    /// It turned out to speak HTTP/2; these bytes were read already.
    Http2(Bytes),
}

const TOO_SLOW: &str = "The request's head did not arrive in time.";

/// One connection, and what its requests need.
///
/// Ten thousand of them wait for their next request, so what serves one is small, and only what
/// every connection has is in it: see [`Stage`] for the rest.
pub(crate) struct Connection {
    pub(super) inbox: Shared,
    pub(super) write: WriteHalf,
    pub(super) client: Arc<Client>,
    front: Arc<Front>,
    server: Arc<Server>,
    pub(super) drain: Drain,
}

/// What a connection is made of, whatever it speaks.
pub(crate) struct Parts {
    pub(crate) stream: Stream,
    pub(crate) client: Arc<Client>,
    pub(crate) front: Arc<Front>,
    pub(crate) server: Arc<Server>,
    pub(crate) drain: Drain,
}

impl Connection {
    /// A connection of which nothing was read yet.
    pub(crate) fn new(
        stream: Stream,
        client: Arc<Client>,
        front: Arc<Front>,
        server: Arc<Server>,
        drain: Drain,
    ) -> Self {
        let (read, write) = stream.split();
        let inbox = Inbox::new(read, Arc::clone(client.watch()), server.http1());
        Self {
            inbox: Shared::new(inbox),
            write,
            client,
            front,
            server,
            drain,
        }
    }

    /// Serves until the connection ends, breaks, or must not be used any longer.
    pub(crate) async fn serve(&mut self) -> Ended {
        let mut registered = false;
        loop {
            let head = poll_fn(|cx| {
                if !std::mem::replace(&mut registered, true) {
                    self.client.watch().wakes(cx.waker());
                }
                self.poll_head(cx)
            })
            .await;
            self.client.watch().busy();
            let mut exchange = match head {
                Ok(head) => self.begin(*head),
                Err(NoHead::Refused(refusal)) => self.refuse(refusal.status(), refusal.detail()),
                Err(NoHead::TooSlow) => self.refuse(StatusCode::REQUEST_TIMEOUT, TOO_SLOW),
                Err(NoHead::Closed) => return Ended::Closed,
                Err(NoHead::Http2(read)) => return Ended::Http2(read),
            };
            let whole = poll_fn(|cx| self.poll_exchange(cx, &mut exchange)).await;
            let after = match whole {
                true => self.conclude(&mut exchange).await,
                // Dropping what is in hand calls everything off.
                false => After::Close,
            };
            stage::give_back(exchange.stage);
            self.client.watch().idle();
            if let After::Close = after {
                return Ended::Closed;
            }
        }
    }

    fn poll_head(&self, cx: &mut Context<'_>) -> Poll<Result<Box<RequestHead>, NoHead>> {
        let mut inbox = self.inbox.lock();
        match inbox.poll_head(cx, &self.server.http1().head) {
            Poll::Pending if self.client.watch().is_overdue() => Poll::Ready(Err(NoHead::TooSlow)),
            polled => polled,
        }
    }

    /// Hands a request over.
    ///
    /// Not a part of `serve`: what is used up here would take room in its future.
    fn begin(&self, head: RequestHead) -> Exchange {
        let mut parts = head.parts;
        let framing = Framing {
            version: parts.version,
            head: parts.method == Method::HEAD,
            // Whoever sends CONNECT sends bytes of another protocol behind it.
            keep_alive: head.connection.keep_alive && parts.method != Method::CONNECT,
        };
        let upgrade = wanted_upgrade(&parts, &head.connection);
        let upgrades = upgrade.is_some();
        if let Some(to) = upgrade {
            parts.extensions.insert(to);
        }
        front::hop::strip_parsed(&mut parts.headers, &head.connection);
        if head.expect_continue {
            // Kept at this hop: the body is asked for when a backend is there to take it.
            parts.headers.remove(header::EXPECT);
        }
        let body = match head.body {
            BodyLength::None => ClientBody::Empty,
            _ => ClientBody::H1(self.inbox.body()),
        };
        let request = Request::from_parts(parts, body);
        let mut exchange = Exchange::new(framing);
        exchange.upgrade = upgrades;
        let answering = front::answer(&self.front, &self.client, request);
        exchange.stage.set(Stage::Answering { answering });
        exchange
    }

    /// Answers what was no request. The connection's framing is lost, so it closes.
    fn refuse(&self, status: StatusCode, detail: &str) -> Exchange {
        let response = front::unparsed(&self.front, &self.client, status, detail);
        let framing = Framing {
            version: Version::HTTP_11,
            head: false,
            keep_alive: false,
        };
        let mut exchange = Exchange::new(framing);
        exchange.early = Early::none();
        exchange.lost = true;
        self.respond(&mut exchange, response);
        exchange
    }

    /// The stream and what else it takes to serve it otherwise; `None` if a part is in use.
    pub(crate) fn into_parts(self) -> Option<Parts> {
        let (half, _nothing) = self.inbox.into_inner()?.into_parts();
        let stream = Stream::reunite(half, self.write)?;
        Some(Parts {
            stream,
            client: self.client,
            front: self.front,
            server: self.server,
            drain: self.drain,
        })
    }
}

/// The protocol that the client would like to change to, if that can be passed on.
///
/// Not `h2c`: HTTP/2 is ours to speak, and a backend that agreed would take requests that never
/// pass the stack. RFC 9113 has retired that upgrade, and ignoring it is always allowed.
fn wanted_upgrade(
    head: &http::request::Parts,
    connection: &soe503_h1::Connection,
) -> Option<Upgrade> {
    if !connection.upgrade || head.version != Version::HTTP_11 {
        return None;
    }
    let to = head.headers.get(header::UPGRADE)?;
    let mut protocols = to.as_bytes().split(|byte| *byte == b',');
    let retired = protocols.any(|p| p.trim_ascii().eq_ignore_ascii_case(b"h2c"));
    (!retired).then(|| Upgrade(to.clone()))
}
