//! A response's head (RFC 9113 §8.3.2).

use http::{StatusCode, Version};

use super::fields::{self, Fields};
use super::types::{HeadFault, ResponseHead};
use crate::hpack::{Field, Kind, Sink};

/// A response's fields as they come.
pub(super) struct Response {
    fields: Fields,
    status: Option<StatusCode>,
}

impl Response {
    pub(super) fn new(most: u32) -> Self {
        Self {
            fields: Fields::new(most),
            status: None,
        }
    }

    /// The head. HTTP/2 has no 101 (RFC 9113 §8.6).
    #[inline]
    pub(super) fn end(mut self) -> Result<ResponseHead, HeadFault> {
        self.fields.end()?;
        let status = self.status.ok_or(HeadFault::Malformed)?;
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(HeadFault::Malformed);
        }
        let (mut parts, ()) = http::Response::new(()).into_parts();
        parts.status = status;
        parts.version = Version::HTTP_2;
        parts.headers = self.fields.map;
        Ok(ResponseHead {
            parts,
            length: self.fields.length,
        })
    }
}

impl Sink for Response {
    #[inline]
    fn begin(&mut self, fields: usize) {
        self.fields.begin(fields.saturating_sub(1));
    }

    #[inline]
    fn admit(&mut self, size: u32) -> bool {
        self.fields.admit(size)
    }

    #[inline]
    fn field(&mut self, field: Field) {
        match field {
            // Said twice, and both times the same (RFC 9110 §8.6).
            Field::Regular(_, value, Kind::ContentLength)
                if self.fields.length.is_some()
                    && self.fields.length == fields::length(value.as_bytes()) => {}
            Field::Regular(name, value, kind) => self.fields.regular(name, value, kind),
            Field::Status(status) => self.fields.pseudo(&mut self.status, status),
            _ => self.fields.malformed(),
        }
    }

    #[inline]
    fn known(&mut self, field: &Field) {
        match field {
            Field::Regular(name, value, Kind::Plain | Kind::Leading) => {
                self.fields.plain(name, value);
            }
            other => self.field(other.clone()),
        }
    }
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;
