//! What is kept of a request, in case its failure must be told.

use http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use soe503_core::explain::{Exposure, Format, negotiate, negotiate_request};

use crate::grpc::is_grpc;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest identifier of somebody else's that is believed to be one.
const LONGEST_ID: usize = 64;

/// References to parts of the request: no text is copied unless something fails.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) uri: Uri,
    host: Option<HeaderValue>,
    accept: Option<HeaderValue>,
    request_id: Option<HeaderValue>,
    grpc: bool,
    pub(super) exposure: Option<Exposure>,
}

impl Asked {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let mut asked = Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            host: None,
            accept: None,
            request_id: None,
            grpc: false,
            exposure: request.extensions().get().copied(),
        };
        // One walk over the few headers of a request is cheaper than four look-ups.
        for (name, value) in request.headers() {
            if *name == header::HOST {
                asked.host.get_or_insert_with(|| value.clone());
            } else if *name == header::ACCEPT {
                asked.accept.get_or_insert_with(|| value.clone());
            } else if *name == header::CONTENT_TYPE {
                asked.grpc = is_grpc(request.headers());
            } else if *name == REQUEST_ID {
                asked.request_id.get_or_insert_with(|| value.clone());
            }
        }
        asked
    }

    /// The form in which this client wants to be told.
    pub(super) fn format(&self) -> Format {
        let accept = self.accept.as_ref().and_then(|value| value.to_str().ok());
        if self.grpc {
            negotiate_request(Some("application/grpc"), accept)
        } else {
            negotiate(accept)
        }
    }

    /// The host that was asked: of the URI, else of the header.
    pub(super) fn host(&self) -> Option<&str> {
        let header = || self.host.as_ref().and_then(|value| value.to_str().ok());
        self.uri.host().or_else(header)
    }

    /// The identifier that came with the request, if it can be one: short, and of characters that
    /// need no escape anywhere.
    pub(super) fn request_id(&self) -> Option<&str> {
        let value = self.request_id.as_ref()?.to_str().ok()?;
        let fits = (1..=LONGEST_ID).contains(&value.len());
        let sane = |b: u8| b.is_ascii_alphanumeric() || b"-_.~:+=/@".contains(&b);
        (fits && value.bytes().all(sane)).then_some(value)
    }
}
