//! One request between its head and the end of its answer, where traces are on.

use std::sync::Arc;

use http::request::Parts;
use http::{Request, Response, Version};
use soe503::Served;
use soe503_core::Tick;

use super::attempts::Attempts;
use super::context::{self, Context, Decision, Told};
use super::failed::Failed;
use crate::config::Propagator;
use crate::front::Front;
use crate::state::Finish;
use crate::traces::{Asked, ClientSpan, Policy, SpanId, Trace, TraceId};

/// The trace of a request. Of one that is not recorded it knows what it takes to record it should it fail: ids, and
/// the head that the layers share anyway.
#[derive(Debug)]
pub(in crate::front) struct Tracing {
    front: Arc<Front>,
    policy: Policy,
    trace: TraceId,
    span: SpanId,
    parent: Option<SpanId>,
    /// In which format the caller said so.
    format: Option<Propagator>,
    decision: Decision,
    version: Version,
    asked: Option<Box<Asked>>,
    head: Option<Arc<Parts>>,
    route: Option<Arc<str>>,
    /// Only if it is sampled.
    attempts: Option<Attempts>,
    failed: Option<Box<Failed>>,
}

impl Tracing {
    /// The trace of `request`, which has just come; `None`: traces are off.
    pub(in crate::front) fn begin<B>(
        front: &Arc<Front>,
        request: &Request<B>,
    ) -> Option<Box<Self>> {
        let policy = front.proxy.traces.policy()?;
        // Whatever was left by a request that nobody took an answer of is none of this one's.
        drop(Failed::take());
        let found = Context::extract(request.headers(), policy.extract);
        let (context, format) = found.unzip();
        let (trace, parent) = match context.and_then(|context| context.ids) {
            Some((trace, parent)) => (trace, Some(parent)),
            None => (TraceId::random(), None),
        };
        let said = context.map_or(Decision::Deferred, |context| context.decision);
        let sampled = policy.sampler.samples(trace, said.sampled());
        let decision = said.decided(sampled);
        Some(Box::new(Self {
            attempts: sampled.then(|| Attempts::new(trace, decision, policy.inject)),
            asked: sampled.then(|| Box::new(asked(request))),
            front: Arc::clone(front),
            policy,
            trace,
            span: SpanId::random(),
            parent,
            format,
            decision,
            version: request.version(),
            head: None,
            route: None,
            failed: None,
        }))
    }

    /// Which one.
    pub(in crate::front) const fn id(&self) -> TraceId {
        self.trace
    }

    fn is_sampled(&self) -> bool {
        self.attempts.is_some()
    }

    pub(in crate::front) fn routed(&mut self, route: &Arc<str>) {
        self.route = Some(Arc::clone(route));
    }

    /// Keeps what `request` asks for now, because it will be changed or will not be there any more.
    pub(in crate::front) fn keep<B>(&mut self, request: &Request<B>) {
        if self.asked.is_none() {
            self.asked = Some(Box::new(asked(request)));
        }
    }

    /// Tells whoever is asked next of this span; an attempt that is recorded tells of its own instead.
    pub(in crate::front) fn inject<B>(&self, request: &mut Request<B>) {
        let headers = request.headers_mut();
        let Policy {
            extract, inject, ..
        } = self.policy;
        context::clear(headers, extract, self.format);
        if inject.contains(Propagator::TraceContext)
            && self.format != Some(Propagator::TraceContext)
        {
            // The state belongs to a trace that ends here.
            super::w3c::clear(headers, false);
        }
        let told = Told {
            trace: self.trace,
            span: self.span,
            decision: self.decision,
        };
        told.inject(headers, inject);
        if let Some(attempts) = &self.attempts {
            request.extensions_mut().insert(attempts.clone());
        }
    }

    /// The head as the layers share it.
    pub(in crate::front) fn shared(&mut self, head: &Arc<Parts>) {
        self.head = Some(Arc::clone(head));
    }

    /// Takes over what the layers know about an answer that they have just given.
    pub(in crate::front) fn note<B>(&mut self, response: &Response<B>) {
        self.failed = Failed::take();
        if self.failed.is_some() || self.is_sampled() || !response.status().is_server_error() {
            return;
        }
        // One of a flood of answers of a backend's own: nobody has explained it.
        let served = response.extensions().get::<Served>();
        if let Some(ledger) = served.and_then(|served| served.ledger.as_ref()) {
            let attempts = ClientSpan::of_attempts(&ledger.attempts);
            self.failed = Some(Box::new(Failed {
                cause: attempts.last().and_then(|last| last.cause),
                root: None,
                incident: None,
                attempts,
            }));
        }
    }

    /// The end of the request: hands it over if it is to be recorded.
    pub(in crate::front) fn finish(
        mut self,
        finish: &Finish,
        pool: Option<&Arc<str>>,
        secure: bool,
        (started, ended): (Tick, Tick),
    ) {
        let failed = failed(finish);
        let wanted = self.policy.failures && (failed || finish.degraded.is_some());
        if !self.is_sampled() && !wanted {
            return;
        }
        let told = self.failed.take();
        let head = self.head.take();
        let asked = match (self.asked.take(), &head) {
            (Some(asked), _) => *asked,
            (None, Some(head)) => Asked::of_head(head),
            (None, None) => Asked::default(),
        };
        let state = match self.format {
            Some(Propagator::TraceContext) => {
                head.and_then(|head| super::w3c::state(&head.headers))
            }
            _ => None,
        };
        let (cause, root, incident, known) = match told {
            Some(told) => (told.cause, told.root, told.incident, told.attempts),
            None => (None, None, None, Vec::new()),
        };
        let sampled = self.is_sampled();
        let trace = Trace {
            trace: self.trace,
            span: self.span,
            parent: self.parent,
            state,
            sampled,
            started,
            ended,
            asked,
            version: self.version,
            secure,
            route: self.route.take(),
            pool: pool.cloned(),
            finish: *finish,
            failed,
            cause: finish.cause.or(cause),
            root,
            incident,
            attempts: match &self.attempts {
                Some(attempts) => attempts.take(),
                None => known,
            },
        };
        self.front.proxy.traces.put(Box::new(trace));
    }
}

fn asked<B>(request: &Request<B>) -> Asked {
    Asked::of(request.method(), request.uri(), request.headers())
}

/// Whether its client was told of a failure, or saw one: an answer that was cut off. What is the client's own mistake
/// (4xx) or choice (it left) is none.
fn failed(finish: &Finish) -> bool {
    let Some(status) = finish.status else {
        return false;
    };
    // gRPC tells of failures with status 200.
    let told = finish.cause.is_some() && finish.degraded.is_none();
    status >= 500 || (told && !(400..500).contains(&status))
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
