//! One attempt on one backend, and what its end means.

use std::sync::Arc;

use http::Response;
use http_body::Body;
use soe503_core::ledger::{Attempt, TimeoutKind};
use soe503_core::pool::{Lease, LeaseKind, Pool as Backends, Tried};
use soe503_core::{Tick, Verdict};

use super::body::ResponseBody;
use super::reports::LoadReports;
use crate::classify::Classify;
use crate::clock;
use crate::context::RequestContext;
use crate::error::{BoxError, Failure};
use crate::facts;
use crate::flight::UnderWay;
use crate::overtime;
use crate::served::{LateScope, Outlook, Served};
use crate::verdict::{Count, Guard, Headed};

/// The lease of a backend with everything that is needed when the attempt ends.
#[derive(Debug)]
pub(super) struct OnBackend<S, C> {
    guard: Guard<Lease<S>>,
    backends: Backends<S>,
    classify: C,
    backend: u32,
    number: u8,
    started: Tick,
    due: Option<(Tick, TimeoutKind)>,
    deadline: Option<Tick>,
    tried: Tried,
    quiet: bool,
    reports: LoadReports,
}

impl<S, C> OnBackend<S, C> {
    pub(super) fn new(
        lease: Lease<S>,
        backends: Backends<S>,
        classify: C,
        context: &RequestContext,
    ) -> Self {
        Self {
            backend: lease.backend().id,
            guard: Guard::new(lease, context.due()),
            backends,
            classify,
            number: context.number,
            started: context.now,
            due: context.due().map(|at| (at, context.due_kind(at))),
            deadline: context.deadline,
            tried: context.tried.clone(),
            quiet: false,
            reports: LoadReports::Ignored,
        }
    }

    /// Takes note of what the backend says about its load.
    pub(super) fn load_reports(mut self, reports: LoadReports) -> Self {
        self.reports = reports;
        self
    }

    /// Says nothing about a first attempt that is a success by its head.
    pub(super) fn quiet(mut self, quiet: bool) -> Self {
        self.quiet = quiet && self.number == 1;
        self
    }

    /// Runs `poll`, so that a panic in it is a failure of the attempt.
    pub(super) fn watch<R>(&mut self, poll: impl FnOnce() -> R) -> R {
        self.guard.watch(poll)
    }

    /// The time, if the attempt's time is over.
    pub(super) fn overdue(&self) -> Option<Tick> {
        let (due, _) = self.due?;
        let now = clock::now();
        (now >= due).then_some(now)
    }

    /// Whether its time is over, but not the request's: then somebody has to say whether it goes on.
    pub(super) fn had_its_time(&self) -> bool {
        let Some((due, kind)) = self.due else {
            return false;
        };
        kind == TimeoutKind::Attempt && clock::now() >= due
    }

    /// What there is to know for whoever thinks about another attempt at the same time.
    pub(super) fn under_way(&self) -> UnderWay {
        let kind = self.guard.count().map(Lease::kind);
        UnderWay {
            backend: self.backend,
            probe: kind == Some(LeaseKind::Probe),
            panic: kind == Some(LeaseKind::Panic) || self.backends.is_panicking(),
            other_backend: self.has_other(),
            typical_latency: self.backends.typical_latency(),
        }
    }

    /// Another attempt could go elsewhere.
    pub(super) fn has_other(&self) -> bool {
        let mut tried = self.tried.clone();
        tried.insert(self.backend);
        self.backends.has_other(&tried)
    }

    /// What another attempt has to expect.
    fn outlook(&mut self) -> Outlook {
        self.tried.insert(self.backend);
        Outlook::new(self.backends.has_other(&self.tried))
            .with_typical_latency(self.backends.typical_latency())
    }
}

impl<S, C: Classify + Clone> OnBackend<S, C> {
    /// It has had its time and is waited for: counts as failed.
    pub(super) fn go_on(&mut self) {
        let now = clock::now();
        let elapsed = now.since(self.started);
        let mut attempt =
            facts::timed_out(TimeoutKind::Attempt, self.number, self.started, elapsed);
        self.due = self.deadline.map(|at| (at, TimeoutKind::Total));
        self.guard.move_due(self.deadline);
        if let Some(lease) = self.guard.count_mut() {
            lease.describe(&mut attempt);
            let outcome = self.classify.attempt(&attempt);
            if outcome.verdict == Verdict::Failure {
                overtime::tell(lease.overdue(now, outcome.cause));
            }
        }
    }

    /// The backend answered.
    pub(super) fn answered<B: Body>(
        mut self,
        mut response: Response<B>,
    ) -> Response<ResponseBody<B, S, C>> {
        let now = clock::now();
        let backend = self.guard.count().map(|lease| Arc::clone(lease.backend()));
        let headed = self
            .guard
            .head(&self.classify, &response, (self.started, now), None);
        let reporter = self
            .reports
            .of_head(response.headers_mut(), backend.as_ref());
        if self.quiet && headed.is_plain_success() {
            return response.map(|body| ResponseBody::new(body, headed.at_end(), reporter));
        }
        let mut served = Served::new(now);
        served.backend_id = Some(self.backend);
        served.backend = backend.as_ref().map(|backend| Arc::clone(&backend.name));
        let at_end = match headed {
            Headed::Decided(outcome, scope) => {
                if outcome.verdict == Verdict::Failure || outcome.verdict == Verdict::Degraded {
                    served.scope = scope;
                    served.address = backend.map(|backend| Arc::clone(&backend.address));
                    served.outlook = Some(self.outlook());
                }
                None
            }
            Headed::Open(at_end) if at_end.trailers_decide() => {
                let late = Arc::new(LateScope::new());
                served.late = Some(Arc::clone(&late));
                Some(at_end.with_late(Some(late)))
            }
            Headed::Open(at_end) => Some(at_end),
        };
        response.extensions_mut().insert(served);
        response.map(|body| ResponseBody::new(body, at_end, reporter))
    }

    /// The backend's service failed.
    pub(super) fn failed(self, error: BoxError) -> BoxError {
        let now = clock::now();
        let attempt = facts::attempt(&*error, self.number, self.started, now);
        self.lost(attempt, now).with_source(error).into()
    }

    /// The attempt had its time.
    pub(super) fn timed_out(self, now: Option<Tick>) -> BoxError {
        let now = now.unwrap_or(self.started);
        let kind = self.due.map_or(TimeoutKind::Total, |(_, kind)| kind);
        let attempt = facts::timed_out(kind, self.number, self.started, now.since(self.started));
        self.lost(attempt, now).into()
    }

    fn lost(mut self, mut attempt: Attempt, now: Tick) -> Failure {
        if let Some(lease) = self.guard.count() {
            lease.describe(&mut attempt);
        }
        let outcome = self.classify.attempt(&attempt);
        let scope = self.guard.record(now, outcome, None);
        let failure = Failure::new(attempt)
            .with_backend(self.backend)
            .with_outlook(self.outlook());
        match scope {
            Some(scope) => failure.with_scope(scope),
            None => failure,
        }
    }
}
