//! A request that waits for its turn.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Request;
use pin_project_lite::pin_project;
use soe503_core::breaker::Breaker;
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
        // Below this layer: whom it turns away does not wait here.
        circuit: Option<Breaker>,
        // It has left the line for that, and needs no slot.
        left: bool,
        bulkhead: Option<Box<Slot>>,
        #[pin]
        alarm: Alarm,
    }
}

/// A request whose turn has come.
pub(super) struct Admitted<F> {
    pub(super) inner: F,
    /// `None`: the circuit will turn it away.
    pub(super) held: Option<Held>,
    pub(super) upload: Option<Upload>,
}

impl<S, ReqB> Waiting<S, ReqB> {
    pub(super) const fn new(
        service: S,
        request: Request<ReqB>,
        ticket: Ticket,
        bulkhead: Option<Box<Slot>>,
        circuit: Option<Breaker>,
    ) -> Self {
        Self {
            service,
            request: Some(request),
            ticket,
            slot: None,
            circuit,
            left: false,
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
        while this.slot.is_none() && !*this.left {
            // What it waits behind may be gone for good meanwhile, and would keep it here until its deadline.
            if this.circuit.as_ref().is_some_and(|c| c.turns_away(now)) {
                this.ticket.leave();
                *this.left = true;
                break;
            }
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
        let bulkhead = this.bulkhead.take();
        let held = this.slot.take().map(|slot| Held::new(slot, bulkhead));
        Poll::Ready(Ok(Admitted {
            inner,
            held,
            upload,
        }))
    }
}
