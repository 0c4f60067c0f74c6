//! Between the HTTP connection and the stack: checks, ids, headers, routes, counting.

mod actions;
mod again;
mod answer;
mod answering;
mod belonging;
mod body;
mod capped;
mod checks;
mod client;
mod finish;
mod forwarded;
mod gate;
pub(crate) mod hop;
mod index;
pub(crate) mod interim;
mod pools;
mod refuse;
mod request_id;
mod routes;
mod stack;
mod sticky;
mod surroundings;
mod target;
mod trace;
mod uploading;
mod via;

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use http::HeaderValue;

pub(crate) use self::answer::{answer, unparsed};
pub(crate) use self::answering::Answering;
pub(crate) use self::body::ClientBody;
pub(crate) use self::client::Client;
pub(crate) use self::finish::FrontBody;
pub(crate) use self::routes::{Route, Routes};
pub(crate) use self::stack::{StackParts, build};
pub(crate) use self::trace::AttemptSpan;
use crate::config::{ExplainTo, Exposure, Forwarded, Listener};
use crate::control::access_log::AccessLog;
use crate::listen::watch::Watch;
use crate::listen::{Admission, Drain};
use crate::net::Stream;
use crate::state::{ConnectionGuard, Proxy};
use crate::tls::Handshake;

/// What the requests of one listener need, on one worker.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) proxy: Arc<Proxy>,
    routes: ArcSwap<Routes>,
    refused: Option<HeaderValue>,
    admission: Arc<Admission>,
    forwarded: Forwarded,
    explain: Exposure,
    explain_to: ExplainTo,
    trace_context: bool,
    max_target: usize,
    max_hops: usize,
}

impl Front {
    /// The front of `listener`, which lets in whom `admission` does.
    pub(crate) fn new(
        proxy: Arc<Proxy>,
        routes: Routes,
        listener: &Listener,
        admission: Arc<Admission>,
    ) -> Self {
        // RFC 9209 §2.3.16: the request itself is the error; nothing was tried.
        let refused = format!("{}; error=http_request_error", proxy.server_name);
        Self {
            proxy,
            routes: ArcSwap::from_pointee(routes),
            refused: HeaderValue::try_from(refused).ok(),
            admission,
            forwarded: listener.forwarded.clone(),
            explain: listener.explain,
            explain_to: listener.explain_to.clone(),
            trace_context: listener.trace_context,
            max_target: listener.limits.max_target_bytes,
            max_hops: usize::from(listener.limits.max_hops.get()),
        }
    }

    /// The client of a connection that `peer` has opened; `None`, counted, if it may not stay.
    pub(crate) async fn admit(
        &self,
        stream: &mut Stream,
        peer: SocketAddr,
        watch: Arc<Watch>,
        drain: &Drain,
    ) -> Option<Client> {
        match self.admission.admit(stream, peer, drain).await {
            Ok(admitted) => {
                let address = admitted.client.ip();
                let told = self.explain_to.more_than(self.explain, address);
                Some(Client::new(admitted, watch, &self.forwarded, told))
            }
            Err(refused) => {
                self.proxy.connections.refused(refused);
                None
            }
        }
    }

    /// The same client after a TLS handshake.
    pub(crate) fn secured(&self, client: Client, handshake: Handshake) -> Client {
        client.with_tls(handshake, &self.forwarded)
    }

    /// The routes in force.
    fn routes(&self) -> Guard<Arc<Routes>> {
        self.routes.load()
    }

    /// Puts new routes in force; requests in flight finish on the old ones.
    pub(crate) fn replace_routes(&self, routes: Routes) {
        self.routes.store(Arc::new(routes));
    }

    fn access_log(&self) -> Option<&AccessLog> {
        Some(&self.proxy.access_log).filter(|log| log.is_on())
    }

    /// Our member of `Proxy-Status` for a request that is the client's mistake.
    fn refused(&self) -> Option<&HeaderValue> {
        self.refused.as_ref()
    }

    /// Counts a client connection for as long as the guard lives.
    pub(crate) fn connection_opened(&self) -> ConnectionGuard {
        self.proxy.connections.opened()
    }
}
