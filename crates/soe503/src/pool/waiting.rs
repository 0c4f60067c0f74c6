//! A request that waits for a backend with room.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Request;
use pin_project_lite::pin_project;
use soe503_core::pool::{Affinity, Ask, Lease, NoBackend, Turn};

use super::service::picker;
use crate::alarm::Alarm;
use crate::clock;
use crate::context::RequestContext;

pin_project! {
    /// A request and its place in line. Dropped, it leaves the line.
    #[derive(Debug)]
    pub(super) struct Waiting<S, ReqB> {
        turn: Turn<S>,
        request: Option<Request<ReqB>>,
        context: RequestContext,
        affinity: Affinity,
        #[pin]
        alarm: Alarm,
    }
}

/// A request whose turn has come.
pub(super) struct Called<S, ReqB> {
    pub(super) lease: Lease<S>,
    pub(super) request: Request<ReqB>,
    pub(super) context: RequestContext,
}

impl<S, ReqB> Waiting<S, ReqB> {
    pub(super) const fn new(
        turn: Turn<S>,
        request: Request<ReqB>,
        context: RequestContext,
        affinity: Affinity,
    ) -> Self {
        Self {
            turn,
            request: Some(request),
            context,
            affinity,
            alarm: Alarm::new(None),
        }
    }

    /// Waits for a backend.
    pub(super) fn poll_turn(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Called<S, ReqB>, NoBackend>> {
        let mut this = self.project();
        let mut rng = fastrand::Rng::new();
        let mut now = clock::now();
        let lease = loop {
            let ask = Ask::new(now, &this.context.tried)
                .picker(picker())
                .probe_allowed(this.context.idempotent)
                .once(!this.context.idempotent)
                .affinity(*this.affinity);
            match this.turn.poll(&ask, &mut rng, cx.waker()) {
                Some(picked) => break picked?,
                None => {
                    this.alarm.as_mut().set(Some(this.turn.ask_again()));
                    now = now.max(ready!(this.alarm.as_mut().poll(cx)));
                }
            }
        };
        let mut request = this.request.take().expect("polled after completion");
        // Or the wait would be taken for the backend's.
        this.context.now = now;
        RequestContext::of(&mut request).now = now;
        Poll::Ready(Ok(Called {
            lease,
            request,
            context: this.context.clone(),
        }))
    }
}
