//! The attempts of a request that is recorded.

use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use http::request::Parts;
use soe503::RequestContext;
use soe503_core::diagnosis::mechanical;
use soe503_core::ledger::Attempt;

use super::context::{Decision, Told};
use crate::config::Propagators;
use crate::traces::{ClientSpan, SpanId, TraceId};
use crate::upstream::Upstream;

/// More of them are not recorded.
const MOST: usize = 32;

/// An extension of a shared head: who makes an attempt records it here. Only there if the request is recorded.
#[derive(Clone, Debug)]
pub(super) struct Attempts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    trace: TraceId,
    decision: Decision,
    inject: Propagators,
    ended: Mutex<Vec<ClientSpan>>,
}

/// An attempt on its way. Its drop is its end, whatever ended it.
#[derive(Debug)]
pub(crate) struct AttemptSpan {
    attempts: Attempts,
    span: ClientSpan,
}

impl Attempts {
    pub(super) fn new(trace: TraceId, decision: Decision, inject: Propagators) -> Self {
        Self(Arc::new(Inner {
            trace,
            decision,
            inject,
            ended: Mutex::default(),
        }))
    }

    /// Those that have ended.
    pub(super) fn take(&self) -> Vec<ClientSpan> {
        let mut ended = self.0.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ended = std::mem::take(&mut *ended);
        ended.sort_by_key(|span| span.started);
        ended
    }
}

impl AttemptSpan {
    /// The attempt that `context` is about, if its request is recorded.
    pub(crate) fn begin(
        context: Option<&RequestContext>,
        upstream: &Upstream,
    ) -> Option<Box<Self>> {
        let context = context?;
        let attempts: &Attempts = context.head.as_ref()?.extensions.get()?;
        Some(Box::new(Self {
            attempts: attempts.clone(),
            span: ClientSpan {
                span: SpanId::random(),
                number: context.number,
                hedge: context.hedge,
                started: context.now,
                took: std::time::Duration::ZERO,
                address: Some(upstream.address()),
                host: Some(upstream.host().clone()),
                backend: None,
                secure: Some(upstream.tls().is_some()),
                status: None,
                cause: None,
                cancelled: true,
            },
        }))
    }

    /// Tells the backend, in the head that goes to it, that this span is its parent.
    pub(crate) fn write(&self, head: &mut Arc<Parts>) {
        let headers: &mut HeaderMap = &mut Arc::make_mut(head).headers;
        let told = Told {
            trace: self.attempts.0.trace,
            span: self.span.span,
            decision: self.attempts.0.decision,
        };
        told.inject(headers, self.attempts.0.inject);
    }

    /// The head of an answer has come.
    pub(crate) fn answered(&mut self, status: u16) {
        self.span.status = Some(status);
        self.span.cancelled = false;
    }

    /// It failed, as `attempt` says.
    pub(crate) fn failed(&mut self, attempt: &Attempt) {
        self.span.status = attempt.status;
        self.span.cause = mechanical(attempt);
        self.span.cancelled = false;
    }
}

impl Drop for AttemptSpan {
    fn drop(&mut self) {
        self.span.took = soe503::clock::now().since(self.span.started);
        let ended = self.attempts.0.ended.lock();
        let mut ended = ended.unwrap_or_else(PoisonError::into_inner);
        if ended.len() < MOST {
            ended.push(self.span.clone());
        }
    }
}
