//! One request on its way through the layers, while Pingora does what they order.
//!
//! The layers are one future. It is polled when there is news for it, and between two attempts also when a timer or a
//! call of its own wakes it. At all other times Pingora is busy with the attempt that the future waits for.

use std::fmt;
use std::future::{Future, poll_fn};
use std::os::fd::RawFd;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response};
use http_body::{Body, Frame};
use pingora::upstreams::peer::HttpPeer;
use soe503::{BoxError, Failure, RequestContext, Upload, clock};

use crate::facts::Until;
use crate::line::{Line, Order};
use crate::on_backend::OnBackend;
use crate::upstream_body::Feed;

/// A body that comes out of a stack.
pub(crate) type StackBody = Pin<Box<dyn Body<Data = Bytes, Error = BoxError> + Send>>;
/// A stack at work on a request.
pub(crate) type StackFuture = Pin<Box<dyn Future<Output = Response<StackBody>> + Send>>;

/// The layers' work on one request.
pub(crate) struct Trip {
    line: Line,
    /// A mutex because Pingora shares what belongs to a request between threads; nobody ever waits for it.
    stage: Mutex<Stage>,
    /// What the layers have ordered, and Pingora has not begun.
    ordered: Option<Order>,
    /// What Pingora is at.
    attempt: Option<OnBackend>,
    /// What has failed, and the layers do not know yet.
    lost: Option<OnBackend>,
    upload: Upload,
}

/// How far it is.
enum Stage {
    /// The layers wait for an attempt, or for something of their own.
    Running(StackFuture),
    /// They have answered.
    Answered(Response<StackBody>),
    /// Their answer is the backend's, and its body passes through them.
    Passing { feed: Feed, body: StackBody },
    /// Nothing is left to do.
    Over,
}

/// What the layers make of the head of a backend's answer.
pub(crate) enum Headed {
    /// It goes to the client, with these fields.
    Passes(HeaderMap),
    /// Another attempt follows.
    Again,
    /// The client is told something else, by [`Trip::take_answer`].
    Instead,
}

// === impl Trip ===

impl Trip {
    /// A request with this head, and no body if it is `empty`, enters a stack.
    pub(crate) fn begin(
        mut head: Parts,
        empty: bool,
        enter: impl FnOnce(RequestContext) -> StackFuture,
    ) -> Self {
        let line = Line::default();
        let upload = Upload::default();
        if empty {
            upload.end();
        }
        let idempotent = head.method.is_idempotent();
        head.extensions.insert(line.clone());
        let mut context = RequestContext::new(clock::now(), idempotent).with_head(head.into());
        context.upload = Some(upload.clone());
        Self {
            line,
            stage: Mutex::new(Stage::Running(enter(context))),
            ordered: None,
            attempt: None,
            lost: None,
            upload,
        }
    }

    /// All of the client's request has come.
    pub(crate) fn uploaded(&self) {
        self.upload.end();
    }

    /// Waits until the layers want an attempt made. `false`: they have answered.
    pub(crate) async fn is_ordered(&mut self) -> bool {
        self.tell_lost().await;
        poll_fn(|cx| self.poll_ordered(cx)).await
    }

    /// Begins the attempt that was ordered, at this peer.
    pub(crate) fn begin_attempt(&mut self) -> Option<Box<HttpPeer>> {
        let (attempt, peer) = OnBackend::begin(self.ordered.take()?);
        self.attempt = Some(attempt);
        Some(peer)
    }

    /// No attempt is made any more. The layers get to know what the last one failed of, and answer.
    pub(crate) async fn end(&mut self) {
        self.tell_lost().await;
        self.line.close();
        self.ordered = None;
        self.is_ordered().await;
    }

    /// The layers' answer, if it is not one that passes through them.
    pub(crate) fn take_answer(&mut self) -> Option<Response<StackBody>> {
        match self.replace(Stage::Over) {
            Stage::Answered(response) => Some(response),
            other => {
                self.replace(other);
                None
            }
        }
    }

    /// The connection of the attempt under way stands.
    pub(crate) fn connected(&mut self, reused: bool, connection: RawFd) {
        if let Some(attempt) = &mut self.attempt {
            attempt.connected(reused, connection);
        }
    }

    /// The attempt under way ended in `error`, which is the upstream's. Returns whether the layers have to be asked what
    /// follows. `truncated`: more of the request's body has gone out than Pingora keeps.
    pub(crate) fn failed(&mut self, error: &pingora::Error, truncated: bool) -> bool {
        if truncated {
            self.line.set_overrun();
        }
        let passing = matches!(self.stage(), Stage::Passing { .. });
        if let Some(mut attempt) = self.attempt.take() {
            let until = match (attempt.has_connection(), passing) {
                (false, _) => Until::Connected,
                (true, false) => Until::Answered,
                (true, true) => Until::Ended,
            };
            attempt.failed(error, until);
            if passing {
                self.break_off(attempt);
            } else {
                self.lost = Some(attempt);
            }
        }
        matches!(self.stage(), Stage::Running(_))
    }

