//! Counting and logging a request exactly once, however it ends.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use soe503::{BoxError, Served};
use soe503_core::{Cause, Tick};

use super::client::Client;
use super::routes::Route;
use super::stack::StackBody;
use super::sticky::Sticking;
use super::trace::Tracing;
use crate::control::access_log::{AccessLog, Entry};
use crate::net::ReadHalf;
use crate::state::{Finish, Origin, PoolState};
use crate::upstream::{PlainFields, UpstreamBody};

/// A request between its head and the end of its answer.
///
/// Its drop is the end: whoever writes an answer drops its body once the last byte is handed over,
/// and everything of a request whose client left.
#[derive(Debug)]
pub(crate) struct InFlight {
    client: Arc<Client>,
    pool: Option<Arc<PoolState>>,
    finish: Finish,
    started: Tick,
    log: Option<Box<Log>>,
    /// Only where traces are on.
    trace: Option<Box<Tracing>>,
}

/// What the access log needs, only where there is one.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) to: AccessLog,
    pub(crate) entry: Entry,
}

pin_project! {
    /// The answer's body on its way to the client.
    #[derive(Debug)]
    pub(crate) struct FrontBody {
        #[pin]
        inner: Inner,
        in_flight: InFlight,
    }
}

pin_project! {
    #[project = InnerProj]
    #[derive(Debug)]
    enum Inner {
        Stack {
            #[pin]
            body: StackBody,
        },
        Text {
            text: Bytes,
        },
    }
}

impl InFlight {
    /// A request whose head has arrived.
    pub(super) fn begin(
        client: Arc<Client>,
        log: Option<Box<Log>>,
        trace: Option<Box<Tracing>>,
    ) -> Self {
        let finish = Finish {
            status: None,
            origin: Origin::Generated,
            cause: None,
            attempts: 0,
            prevented: false,
            hedged: false,
            degraded: None,
            took: Duration::ZERO,
        };
        Self {
            client,
            pool: None,
            finish,
            started: soe503::clock::now(),
            log,
            trace,
        }
    }

    pub(crate) fn routed(&mut self, route: &Route) {
        self.pool = Some(Arc::clone(route.pool()));
        if let Some(log) = &mut self.log {
            log.entry.pool = Some(Arc::clone(&route.pool().name));
            log.entry.route = Some(Arc::clone(route.label()));
        }
        if let Some(trace) = &mut self.trace {
            trace.routed(route.label());
        }
    }

    /// Has `sticking` set a cookie for the backend that has answered, if one has.
    pub(super) fn stick<B>(&self, sticking: &Sticking, response: &mut Response<B>) {
        let served = response.extensions().get::<Served>();
        let id = served.and_then(|served| served.backend_id);
        if let (Some(pool), Some(id)) = (&self.pool, id) {
            sticking.settle(pool, id, response.headers_mut());
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn finish_mut(&mut self) -> &mut Finish {
        &mut self.finish
    }

    pub(crate) fn entry_mut(&mut self) -> Option<&mut Entry> {
        self.log.as_mut().map(|log| &mut log.entry)
    }

    pub(super) fn trace_mut(&mut self) -> Option<&mut Tracing> {
        self.trace.as_deref_mut()
    }

    /// The body of what the stack answered.
    pub(crate) fn body(self, body: StackBody) -> FrontBody {
        FrontBody {
            inner: Inner::Stack { body },
            in_flight: self,
        }
    }

    /// The body of an answer without a stack.
    pub(crate) fn text(self, text: Bytes) -> FrontBody {
        FrontBody {
            inner: Inner::Text { text },
            in_flight: self,
        }
    }
}

impl FrontBody {
    /// Where the rest of it comes from, and how many bytes that are, if nobody here has to see them.
    pub(crate) fn unread(&mut self) -> Option<(&ReadHalf, u64)> {
        match &mut self.inner {
            Inner::Stack { body } if !body.is_taken_down() => upstream(body)?.unread(),
            _ => None,
        }
    }

    /// So much of it was taken from [there](Self::unread), but not its end.
    pub(crate) fn was_read(&mut self, read: io::Result<u64>) {
        if let (Some(log), Ok(count)) = (&mut self.in_flight.log, &read) {
            log.entry.bytes += count;
        }
        if let Inner::Stack { body } = &mut self.inner
            && let Some(body) = upstream(body)
        {
            body.was_read(read);
        }
    }

    /// Takes the fields of the answer that are not in its map.
    pub(crate) fn take_fields(&mut self) -> Option<Box<PlainFields>> {
        let Inner::Stack { body } = &mut self.inner else {
            return None;
        };
        upstream(body)?.take_fields()
    }
}

/// What the backend answers; `None` if the answer is ours.
fn upstream(body: &mut StackBody) -> Option<&mut UpstreamBody> {
    // Explain, ConcurrencyLimit, CircuitBreaker, Pool.
    Some(body.get_mut()?.get_mut().get_mut().get_mut())
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let now = soe503::clock::now();
        if let Some(pool) = &self.pool {
            self.finish.took = now.since(self.started);
            pool.counters.finish(&self.finish);
        }
        if let Some(trace) = self.trace.take() {
            if let Some(log) = &mut self.log {
                log.entry.trace = Some(trace.id());
            }
            let pool = self.pool.as_ref().map(|pool| &pool.name);
            let secure = self.client.is_secure();
            trace.finish(&self.finish, pool, secure, (self.started, now));
        }
        if let Some(mut log) = self.log.take() {
            let entry = &mut log.entry;
            entry.duration = now.since(entry.started);
            entry.status = self.finish.status;
            entry.origin = self.finish.status.map(|_| self.finish.origin);
            entry.cause = self.finish.cause;
            entry.attempts = self.finish.attempts;
            log.to.log(log.entry);
        }
    }
}

impl Body for FrontBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.project();
        let polled = match this.inner.project() {
            InnerProj::Stack { body } => body.poll_frame(cx),
            InnerProj::Text { text } if text.is_empty() => Poll::Ready(None),
            InnerProj::Text { text } => Poll::Ready(Some(Ok(Frame::data(std::mem::take(text))))),
        };
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let (Some(log), Some(data)) = (&mut this.in_flight.log, frame.data_ref()) {
                    log.entry.bytes += data.len() as u64;
                }
            }
            // The status is sent already: all that is left is to say that the answer was cut.
            Poll::Ready(Some(Err(_))) => {
                this.in_flight.finish.cause = Some(Cause::DependencyResponseTruncated);
            }
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Stack { body } => body.is_end_stream(),
            Inner::Text { text } => text.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Stack { body } => body.size_hint(),
            Inner::Text { text } => SizeHint::with_exact(text.len() as u64),
        }
    }
}
