//! One request of a client connection and its answer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;

use super::answer::{Answer, Framing};
use super::connection::Connection;
use super::early::Early;
use super::inbox::Expect;
use super::stage::{self, Stage, StageProj};
use super::tunnel;
use crate::front::FrontBody;
use crate::listen::linger;
use crate::net::SendError;
use crate::upstream::Tunnel;

/// A request in hand.
pub(super) struct Exchange {
    pub(super) stage: Pin<Box<Stage>>,
    framing: Framing,
    /// What comes before its answer.
    pub(super) early: Early,
    /// It asks for another protocol.
    pub(super) upgrade: bool,
    /// It was none, and nobody knows where it ends.
    pub(super) lost: bool,
    /// Its answer began before all of it was read.
    unread: bool,
    /// The answer cannot be completed.
    broken: bool,
    tunnel: Option<Tunnel>,
}

/// What one exchange leaves behind.
pub(super) enum After {
    Again,
    Close,
}

impl Connection {
    /// Ready with the end of the answer; false if it was not sent whole or nobody wants it.
    pub(super) fn poll_exchange(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
    ) -> Poll<bool> {
        let Exchange { stage, early, .. } = exchange;
        if let StageProj::Answering { answering } = stage.as_mut().project() {
            let collecting = early.collect();
            let polled = answering.poll(cx);
            early.take(collecting);
            match polled {
                Poll::Ready(Ok(response)) => self.respond(exchange, response),
                Poll::Pending => return self.meanwhile(cx, early).map(|()| false),
            }
        }
        self.poll_answer(cx, exchange)
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

    /// Begins to answer with `response`.
    pub(super) fn respond(&self, exchange: &mut Exchange, mut response: Response<FrontBody>) {
        let upgrade = exchange.upgrade;
        exchange.tunnel = match upgrade {
            true => response.extensions_mut().remove::<Tunnel>(),
            false => None,
        };
        let inbox = self.inbox.lock();
        exchange.unread = !inbox.is_complete();
        // An upgrade that was not accepted: bytes that came with it may be of the other protocol.
        let foreign = upgrade && exchange.tunnel.is_none() && !inbox.is_quiet();
        drop(inbox);
        let asked = exchange.framing;
        let framing = Framing {
            keep_alive: asked.keep_alive && !exchange.unread && !foreign && !self.drain.has_begun(),
            ..asked
        };
        let early = std::mem::replace(&mut exchange.early, Early::none());
        let tunnel = exchange.tunnel.is_some();
        let (answer, body) = Answer::begin(response, framing, tunnel, &early);
        exchange.stage.set(Stage::Writing { answer, body });
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>, exchange: &mut Exchange) -> Poll<bool> {
        let StageProj::Writing { answer, body } = exchange.stage.as_mut().project() else {
            return Poll::Ready(false);
        };
        let write = &mut self.write;
        if exchange.broken {
            return answer.message.poll_flush(cx, write).map(|_| false);
        }
        match answer.poll(cx, body, write) {
            Poll::Ready(Ok(())) => return Poll::Ready(true),
            Poll::Ready(Err(SendError::Io(_))) => return Poll::Ready(false),
            // Its cause is in the request's record; what the client gets of it must not look
            // whole.
            Poll::Ready(Err(_)) => {
                exchange.broken = true;
                return answer.message.poll_flush(cx, write).map(|_| false);
            }
            Poll::Pending if answer.is_flushed() => self.client.watch().busy(),
            Poll::Pending => self.client.watch().writing(),
        }
        self.inbox.lock().poll_gone(cx).map(|()| false)
    }

    /// What follows an answer that was sent whole.
    pub(super) async fn conclude(&mut self, exchange: &mut Exchange) -> After {
        if let Some(backend) = exchange.tunnel.take().and_then(|tunnel| tunnel.take()) {
            let watch = self.client.watch();
            watch.tunnel();
            // Boxed, here and below: few connections come to this, and all would carry it.
            Box::pin(tunnel::run(&self.inbox, &mut self.write, backend, watch)).await;
            return After::Close;
        }
        if matches!(&*exchange.stage, Stage::Writing { answer, .. } if answer.keep_alive) {
            return After::Again;
        }
        // A client that asked for the end and has said everything needs no patience.
        let asked_to_close = !exchange.framing.keep_alive;
        let done = !exchange.unread && !exchange.lost && self.inbox.lock().is_quiet();
        if asked_to_close && done {
            self.client.watch().writing();
            self.write.say_end().await;
        } else {
            let inbox = &self.inbox;
            let discard = |cx: &mut Context<'_>| inbox.lock().poll_discard(cx);
            Box::pin(linger::close(&mut self.write, discard)).await;
        }
        After::Close
    }
}

impl Exchange {
    /// One of which nothing has been done yet.
    pub(super) fn new(framing: Framing) -> Self {
        Self {
            stage: stage::lend(),
            early: Early::new(framing.version),
            framing,
            upgrade: false,
            lost: false,
            unread: false,
            broken: false,
            tunnel: None,
        }
    }
}
