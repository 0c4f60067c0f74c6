//! The handle.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use soe503_core::explain::{DOCS, Exposure, StatusPolicy};

use super::asked::Asked;
use super::instead::{Fallback, Page};
use super::keep::Keep;
use super::record::{Record, Surroundings};
use super::told;
use crate::clock;
use crate::error::BoxError;

/// How failures are told, and to whom. Clones are handles to the same explainer.
#[derive(Clone)]
pub struct Explainer {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) server: Box<str>,
    pub(super) exposure: Exposure,
    pub(super) policy: StatusPolicy,
    pub(super) docs: Box<str>,
    pub(super) record: Option<Box<dyn Record>>,
    pub(super) surroundings: Option<Box<dyn Surroundings>>,
    pub(super) pages: Vec<Page>,
    pub(super) fallback: Option<Fallback>,
    pub(super) keep: Option<Box<dyn Keep>>,
}

/// Makes an [`Explainer`].
///
/// # Defaults
/// `exposure` public · `policy` plain (503, 502, 504) · `docs` [`DOCS`] · no record, no
/// surroundings, no pages, no fallback, nothing kept.
#[must_use]
pub struct Builder {
    shared: Shared,
}

// === impl Explainer ===

impl Explainer {
    /// An explainer that calls itself `server` in `Proxy-Status`.
    pub fn builder(server: impl Into<Box<str>>) -> Builder {
        Builder {
            shared: Shared {
                server: server.into(),
                exposure: Exposure::default(),
                policy: StatusPolicy::default(),
                docs: DOCS.into(),
                record: None,
                surroundings: None,
                pages: Vec::new(),
                fallback: None,
                keep: None,
            },
        }
    }

    /// The answer to `request`, which something above the stack refuses with `error`: as if a
    /// service below [`Explain`](super::Explain) had failed with it. It is recorded like any other.
    pub fn answer<B>(&self, request: &Request<B>, error: &BoxError) -> Response<Bytes> {
        told::answer(error, self, &Asked::whole(request), clock::now())
    }

    /// The name in `Proxy-Status`.
    pub fn server(&self) -> &str {
        &self.shared.server
    }
}

impl fmt::Debug for Explainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explainer")
            .field("server", &self.shared.server)
            .field("exposure", &self.shared.exposure)
            .finish_non_exhaustive()
    }
}

// === impl Builder ===

impl Builder {
    /// How much clients are told. A request that carries an [`Exposure`] as an extension is told
    /// that much instead.
    pub fn exposure(mut self, exposure: Exposure) -> Self {
        self.shared.exposure = exposure;
        self
    }

    /// Which statuses our answers have.
    pub fn policy(mut self, policy: StatusPolicy) -> Self {
        self.shared.policy = policy;
        self
    }

    /// Where causes are documented; a cause's identifier is appended.
    pub fn docs(mut self, url: impl Into<Box<str>>) -> Self {
        self.shared.docs = url.into();
        self
    }

    /// Who hears of failures.
    pub fn record(mut self, record: impl Record + 'static) -> Self {
        self.shared.record = Some(Box::new(record));
        self
    }

    /// Who knows the state of the world around a failed request.
    pub fn surroundings(mut self, surroundings: impl Surroundings + 'static) -> Self {
        self.shared.surroundings = Some(Box::new(surroundings));
        self
    }

    /// Pages of your own for people; of those that fit the most exact one is shown.
    pub fn pages(mut self, pages: impl IntoIterator<Item = Page>) -> Self {
        self.shared.pages.extend(pages);
        self
    }

    /// What is answered instead of failures.
    pub fn fallback(mut self, fallback: Fallback) -> Self {
        self.shared.fallback = Some(fallback);
        self
    }

    /// Who keeps good answers, to be given instead of failures. They go before a fallback.
    pub fn keep(mut self, keep: impl Keep + 'static) -> Self {
        self.shared.keep = Some(Box::new(keep));
        self
    }

    /// The explainer.
    #[must_use]
    pub fn build(self) -> Explainer {
        Explainer {
            shared: Arc::new(self.shared),
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("server", &self.shared.server)
            .finish_non_exhaustive()
    }
}
