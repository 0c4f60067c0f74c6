//! `GET /api/v1/openapi.json`, and `/openapi.json`: the admin API as OpenAPI 3.1 describes it.
//!
//! It is made from the table of operations and from the types that are sent, so it cannot say anything else than they do; what
//! it says is tried out by `tests/openapi`.

mod build;
#[cfg(test)]
mod page;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use axum::body::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};

/// Made once, when somebody asks first.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| build::text().into());

pub(super) async fn document() -> ([(HeaderName, &'static str); 1], Bytes) {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.clone())
}
