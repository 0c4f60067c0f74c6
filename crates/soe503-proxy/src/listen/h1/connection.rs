//! One HTTP/1 connection of a client, from its first byte to its last answer.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Version, header};
use soe503_h1::{BodyLength, Connection, HeadLimits, RequestHead};

use super::answer::{Answer, Framing};
use super::body::Shared;
use super::early::Early;
use super::inbox::{Expect, Inbox, NoHead};
use super::tunnel;
use crate::front::{self, Answering, Client, ClientBody, Front, FrontBody};
use crate::listen::{Drain, linger};
use crate::net::{SendError, Stream, WriteHalf};
use crate::upstream::{Tunnel, Upgrade};

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
    Http2(Stream, Bytes),
}

/// What one exchange leaves behind.
enum After {
    Again,
    Close,
}

const TOO_SLOW: &str = "The request's head did not arrive in time.";

/// Serves `stream` until it ends, breaks, or must not be used any longer.
pub(crate) async fn serve(
    stream: Stream,
    client: &Arc<Client>,
    front: &Arc<Front>,
    settings: &Settings,
    drain: &Drain,
) -> Ended {
    let (read, write) = stream.split();
    let watch = client.watch();
    let mut connection = Serving {
        inbox: Shared::new(Inbox::new(read, Arc::clone(watch), settings)),
        write,
        client,
        front,
        drain,
    };
    poll_fn(|cx| {
        watch.wakes(cx.waker());
        Poll::Ready(())
    })
    .await;
    loop {
        let head = poll_fn(|cx| connection.poll_head(cx, &settings.head)).await;
        match head {
            Ok(head) => {
                if let After::Close = connection.exchange(head).await {
                    return Ended::Closed;
                }
            }
            Err(NoHead::Closed) => return Ended::Closed,
            Err(NoHead::Refused(refusal)) => {
                connection.refuse(refusal.status(), refusal.detail()).await;
                return Ended::Closed;
            }
            Err(NoHead::TooSlow) => {
                connection
                    .refuse(StatusCode::REQUEST_TIMEOUT, TOO_SLOW)
                    .await;
                return Ended::Closed;
            }
            Err(NoHead::Http2(read)) => return connection.into_http2(read),
        }
    }
}

struct Serving<'a> {
    inbox: Shared,
    write: WriteHalf,
    client: &'a Arc<Client>,
    front: &'a Arc<Front>,
    drain: &'a Drain,
}

