//! A backend: what stands at the bottom of a stack.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use pingora::upstreams::peer::{HttpPeer, Peer};
use soe503::pool::BackendSpec;
use soe503::{BoxError, Failure, RequestContext, clock};
use soe503_core::Tick;
use soe503_core::ledger::{Attempt, Fault};

use crate::line::{Line, Order};
use crate::memory::Memory;
use crate::request_body::overrun;
use crate::upstream_body::UpstreamBody;

/// How long connecting may take unless the peer says otherwise, handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);

/// A service that reaches one backend through Pingora.
///
/// It sends nothing itself: it hands its peer to the [`ResilientProxy`](crate::ResilientProxy) whose request it is
/// given, and answers with what Pingora got from there. A request that comes another way fails.
///
/// Clones are handles to the same backend.
#[derive(Clone)]
pub struct Upstream {
    shared: Arc<Shared>,
}

struct Shared {
    peer: HttpPeer,
    memory: Memory,
}

impl Upstream {
    /// The backend that `peer` leads to.
    ///
    /// The peer's options are Pingora's; where they say nothing about it, connecting may take 500 ms. The time
    /// for an answer comes from the layers ([`RetryPolicy::attempt_timeout`](soe503_core::retry::RetryPolicy), and the
    /// request's deadline); a `read_timeout` of the peer's own that is shorter counts too.
    pub fn new(mut peer: HttpPeer) -> Self {
        let options = &mut peer.options;
        if options.connection_timeout.is_none() {
            options.connection_timeout = Some(CONNECT_TIMEOUT);
        }
        if options.total_connection_timeout.is_none() {
            options.total_connection_timeout = options.connection_timeout;
        }
        Self {
            shared: Arc::new(Shared {
                peer,
                memory: Memory::default(),
            }),
        }
    }

    /// The same as a member of a pool, called by its address.
    pub fn backend(peer: HttpPeer) -> BackendSpec<Self> {
        let address = peer.address().to_string();
        BackendSpec::new(address, Self::new(peer))
    }

    /// What Pingora connects to.
    pub fn peer(&self) -> &HttpPeer {
        &self.shared.peer
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.shared.memory
    }

    /// The peer of an attempt that has to be answered by `due`.
    pub(crate) fn peer_until(&self, due: Option<Tick>, now: Tick) -> Box<HttpPeer> {
        let mut peer = Box::new(self.shared.peer.clone());
        if let Some(due) = due {
            // Zero would be no limit, or one that is over before it begins.
            let left = due.since(now).max(Duration::from_millis(1));
            let options = &mut peer.options;
            for limit in [
                &mut options.connection_timeout,
                &mut options.total_connection_timeout,
                &mut options.read_timeout,
                &mut options.write_timeout,
            ] {
                *limit = Some(limit.map_or(left, |own| own.min(left)));
            }
        }
        peer
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Upstream")
            .field(&self.shared.peer.address())
            .finish()
    }
}

impl<B> tower_service::Service<Request<B>> for Upstream
where
    B: Body + Unpin + Send + 'static,
{
    type Response = Response<UpstreamBody>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let context = RequestContext::of(&mut request).clone();
        let begun = Attempt::begin(context.number, context.now);
        let ordered = Line::of(&request).cloned().and_then(|line| {
            let upstream = self.clone();
            let reply = line.post(Order { upstream, context })?;
            Some((line, reply))
        });
        let mut body = request.into_body();
        Box::pin(async move {
            let Some((line, reply)) = ordered else {
                return Err(unreachable(begun));
            };
            let reply = reply.await.unwrap_or_else(|_| Err(unreachable(begun)));
            if line.is_overrun() {
                overrun(&mut body);
            }
            reply
        })
    }
}

/// There is no Pingora that could make the attempt, or it makes another one.
fn unreachable(begun: Attempt) -> BoxError {
    let elapsed = clock::now().since(begun.started);
    Box::new(Failure::new(Attempt {
        fault: Some(Fault::Internal),
        elapsed,
        ..begun
    }))
}
