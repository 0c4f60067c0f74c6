//! Between the HTTP connection and the stack: checks, ids, headers, routes, counting.

mod answer;
mod body;
mod checks;
mod client;
mod finish;
mod forwarded;
pub(crate) mod hop;
mod refuse;
mod request_id;
mod routes;
mod stack;
mod surroundings;

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use http::HeaderValue;

pub(crate) use self::answer::{answer, unparsed};
pub(crate) use self::body::ClientBody;
pub(crate) use self::client::Client;
pub(crate) use self::finish::FrontBody;
pub(crate) use self::routes::{Route, Routes};
pub(crate) use self::stack::{StackParts, build};
use crate::control::access_log::AccessLog;
use crate::state::{ConnectionGuard, Proxy};

/// What the requests of one listener need, on one worker.
#[derive(Debug)]
pub(crate) struct Front {
    proxy: Arc<Proxy>,
    routes: ArcSwap<Routes>,
    refused: Option<HeaderValue>,
}

impl Front {
    pub(crate) fn new(proxy: Arc<Proxy>, routes: Routes) -> Self {
        // RFC 9209 §2.3.16: the request itself is the error; nothing was tried.
        let refused = format!("{}; error=http_request_error", proxy.server_name);
        Self {
            proxy,
            routes: ArcSwap::from_pointee(routes),
            refused: HeaderValue::try_from(refused).ok(),
        }
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