impl Serving<'_> {
    fn poll_head(
        &self,
        cx: &mut Context<'_>,
        limits: &HeadLimits,
    ) -> Poll<Result<Box<RequestHead>, NoHead>> {
        let mut inbox = self.inbox.lock();
        match inbox.poll_head(cx, limits) {
            Poll::Pending if self.client.watch().is_overdue() => Poll::Ready(Err(NoHead::TooSlow)),
            polled => polled,
        }
    }

    /// One request and its answer.
    async fn exchange(&mut self, head: Box<RequestHead>) -> After {
        let watch = self.client.watch();
        watch.busy();
        let (answering, framing, upgrade) = self.begin(*head);
        let mut early = Early::new(framing.version);
        let answered = {
            let mut answering = pin!(answering);
            poll_fn(|cx| match early.collect(|| answering.as_mut().poll(cx)) {
                Poll::Ready(Ok(response)) => Poll::Ready(Some(response)),
                Poll::Pending => self.meanwhile(cx, &mut early).map(|()| None),
            })
            .await
        };
        match answered {
            Some(response) => {
                let after = self.answer(response, framing, upgrade, early, false);
                let after = after.await;
                watch.idle();
                after
            }
            // Dropping the future has called everything off.
            None => After::Close,
        }
    }

    /// Hands a request over; also what its answer will look like, and whether it asks for another
    /// protocol.
    ///
    /// Not a part of `exchange`: what is used up here would take room in its future.
    fn begin(&self, head: RequestHead) -> (Answering, Framing, bool) {
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
        let answering = front::answer(self.front, self.client, request);
        (answering, framing, upgrades)
    }

    /// While the stack works: invites the body it asks for, hands over what comes before the
    /// answer, and looks whether the client is still there. Ready if not.
    fn meanwhile(&mut self, cx: &mut Context<'_>, early: &mut Early) -> Poll<()> {
        let mut inbox = self.inbox.lock();
        if inbox.expect == Expect::Due {
            inbox.expect = Expect::Nothing;
            early.invite();
        }
        if early.flush(cx, &mut self.write).is_err() {
            return Poll::Ready(());
        }
        inbox.poll_gone(cx)
    }

    /// `upgrade`: the request asked for another protocol. `early`: what comes before the answer.
    /// `lost`: there was no request, and nobody knows where it ends.
    async fn answer(
        &mut self,
        mut response: Response<FrontBody>,
        framing: Framing,
        upgrade: bool,
        early: Early,
        lost: bool,
    ) -> After {
        let tunnel = match upgrade {
            true => response.extensions_mut().remove::<Tunnel>(),
            false => None,
        };
        let unread = !self.inbox.lock().is_complete();
        // An upgrade that was not accepted: bytes that came with it may be of the other protocol.
        let foreign = upgrade && tunnel.is_none() && !self.inbox.lock().is_quiet();
        let asked_to_close = !framing.keep_alive;
        let framing = Framing {
            keep_alive: framing.keep_alive && !unread && !foreign && !self.drain.has_begun(),
            ..framing
        };
        let (mut answer, body) = Answer::begin(response, framing, tunnel.is_some(), &early);
        drop(early);
        let mut body = pin!(body);
        let inbox = &self.inbox;
        let write = &mut self.write;
        let watch = self.client.watch();
        let mut broken = false;
        let written = poll_fn(|cx| {
            if broken {
                return answer.message.poll_flush(cx, write).map(|_| false);
            }
            match answer.message.poll(cx, body.as_mut(), write) {
                Poll::Ready(Ok(())) => return Poll::Ready(true),
                Poll::Ready(Err(SendError::Io(_))) => return Poll::Ready(false),
                // Its cause is in the request's record; what the client gets of it must not look
                // whole.
                Poll::Ready(Err(_)) => {
                    broken = true;
                    return answer.message.poll_flush(cx, write).map(|_| false);
                }
                Poll::Pending if answer.message.is_flushed() => watch.busy(),
                Poll::Pending => watch.writing(),
            }
            inbox.lock().poll_gone(cx).map(|()| false)
        })
        .await;
        match (written, tunnel.and_then(|tunnel| tunnel.take())) {
            (false, _) => After::Close,
            (true, Some(backend)) => {
                watch.tunnel();
                tunnel::run(&self.inbox, &mut self.write, backend, watch).await;
                After::Close
            }
            (true, None) if answer.keep_alive => After::Again,
            (true, None) => {
                // A client that asked for the end and has said everything needs no patience.
                let done = !unread && !lost && self.inbox.lock().is_quiet();
                if asked_to_close && done {
                    self.write.say_end().await;
                } else {
                    linger::close(&mut self.write, |cx| inbox.lock().poll_discard(cx)).await;
                }
                After::Close
            }
        }
    }

    /// Answers what was no request. The connection's framing is lost, so it closes.
    async fn refuse(&mut self, status: StatusCode, detail: &str) {
        self.client.watch().busy();
        let response = front::unparsed(self.front, self.client, status, detail);
        let framing = Framing {
            version: Version::HTTP_11,
            head: false,
            keep_alive: false,
        };
        let _closed = self
            .answer(response, framing, false, Early::none(), true)
            .await;
    }

    fn into_http2(self, read: Bytes) -> Ended {
        let Some(inbox) = self.inbox.into_inner() else {
            return Ended::Closed;
        };
        let (half, _nothing) = inbox.into_parts();
        match Stream::reunite(half, self.write) {
            Some(stream) => Ended::Http2(stream, read),
            None => Ended::Closed,
        }
    }
}

/// The protocol that the client would like to change to, if that can be passed on.
///
/// Not `h2c`: HTTP/2 is ours to speak, and a backend that agreed would take requests that never
/// pass the stack. RFC 9113 has retired that upgrade, and ignoring it is always allowed.
fn wanted_upgrade(head: &http::request::Parts, connection: &Connection) -> Option<Upgrade> {
    if !connection.upgrade || head.version != Version::HTTP_11 {
        return None;
    }
    let to = head.headers.get(header::UPGRADE)?;
    let mut protocols = to.as_bytes().split(|byte| *byte == b',');
    let retired = protocols.any(|p| p.trim_ascii().eq_ignore_ascii_case(b"h2c"));
    (!retired).then(|| Upgrade(to.clone()))
}
