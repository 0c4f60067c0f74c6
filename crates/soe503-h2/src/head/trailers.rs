//! A trailer section (RFC 9113 §8.1).

use http::HeaderMap;

use super::fields::Fields;
use super::types::HeadFault;
use crate::hpack::{Field, Kind, Sink};

/// A trailer section's fields as they come.
pub(super) struct Trailers(Fields);

impl Trailers {
    pub(super) fn new(most: u32) -> Self {
        Self(Fields::new(most))
    }

    pub(super) fn end(mut self) -> Result<HeaderMap, HeadFault> {
        self.0.end()?;
        Ok(self.0.map)
    }
}

impl Sink for Trailers {
    fn begin(&mut self, fields: usize) {
        self.0.begin(fields);
    }

    fn admit(&mut self, size: u32) -> bool {
        self.0.admit(size)
    }

    /// Framing, routing and others that do not belong here are dropped (RFC 9110 §6.5.1); what makes a
    /// head malformed does so to a trailer section too, and so do pseudo-fields.
    fn field(&mut self, field: Field) {
        match field {
            Field::Regular(name, value, Kind::Plain) => self.0.append(name, value),
            Field::Regular(_, _, Kind::Connection) => self.0.malformed(),
            Field::Regular(..) => {}
            _ => self.0.malformed(),
        }
    }

    fn known(&mut self, field: &Field) {
        self.field(field.clone());
    }
}
