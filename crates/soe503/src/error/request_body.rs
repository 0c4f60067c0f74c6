//! The client's own fault.

use core::fmt;

use super::BoxError;

/// The request's body failed while it was being read: the client left or broke it.
///
/// The retry layer wraps body errors in this, so that a failure which travels through an HTTP
/// client comes back recognisable and no backend is blamed for it.
#[derive(Debug)]
pub struct RequestBodyError {
    source: BoxError,
}

impl RequestBodyError {
    /// Wraps what the body failed with.
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self {
            source: source.into(),
        }
    }
}

impl fmt::Display for RequestBodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request's body could not be read")
    }
}

impl std::error::Error for RequestBodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}
