//! A request that waits for its turn.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Request;
use pin_project_lite::pin_project;
use soe503_core::limit::{Slot, Ticket};
use tower_service::Service;

use super::future::{Held, rejected};
use crate::alarm::Alarm;
use crate::clock;
use crate::context::RequestContext;
use crate::error::BoxError;
use crate::upload::Upload;

pin_project! {
    /// A request, its place in line, and what it will be sent to. Dropped, it leaves the line.
    #[derive(Debug)]
    pub(super) struct Waiting<S, ReqB> {
        service: S,
        request: Option<Request<ReqB>>,
        ticket: Ticket,
        // Its turn has come, and the service is not ready.
        slot: Option<Slot>,
        bulkhead: Option<Box<Slot>>,
        #[pin]
        alarm: Alarm,
    }
}

/// A request whose turn has come.
pub(super) struct Admitted<F> {
    pub(super) inner: F,
    pub(super) held: Held,
    pub(super) upload: Option<Upload>,
}

impl<S, ReqB> Waiting<S, ReqB> {
    pub(super) const fn new(
        service: S,
        request: Request<ReqB>,
        ticket: Ticket,
        bulkhead: Option<Box<Slot>>,
    ) -> Self {
        Self {
            service,
            request: Some(request),
            ticket,
            slot: None,
            bulkhead,
            alarm: Alarm::new(None),
        }
    }

    /// Waits for the turn and for the service, and sends the request.
    pub(super) fn poll_turn(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Admitted<S::Future>, BoxError>>
    where
        S: Service<Request<ReqB>>,
        S::Error: Into<BoxError>,
    {
        let mut this = self.project();
        let mut now = clock::now();
        while this.slot.is_none() {
            match this.ticket.poll(now, cx.waker()) {
                Some(Ok(slot)) => *this.slot = Some(slot),
                Some(Err(reached)) => return Poll::Ready(Err(rejected(reached))),
                None => {
                    this.alarm.as_mut().set(Some(this.ticket.ask_again(now)));
                    now = now.max(ready!(this.alarm.as_mut().poll(cx)));
                }
            }
        }
        ready!(this.service.poll_ready(cx)).map_err(Into::into)?;
        let mut request = this.request.take().expect("polled after completion");
        // Or the wait would be taken for the service's.
        let context = RequestContext::of(&mut request);
        context.now = now;
        let upload = context.upload.clone();
        let inner = this.service.call(request);
        let slot = this.slot.take().expect("it is there since its turn came");
        let bulkhead = this.bulkhead.take();
        Poll::Ready(Ok(Admitted {
            inner,
            held: Held::new(slot, bulkhead),
            upload,
        }))
    }
}
