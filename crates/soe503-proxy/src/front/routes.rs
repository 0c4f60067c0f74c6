//! Which stack answers a request.

use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, Request};
use tower_service::Service;

use bytes::Bytes;
use http::Response;
use soe503::BoxError;
use soe503::stale::StaleCache;

use super::ClientBody;
use super::actions::Actions;
use super::belonging::Belonging;
use super::gate::Gate;
use super::index::Index;
use super::stack::Stack;
use crate::config;
use crate::config::Match;
use crate::state::{PoolState, Proxy};

/// The routes of one worker, most specific first.
#[derive(Debug)]
pub(crate) struct Routes {
    all: Vec<Route>,
    index: Index,
    /// The smallest config has one route for everything: nothing to look for.
    sole: bool,
}

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
    /// `None`: requests and answers are passed on as they are.
    actions: Option<Arc<Actions>>,
    attempts: u8,
    /// Another pool may answer, which is said in a field of the answer.
    fails_over: bool,
    gate: Gate,
    /// `None`: any backend will do.
    belonging: Option<Belonging>,
}

impl Routes {
    /// `routes` in the order in which the config sorted them.
    pub(crate) fn new(routes: Vec<Route>) -> Self {
        let sole = matches!(&*routes, [only] if only.matches == Match::default());
        Self {
            index: Index::new(routes.iter().map(|route| &route.matches)),
            all: routes,
            sole,
        }
    }

    /// The first route that accepts the request.
    pub(crate) fn find(&self, host: Option<&str>, path: &str, method: &Method) -> Option<&Route> {
        if self.sole {
            return self.all.first();
        }
        let accepts = |route: usize| self.all[route].matches.accepts_method(method);
        let found = self.index.find(host, path, accepts)?;
        self.all.get(found)
    }
}

impl Route {
    /// The route that `config` says, to `pool` through `stack`.
    pub(crate) fn new(
        config: &config::Route,
        pool: Arc<PoolState>,
        stack: Stack,
        proxy: &Proxy,
    ) -> Self {
        let matches = config.matches.clone();
        let label: Arc<str> = matches.to_string().into();
        let gate = Gate::new(config, &label, &pool, proxy);
        Self {
            matches,
            label,
            belonging: Belonging::of(&pool.config),
            pool,
            stack: Mutex::new(stack),
            actions: Actions::of(config).map(Arc::new),
            attempts: config.retry.attempts.get(),
            fails_over: config.failover.is_some(),
            gate,
        }
    }

    /// Attempts that a request may have, as configured.
    pub(super) fn attempts(&self) -> u8 {
        self.attempts
    }

    pub(crate) fn label(&self) -> &Arc<str> {
        &self.label
    }

    pub(crate) fn pool(&self) -> &Arc<PoolState> {
        &self.pool
    }

    /// What it changes about requests and answers.
    pub(super) fn actions(&self) -> Option<&Arc<Actions>> {
        self.actions.as_ref()
    }

    /// What stands in front of it.
    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// What its pool asks of requests.
    pub(super) fn belonging(&self) -> Option<&Belonging> {
        self.belonging.as_ref()
    }

    /// Answers that it may give without asking a backend. `None`: there never are any.
    pub(super) fn store(&self) -> Option<&StaleCache> {
        let cache = self.pool.cache.as_ref();
        cache.filter(|cache| cache.config().revalidate)
    }

    /// Whether somebody looks at the fields of its backends' answers.
    pub(super) fn reads_answers(&self) -> bool {
        if self.fails_over {
            return true;
        }
        let config = &self.pool.config;
        config.sticky.is_some() || config.load_reports.is_some() || config.cache.is_some()
    }

    /// Our answer to a request that is refused with `error` before it comes to the stack.
    pub(super) fn refuse<B>(&self, request: &Request<B>, error: &BoxError) -> Response<Bytes> {
        let explainer = {
            let stack = self.stack.lock().unwrap_or_else(PoisonError::into_inner);
            stack.explainer().clone()
        };
        explainer.answer(request, error)
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
