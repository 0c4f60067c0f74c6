//! One attempt in progress, whatever the protocol: its facts, its deadline, how it is told.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use http::{Extensions, Response, StatusCode};
use soe503::{BoxError, Failure, RequestContext, clock, overtime};
use soe503_core::Tick;
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase, TimeoutKind};

use super::Upstream;
use crate::front::AttemptSpan;

/// How long a knock at a backend that broke off may take.
pub(super) const KNOCK: Duration = Duration::from_millis(100);

/// An attempt in progress.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) upstream: Upstream,
    pub(super) attempt: Attempt,
    /// When it must be answered, and whose limit that is.
    deadline: Option<(Tick, TimeoutKind)>,
    /// When the request must be answered.
    total: Option<Tick>,
    /// The attempt has had its time and goes on to `total`.
    goes_on: AtomicBool,
    /// When the caller of a gRPC request stops waiting.
    pub(super) caller_deadline: Option<Tick>,
    /// Only if the request is recorded.
    pub(super) span: Option<Box<AttemptSpan>>,
}

impl Trial {
    /// The attempt that the layers above have begun, by the context in a request's `extensions`.
    pub(super) fn begin(upstream: Upstream, extensions: &Extensions) -> Self {
        let context = extensions.get::<RequestContext>();
        let started = context.map_or_else(clock::now, |c| c.now);
        let number = context.map_or(1, |c| c.number);
        Self {
            span: AttemptSpan::begin(context, &upstream),
            upstream,
            attempt: Attempt::begin(number, started),
            deadline: context.and_then(|c| c.due().map(|at| (at, c.due_kind(at)))),
            total: context.and_then(|c| c.deadline),
            goes_on: AtomicBool::new(false),
            caller_deadline: context.and_then(|c| c.caller_deadline),
        }
    }

    /// `None` if the deadline comes first.
    ///
    /// No timer of its own: the layers above hold the alarm and poll this once more when it rings
    /// (the contract of `RequestContext`), which leaves the facts to the one who knows them.
    pub(super) async fn within_deadline<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        // The first poll follows the start at once and need not look at the clock.
        let mut waited = false;
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if std::mem::replace(&mut waited, true) && self.is_overdue() => {
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// When it must be answered, and whose limit that is.
    pub(super) fn deadline(&self) -> Option<(Tick, TimeoutKind)> {
        if self.goes_on.load(Ordering::Relaxed) {
            self.total.map(|at| (at, TimeoutKind::Total))
        } else {
            self.deadline
        }
    }

    /// Its deadline is that of the request: no attempt can come after it.
    pub(super) fn is_last(&self) -> bool {
        !matches!(self.deadline(), Some((_, TimeoutKind::Attempt)))
    }

    fn is_overdue(&self) -> bool {
        let over = |(at, _)| clock::now() >= at;
        if !self.deadline().is_some_and(over) {
            return false;
        }
        if !self.is_last() && overtime::goes_on() {
            self.goes_on.store(true, Ordering::Relaxed);
            return self.deadline().is_some_and(over);
        }
        true
    }

    /// The deadline came first.
    pub(super) fn timeout(&self) -> Fault {
        let kind = self
            .deadline()
            .map_or(TimeoutKind::Attempt, |(_, kind)| kind);
        Fault::Timeout(kind)
    }

    /// The connection broke off before the answer: remembers it, if the connection was fresh.
    pub(super) fn broke(&mut self, now: Tick) {
        if !self.attempt.reused {
            self.upstream.broke_fresh(now);
        }
        self.attempt.fresh_breaks = self.upstream.breaks_fresh(now);
    }

    /// The backend answered. An answer that is a failure has its facts with it. `explains`: there are fields of
    /// ours in it, which count from backends that are proxies and go no further from others.
    pub(super) fn keep_facts<B>(
        mut self,
        mut response: Response<B>,
        explains: bool,
    ) -> Response<B> {
        self.answered_with(response.status());
        if explains && !self.upstream.options().proxy {
            let failed = response.status().is_server_error();
            let attempt = failed.then_some(&mut self.attempt);
            soe503::facts::of_stranger(response.headers_mut(), attempt);
        }
        if response.status().is_server_error() {
            let status = response.status().as_u16();
            // The layers above decide what it means; these facts are theirs to keep.
            self.attempt.status = Some(status);
            self.attempt.phase = Phase::Done;
            self.attempt.fault = Some(Fault::Status(status));
            if self.upstream.options().proxy {
                soe503::facts::of_proxy(response.headers(), &mut self.attempt);
            }
            self.finish();
            response.extensions_mut().insert(self.attempt);
        }
        response
    }

    /// The attempt ended in `fault`.
    pub(super) fn failed(mut self, fault: Fault) -> BoxError {
        self.attempt.fault = Some(fault);
        self.finish();
        Box::new(Failure::new(Ledger::from(self.attempt)))
    }

    /// The head of an answer has come.
    pub(super) fn answered_with(&mut self, status: StatusCode) {
        if let Some(span) = &mut self.span {
            span.answered(status.as_u16());
        }
    }

    fn finish(&mut self) {
        self.attempt.elapsed = clock::now()
            .since(self.attempt.started)
            .max(Duration::from_nanos(1));
        if let Some(span) = &mut self.span {
            span.failed(&self.attempt);
        }
    }
}

/// The backend broke the connection off before it answered.
pub(super) fn is_break(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Closed | Fault::Errno(libc::ECONNRESET | libc::EPIPE)
    )
}
