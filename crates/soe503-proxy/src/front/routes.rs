//! Which stack answers a request.

use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, Request};
use tower_service::Service;

use super::ClientBody;
use super::stack::Stack;
use crate::config::Match;
use crate::state::PoolState;

/// The routes of one worker, most specific first.
#[derive(Debug)]
pub(crate) struct Routes(Vec<Route>);

/// A match and the stack behind it.
#[derive(Debug)]
pub(crate) struct Route {
    matches: Match,
    /// The match in words, for the access log.
    label: Arc<str>,
    pool: Arc<PoolState>,
    /// Only this worker's thread takes it, for the length of a synchronous call: it is there for
    /// `&mut`, and never waited for.
    stack: Mutex<Stack>,
    /// The smallest config has one route for everything: nothing to compare.
    everything: bool,
}

impl Routes {
    /// `routes` in the order in which the config sorted them.
    pub(crate) fn new(routes: Vec<Route>) -> Self {
        Self(routes)
    }

    /// The first route that accepts the request.
    pub(crate) fn find(&self, host: Option<&str>, path: &str, method: &Method) -> Option<&Route> {
        self.0
            .iter()
            .find(|route| route.everything || route.matches.accepts(host, path, method))
    }
}

impl Route {
    pub(crate) fn new(matches: Match, pool: Arc<PoolState>, stack: Stack) -> Self {
        let everything = matches == Match::default();
        let label = matches.to_string().into();
        Self {
            matches,
            label,
            pool,
            stack: Mutex::new(stack),
            everything,
        }
    }

    pub(crate) fn label(&self) -> &Arc<str> {
        &self.label
    }

    pub(crate) fn pool(&self) -> &Arc<PoolState> {
        &self.pool
    }

    /// Begins to answer. Every layer of the stack is ready at any time (it sheds instead of
    /// waiting), so there is no readiness to wait for.
    pub(crate) fn call(
        &self,
        request: Request<ClientBody>,
    ) -> <Stack as Service<Request<ClientBody>>>::Future {
        self.stack
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .call(request)
    }
}