    /// The head of an answer has come; `bodiless`: and that is all of it. `truncated` as in [`failed`](Self::failed).
    pub(crate) fn answered(
        &mut self,
        mut response: Response<()>,
        bodiless: bool,
        truncated: bool,
    ) -> Headed {
        if truncated {
            self.line.set_overrun();
        }
        let Some(attempt) = &mut self.attempt else {
            return Headed::Passes(std::mem::take(response.headers_mut()));
        };
        attempt.answered(&mut response);
        let (feed, body) = Feed::new(bodiless);
        self.line.reply(Ok(response.map(|()| body)));
        match self.poll_ordered(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending | Poll::Ready(true) => {
                self.attempt = None;
                return Headed::Again;
            }
            Poll::Ready(false) => {}
        }
        // Whoever answers something else has let go of the backend's answer.
        match self.replace(Stage::Over) {
            Stage::Answered(response) if feed.is_wanted() => {
                let (parts, body) = response.into_parts();
                self.replace(Stage::Passing { feed, body });
                Headed::Passes(parts.headers)
            }
            other => {
                self.replace(other);
                self.attempt = None;
                Headed::Instead
            }
        }
    }

    /// A piece of the answer's body passes through the layers; `end`: the last.
    pub(crate) fn body(&mut self, data: &mut Option<Bytes>, end: bool) {
        let Stage::Passing { feed, body } = self.stage() else {
            return;
        };
        let received = data.clone();
        if let Some(data) = received {
            feed.push(Ok(Frame::data(data)));
        }
        if end {
            feed.end();
        }
        let mut passed = false;
        let ended = drain(body, |frame| {
            // In one piece, as it came.
            if let (Ok(out), false) = (frame.into_data(), passed) {
                *data = Some(out);
                passed = true;
            }
        });
        if ended {
            self.replace(Stage::Over);
        }
    }

    /// The answer's trailers pass through the layers.
    pub(crate) fn trailers(&mut self, trailers: &HeaderMap) {
        let Stage::Passing { feed, body } = self.stage() else {
            return;
        };
        feed.push(Ok(Frame::trailers(trailers.clone())));
        feed.end();
        drain(body, drop);
        self.replace(Stage::Over);
    }

    /// Pingora is done with the request, and all is `well`: or else whoever still waits learns that it was given up.
    pub(crate) fn over(&mut self, well: bool) {
        if well {
            self.body(&mut None, true);
            if let Some(attempt) = &self.attempt {
                attempt.used();
            }
        }
        self.attempt = None;
        self.replace(Stage::Over);
    }

    /// The answer has broken off in its body.
    fn break_off(&mut self, attempt: OnBackend) {
        if let Stage::Passing { feed, body } = self.stage() {
            feed.push(Err(attempt.into_failure().into()));
            drain(body, drop);
        }
        self.replace(Stage::Over);
    }

    /// Tells the layers of an attempt that failed, if one did.
    async fn tell_lost(&mut self) {
        if let Some(mut lost) = self.lost.take() {
            lost.knock().await;
            let failure: Failure = lost.into_failure();
            self.line.reply(Err(failure.into()));
        }
    }

    /// Ready when an attempt is ordered, or (`false`) there is an answer.
    fn poll_ordered(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if self.ordered.is_some() {
            return Poll::Ready(true);
        }
        let Stage::Running(future) = self.stage() else {
            return Poll::Ready(false);
        };
        match future.as_mut().poll(cx) {
            Poll::Ready(response) => {
                self.replace(Stage::Answered(response));
                Poll::Ready(false)
            }
            Poll::Pending => {
                self.ordered = self.line.take();
                match self.ordered {
                    Some(_) => Poll::Ready(true),
                    None => Poll::Pending,
                }
            }
        }
    }

    fn stage(&mut self) -> &mut Stage {
        self.stage.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&mut self, stage: Stage) -> Stage {
        std::mem::replace(self.stage(), stage)
    }
}

/// The line travels in a head to which an order on that line refers.
impl Drop for Trip {
    fn drop(&mut self) {
        self.line.close();
    }
}

impl fmt::Debug for Trip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trip").finish_non_exhaustive()
    }
}

/// Takes what a body has; whether it has ended.
fn drain(body: &mut StackBody, mut take: impl FnMut(Frame<Bytes>)) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Ready(Some(Ok(frame))) => take(frame),
            Poll::Ready(Some(Err(_)) | None) => return true,
            Poll::Pending => return false,
        }
    }
}
