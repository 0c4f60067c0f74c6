//! What the layers of one stack know about the request in their hands.

mod hide;
mod spare;

use std::sync::Arc;

use http::request::Parts;
use http::{Extensions, HeaderMap, Request};
use soe503_core::Tick;
use soe503_core::hops::Allowance;
use soe503_core::ledger::TimeoutKind;
use soe503_core::pool::{Affinity, Tried};

pub use self::hide::{HideContext, HideContextLayer};
use crate::clock;
use crate::upload::Upload;

/// A request extension that the layers share: inserted once by the outermost of them, changed in
/// place by the others.
///
/// It carries the clock's last reading too. On the first attempt all layers run within one
/// synchronous chain of calls, so one reading serves them all. A middleware of yours that waits
/// between them should [`touch`](Self::touch) the context, or its wait is taken for the service's.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RequestContext {
    /// The clock as last read for this request: on arrival, and again before each further attempt.
    pub now: Tick,
    /// When the whole request must be answered. A connector below may rely on being polled
    /// when it comes.
    pub deadline: Option<Tick>,
    /// When the caller of a gRPC request stops waiting, by its `grpc-timeout`: for the whole answer,
    /// its body included. A connector below tells it to the backend.
    pub caller_deadline: Option<Tick>,
    /// When this attempt must be answered, because another could still follow. `None`: it may use
    /// the time until `deadline`.
    pub attempt_deadline: Option<Tick>,
    /// Which attempt this is, from 1.
    pub number: u8,
    /// This attempt is a hedge: the one before it is still waited for. It goes to a backend that was not
    /// tried, or nowhere.
    pub hedge: bool,
    /// The backends that this request has tried already.
    pub tried: Tried,
    /// Running the request twice is as good as once. From the method (RFC 9110 §9.2.2), unless a
    /// layer knows more.
    pub idempotent: bool,
    /// How many attempts this one and those after it may make, here and at proxies behind. Whoever reads
    /// what a proxy before this one hands down puts it here, before [`Retry`](crate::Retry) begins.
    pub allowance: Allowance,
    /// Another pool can follow: [`Failover`](crate::Failover). One attempt is kept for it, nobody waits for
    /// this one, and its last attempt ends with its time.
    pub elsewhere: bool,
    /// Whether the client has sent all of it. `None`: nobody tells, and it is taken for sent.
    pub upload: Option<Upload>,
    /// The request's head, if it is shared: see [`with_head`](Self::with_head).
    pub head: Option<Arc<Parts>>,
}

// === impl RequestContext ===

impl RequestContext {
    /// The context of a request that arrives `now`.
    pub fn new(now: Tick, idempotent: bool) -> Self {
        Self {
            now,
            deadline: None,
            caller_deadline: None,
            attempt_deadline: None,
            number: 1,
            hedge: false,
            tried: Tried::default(),
            idempotent,
            allowance: Allowance::default(),
            elsewhere: false,
            upload: None,
            head: None,
        }
    }

    /// With a head that the layers share.
    ///
    /// A layer that may need a request's head later has to copy it, because the services below are
    /// given the request itself. Whoever calls a stack of such layers can leave the head here instead,
    /// and send a request down that has its method and this context only: then they keep references.
    /// The service at the bottom finds the head here as well; [`headers`](Self::headers) looks in both
    /// places. Default: not shared.
    #[must_use]
    pub fn with_head(mut self, head: Arc<Parts>) -> Self {
        self.head = Some(head);
        self
    }

    /// The fields of `request`, wherever its head is.
    pub fn headers<B>(request: &Request<B>) -> &HeaderMap {
        match Self::head(request) {
            Some(head) => &head.headers,
            None => request.headers(),
        }
    }

    /// The head of `request`, if it is shared: see [`with_head`](Self::with_head).
    pub fn shared_head<B>(request: &Request<B>) -> Option<&Parts> {
        Self::head(request).map(|head| &**head)
    }

    /// The head of `request`, if it is shared.
    pub(crate) fn head<B>(request: &Request<B>) -> Option<&Arc<Parts>> {
        request.extensions().get::<Self>()?.head.as_ref()
    }

    /// The context of `request`; made, with the clock read, if no layer above has made one.
    pub fn of<B>(request: &mut Request<B>) -> &mut Self {
        let idempotent = request.method().is_idempotent();
        let new = || Self::new(clock::now(), idempotent);
        let extensions = request.extensions_mut();
        if extensions.is_empty()
            && let Some(spare) = spare::take()
        {
            *extensions = spare;
            if let Some(context) = extensions.get_mut() {
                *context = new();
            }
        }
        extensions.get_or_insert_with(new)
    }

    /// Puts it into `request`, instead of the one that is there. For whoever makes one, and sends it down.
    pub fn put<B>(self, request: &mut Request<B>) {
        let extensions = request.extensions_mut();
        if extensions.is_empty() {
            *extensions = spare::take().unwrap_or_default();
        }
        if let Some(context) = extensions.get_mut() {
            *context = self;
        } else {
            extensions.insert(self);
        }
    }

    /// Takes back the extensions of a request that has come to its end, for the context of another one: if they hold a context and
    /// nothing else, the next request of this thread that has no extensions yet takes three allocations less. For the
    /// service at the bottom of a stack; [`HideContext`] does it for those that know of none.
    pub fn give_back(mut extensions: Extensions) {
        if extensions.len() == 1
            && let Some(context) = extensions.get_mut::<Self>()
        {
            context.forget();
            spare::keep(extensions);
        }
    }

    /// Where `request`, whose context this is, belongs: an extension of the shared head, or its own.
    pub(crate) fn affinity<B>(&self, request: &Request<B>) -> Affinity {
        let extensions = match &self.head {
            Some(head) => &head.extensions,
            None => request.extensions(),
        };
        extensions.get().copied().unwrap_or(Affinity::NONE)
    }

    /// The client of `request` stays with a backend.
    pub(crate) fn is_bound<B>(request: &Request<B>) -> bool {
        let head = Self::head(request);
        let extensions = head.map_or_else(|| request.extensions(), |head| &head.extensions);
        let affinity: Option<&Affinity> = extensions.get();
        affinity.is_some_and(|affinity| affinity.badge.is_some())
    }

    /// Lets go of what it refers to, when its request is somebody else's.
    pub(crate) fn forget(&mut self) {
        self.tried = Tried::default();
        self.upload = None;
        self.head = None;
    }

    /// Reads the clock again.
    pub fn touch(&mut self) {
        self.now = clock::now();
    }

    /// The sooner of the attempt's and the request's deadline.
    pub fn due(&self) -> Option<Tick> {
        match (self.attempt_deadline, self.deadline) {
            (Some(attempt), Some(total)) => Some(attempt.min(total)),
            (attempt, total) => attempt.or(total),
        }
    }

    /// Which of the two it is that comes at `at`.
    pub fn due_kind(&self, at: Tick) -> TimeoutKind {
        match self.deadline {
            Some(deadline) if deadline <= at => TimeoutKind::Total,
            _ => TimeoutKind::Attempt,
        }
    }
}
