//! Between the lowest layer and Pingora's hooks: orders go one way, replies the other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Request, Response};
use soe503::{BoxError, RequestContext};
use tokio::sync::oneshot;

use crate::upstream::Upstream;
use crate::upstream_body::UpstreamBody;

/// How an attempt ended.
pub(crate) type Reply = Result<Response<UpstreamBody>, BoxError>;

/// The line of one request. It travels with the request's head, to which an order on it refers: it has to be
/// [closed](Self::close).
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(Arc<Mutex<State>>);

/// An attempt that the layers want made.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) upstream: Upstream,
    pub(crate) context: RequestContext,
}

#[derive(Debug, Default)]
struct State {
    order: Option<Order>,
    reply: Option<oneshot::Sender<Reply>>,
    closed: bool,
    overrun: bool,
}

impl Line {
    /// The line that `request` came with.
    pub(crate) fn of<B>(request: &Request<B>) -> Option<&Self> {
        match RequestContext::shared_head(request) {
            Some(head) => head.extensions.get(),
            None => request.extensions().get(),
        }
    }

    /// Orders an attempt. `None`: none can be made, or another is under way.
    pub(crate) fn post(&self, order: Order) -> Option<oneshot::Receiver<Reply>> {
        let mut state = self.lock();
        let busy = state.reply.as_ref().is_some_and(|reply| !reply.is_closed());
        if state.closed || busy {
            return None;
        }
        let (reply, receiver) = oneshot::channel();
        state.order = Some(order);
        state.reply = Some(reply);
        Some(receiver)
    }

    /// The attempt that was ordered and not yet begun.
    pub(crate) fn take(&self) -> Option<Order> {
        self.lock().order.take()
    }

    /// The end of the attempt under way.
    pub(crate) fn reply(&self, reply: Reply) {
        let sender = self.lock().reply.take();
        if let Some(sender) = sender {
            // Whoever is not there any more need not know.
            let _gone = sender.send(reply);
        }
    }

    /// No attempt can be made any more, and the one under way is given up.
    pub(crate) fn close(&self) {
        let (order, reply) = {
            let mut state = self.lock();
            state.closed = true;
            (state.order.take(), state.reply.take())
        };
        // Not under the lock: whoever is told may ask.
        drop((order, reply));
    }

    /// More of the request's body has gone out than Pingora keeps.
    pub(crate) fn set_overrun(&self) {
        self.lock().overrun = true;
    }

    pub(crate) fn is_overrun(&self) -> bool {
        self.lock().overrun
    }

    /// Each field is valid whatever happened to the others.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
