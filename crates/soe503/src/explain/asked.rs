//! What is kept of a request, in case its failure must be told.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use soe503_core::explain::{Exposure, Format, negotiate, negotiate_request};

use super::again::Again;
use super::id::request_id;
use super::record::Background;
use crate::context::RequestContext;
use crate::grpc::is_grpc;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Longest identifier of somebody else's that is believed to be one.
const LONGEST_ID: usize = 64;

/// The request's head, as far as it matters: nothing of it is looked at unless something fails.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "an allocation costs more than moving it does"
)]
pub(super) enum Asked {
    /// All of it, shared with the other layers.
    Shared(Arc<Parts>),
    /// References to parts of it.
    Copied(Copied),
}

/// The same while the body of the answer comes, which is moved more often and hardly ever asks.
#[derive(Debug)]
pub(super) enum Parked {
    Shared(Arc<Parts>),
    Copied(Box<Copied>),
}

#[derive(Debug)]
pub(super) struct Copied {
    method: Method,
    uri: Uri,
    host: Option<HeaderValue>,
    accept: Option<HeaderValue>,
    request_id: Option<HeaderValue>,
    grpc: bool,
    exposure: Option<Exposure>,
    background: bool,
}

impl Asked {
    /// All of the head of `request`.
    pub(super) fn whole<B>(request: &Request<B>) -> Self {
        match RequestContext::head(request) {
            Some(head) => Self::Shared(Arc::clone(head)),
            None => Self::copied(request, true),
        }
    }

    /// What is kept of `request`, whose head is not shared; `whole`: all of it.
    #[inline]
    pub(super) fn copied<B>(request: &Request<B>, whole: bool) -> Self {
        if whole {
            return Self::Shared(Arc::new(copy(request)));
        }
        Self::Copied(Copied::of(request))
    }

    /// The whole head, where it is known.
    pub(super) fn head(&self) -> Option<&Parts> {
        match self {
            Self::Shared(head) => Some(head),
            Self::Copied(_) => None,
        }
    }

    pub(super) fn method(&self) -> &Method {
        match self {
            Self::Shared(head) => &head.method,
            Self::Copied(copied) => &copied.method,
        }
    }

    pub(super) fn uri(&self) -> &Uri {
        match self {
            Self::Shared(head) => &head.uri,
            Self::Copied(copied) => &copied.uri,
        }
    }

    /// Nobody waits for the answer.
    pub(super) fn is_background(&self) -> bool {
        match self {
            Self::Shared(head) => head.extensions.get::<Background>().is_some(),
            Self::Copied(copied) => copied.background,
        }
    }

    /// The client says that it has sent this before. For those whose whole head is known.
    pub(super) fn is_again(&self) -> bool {
        self.head().is_some_and(|head| {
            head.extensions.get::<Again>().is_some() || Again::is_said(&head.headers)
        })
    }

    /// What the client sends again if it sends this again. For those whose whole head is known.
    pub(super) fn idempotency_key(&self) -> Option<HeaderValue> {
        self.head()?.headers.get(IDEMPOTENCY_KEY).cloned()
    }

    /// The trace that it belongs to. For those whose whole head is known.
    pub(super) fn traceparent(&self) -> Option<HeaderValue> {
        self.head()?.headers.get(TRACEPARENT).cloned()
    }

    /// How much this client is told, if the request says so.
    pub(super) fn exposure(&self) -> Option<Exposure> {
        match self {
            Self::Shared(head) => head.extensions.get().copied(),
            Self::Copied(copied) => copied.exposure,
        }
    }

    /// The form in which this client wants to be told.
    pub(super) fn format(&self) -> Format {
        let (grpc, accept) = match self {
            Self::Shared(head) => (is_grpc(&head.headers), head.headers.get(header::ACCEPT)),
            Self::Copied(copied) => (copied.grpc, copied.accept.as_ref()),
        };
        let accept = accept.and_then(|value| value.to_str().ok());
        if grpc {
            negotiate_request(Some("application/grpc"), accept)
        } else {
            negotiate(accept)
        }
    }

    /// The host that was asked: of the URI, else of the header.
    pub(super) fn host(&self) -> Option<HeaderValue> {
        if let Some(host) = self.uri().host() {
            return HeaderValue::from_str(host).ok();
        }
        let header = match self {
            Self::Shared(head) => head.headers.get(header::HOST),
            Self::Copied(copied) => copied.host.as_ref(),
        };
        header.filter(|value| value.to_str().is_ok()).cloned()
    }

    /// Its identifier, or a new one.
    pub(super) fn id(&self) -> Arc<str> {
        match self.request_id() {
            Some(id) => id.into(),
            None => request_id().into(),
        }
    }

    /// The identifier that came with the request, if it can be one: short, and of characters that
    /// need no escape anywhere.
    fn request_id(&self) -> Option<&str> {
        let value = match self {
            Self::Shared(head) => head.headers.get(REQUEST_ID),
            Self::Copied(copied) => copied.request_id.as_ref(),
        };
        let value = value?.to_str().ok()?;
        let fits = (1..=LONGEST_ID).contains(&value.len());
        let sane = |b: u8| b.is_ascii_alphanumeric() || b"-_.~:+=/@".contains(&b);
        (fits && value.bytes().all(sane)).then_some(value)
    }
}

impl Asked {
    pub(super) fn park(self) -> Parked {
        match self {
            Self::Shared(head) => Parked::Shared(head),
            Self::Copied(copied) => Parked::Copied(Box::new(copied)),
        }
    }
}

impl Parked {
    pub(super) fn unpark(self) -> Asked {
        match self {
            Self::Shared(head) => Asked::Shared(head),
            Self::Copied(copied) => Asked::Copied(*copied),
        }
    }
}

/// The head of `request`, with those of its extensions that are looked at here.
fn copy<B>(request: &Request<B>) -> Parts {
    let mut copy = Request::new(());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    if let Some(exposure) = request.extensions().get::<Exposure>() {
        copy.extensions_mut().insert(*exposure);
    }
    if let Some(background) = request.extensions().get::<Background>() {
        copy.extensions_mut().insert(*background);
    }
    if let Some(again) = request.extensions().get::<Again>() {
        copy.extensions_mut().insert(*again);
    }
    copy.into_parts().0
}

impl Copied {
    #[inline]
    fn of<B>(request: &Request<B>) -> Self {
        let (mut host, mut accept, mut request_id, mut grpc) = (None, None, None, false);
        // One walk over the few headers of a request is cheaper than four look-ups.
        for (name, value) in request.headers() {
            if *name == header::HOST {
                host.get_or_insert(value);
            } else if *name == header::ACCEPT {
                accept.get_or_insert(value);
            } else if *name == header::CONTENT_TYPE {
                grpc = is_grpc(request.headers());
            } else if *name == REQUEST_ID {
                request_id.get_or_insert(value);
            }
        }
        // The context is the only one, as a rule.
        let extensions = Some(request.extensions()).filter(|all| all.len() > 1);
        // Last, and in one piece: what is written in pieces and moved right after keeps a processor waiting.
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            host: host.cloned(),
            accept: accept.cloned(),
            request_id: request_id.cloned(),
            grpc,
            exposure: extensions.and_then(|all| all.get().copied()),
            background: extensions.is_some_and(|all| all.get::<Background>().is_some()),
        }
    }
}
