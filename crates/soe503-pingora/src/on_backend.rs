//! One attempt that Pingora makes, and what becomes known of it.

use std::os::fd::RawFd;
use std::time::Duration;

use http::Response;
use pingora::upstreams::peer::HttpPeer;
use soe503::{Failure, RequestContext, clock};
use soe503_core::explain::is_ours;
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase, TimeoutKind};

use crate::facts::{self, Until};
use crate::knock::{is_break, knock};
use crate::line::Order;
use crate::upstream::Upstream;

/// An attempt at a backend.
#[derive(Debug)]
pub(crate) struct OnBackend {
    upstream: Upstream,
    facts: Attempt,
    /// Whose time is over when Pingora's runs out.
    limit: TimeoutKind,
    connection: Option<RawFd>,
}

impl OnBackend {
    /// The attempt that was ordered, and the peer that it goes to.
    pub(crate) fn begin(order: Order) -> (Self, Box<HttpPeer>) {
        let Order { upstream, context } = order;
        let now = clock::now();
        let own = upstream.peer().options.read_timeout;
        let due = due(&context);
        let limit = match due {
            Some((at, kind)) if own.is_none_or(|own| at.since(now) <= own) => kind,
            _ => TimeoutKind::Attempt,
        };
        let peer = upstream.peer_until(due.map(|(at, _)| at), now);
        let attempt = Self {
            upstream,
            facts: Attempt::begin(context.number, context.now),
            limit,
            connection: None,
        };
        (attempt, peer)
    }

    pub(crate) const fn has_connection(&self) -> bool {
        self.connection.is_some()
    }

    /// The connection stands.
    pub(crate) fn connected(&mut self, reused: bool, connection: RawFd) {
        let now = clock::now();
        let facts = &mut self.facts;
        self.connection = Some(connection);
        facts.reused = reused;
        if reused {
            facts.accepted_before = true;
            facts.idle_age = self.upstream.memory().idle(connection, now);
        } else {
            facts.connect = Some(now.since(facts.started));
        }
    }

    /// It ended in `error`.
    pub(crate) fn failed(&mut self, error: &pingora::Error, until: Until) {
        let (phase, fault) = facts::of(error, until, self.limit);
        self.facts.phase = phase;
        self.facts.fault = Some(fault);
        self.take_time();
    }

    /// It was answered. What only proxies of ours may say is taken out; an answer that is a failure gets the facts.
    pub(crate) fn answered(&mut self, response: &mut Response<()>) {
        let status = response.status();
        let failed = status.is_server_error();
        self.facts.status = Some(status.as_u16());
        if response.headers().keys().any(|name| is_ours(name.as_str())) {
            let facts = failed.then_some(&mut self.facts);
            soe503::facts::of_stranger(response.headers_mut(), facts);
        }
        if failed {
            self.facts.phase = Phase::Done;
            self.facts.fault = Some(Fault::Status(status.as_u16()));
            self.take_time();
            response.extensions_mut().insert(self.facts.clone());
        }
    }

    /// Asks a backend that broke the connection off whether it is still there.
    pub(crate) async fn knock(&mut self) {
        if !self.has_connection() || !self.facts.fault.as_ref().is_some_and(is_break) {
            return;
        }
        let now = clock::now();
        let memory = self.upstream.memory();
        if !self.facts.reused {
            memory.broke_fresh(now);
        }
        self.facts.fresh_breaks = memory.breaks_fresh(now);
        self.facts.knock = knock(self.upstream.peer()).await;
    }

    /// It is over, and its connection waits for the next.
    pub(crate) fn used(&self) {
        if let Some(connection) = self.connection {
            self.upstream.memory().used(connection, clock::now());
        }
    }

    /// The failure that the layers get to know.
    pub(crate) fn into_failure(self) -> Failure {
        Failure::new(Ledger::from(self.facts))
    }

    fn take_time(&mut self) {
        let took = clock::now().since(self.facts.started);
        self.facts.elapsed = took.max(Duration::from_nanos(1));
    }
}

/// When an attempt has to be answered, and whose limit that is. Pingora cannot be told to go on with an attempt whose time
/// is over, so one that no other may follow has the request's time from the start.
fn due(context: &RequestContext) -> Option<(soe503_core::Tick, TimeoutKind)> {
    let last = !context.idempotent || context.allowance.is_last();
    let at = if last {
        context.deadline.or(context.attempt_deadline)
    } else {
        context.due()
    };
    at.map(|at| (at, context.due_kind(at)))
}
