//! The pools of a route: one, as a rule.
//!
//! A route that has others to fail over to is the exception, and pays for it alone: its future is boxed, and
//! its bodies are kept. Either way the answer is that of a chain around one pool.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Request;
use pin_project_lite::pin_project;
use soe503::retry::ReplayBody;
use soe503::{BoxError, CircuitBreaker, ConcurrencyLimit, Failover, Pool, Retry};
use tower_service::Service;

use super::ClientBody;
use crate::state::PoolCounters;
use crate::upstream::Upstream;

/// What every pool has around it, outermost first.
pub(crate) type Chain = ConcurrencyLimit<Retry<CircuitBreaker<Pool<Upstream>>>>;

type Answer = <Chain as Service<Request<ClientBody>>>::Response;
type ChainFuture = <Chain as Service<Request<ClientBody>>>::Future;
type Over = <Failover<Turn> as Service<Request<ClientBody>>>::Future;

/// The pools of a route.
#[derive(Debug)]
pub(crate) enum Pools {
    /// Only the one.
    One(Chain),
    /// Others get what the first cannot serve.
    Several(Box<Failover<Turn>>),
}

/// A pool of several.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    chain: Chain,
    /// Who counts what it gets; `None`: it is meant for it.
    instead: Option<Arc<PoolCounters>>,
}

pin_project! {
    /// The answer of one of them.
    #[project = AnsweringProj]
    pub(crate) enum Answering {
        One {
            #[pin]
            answering: ChainFuture,
        },
        Several {
            answering: Pin<Box<Over>>,
        },
    }
}

impl Turn {
    /// The pool that requests are meant for.
    pub(super) const fn first(chain: Chain) -> Self {
        Self {
            chain,
            instead: None,
        }
    }

    /// One that gets what others cannot serve, which `counters` count.
    pub(super) const fn instead(chain: Chain, counters: Arc<PoolCounters>) -> Self {
        Self {
            chain,
            instead: Some(counters),
        }
    }
}

impl Service<Request<ReplayBody<ClientBody>>> for Turn {
    type Response = Answer;
    type Error = BoxError;
    type Future = ChainFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Service::<Request<ClientBody>>::poll_ready(&mut self.chain, cx)
    }

    fn call(&mut self, request: Request<ReplayBody<ClientBody>>) -> ChainFuture {
        if let Some(counters) = &self.instead {
            counters.count_taken_over();
        }
        self.chain.call(request.map(ClientBody::again))
    }
}

impl Service<Request<ClientBody>> for Pools {
    type Response = Answer;
    type Error = BoxError;
    type Future = Answering;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::One(chain) => Service::<Request<ClientBody>>::poll_ready(chain, cx),
            Self::Several(over) => Service::<Request<ClientBody>>::poll_ready(&mut **over, cx),
        }
    }

    fn call(&mut self, request: Request<ClientBody>) -> Answering {
        match self {
            Self::One(chain) => Answering::One {
                answering: chain.call(request),
            },
            Self::Several(over) => Answering::Several {
                answering: Box::pin(over.call(request)),
            },
        }
    }
}

impl Future for Answering {
    type Output = Result<Answer, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            AnsweringProj::One { answering } => answering.poll(cx),
            AnsweringProj::Several { answering } => answering.as_mut().poll(cx),
        }
    }
}
