//! What callers are told who are let through.

use http::{HeaderMap, HeaderName, HeaderValue};
use soe503_core::explain::RateFields;

/// Adds `fields` to the head of an answer. What others say about limits of their own stays.
pub fn announce(fields: RateFields, headers: &mut HeaderMap) {
    for (name, value) in fields.into_fields().into_iter().flatten() {
        // Structured fields are ASCII.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
}
