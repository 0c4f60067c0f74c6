//! What clients get in the place of the proxy's own answers.

use std::path::PathBuf;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use soe503::explain::Class;

/// A page for people in the place of the proxy's own: a key of `[routes.pages]`.
///
/// # Defaults
///
/// - `any`: the proxy's own page
/// - `maintenance`: `any`
/// - `overload`: `any`
/// - `circuit_open`: `any`
/// - `dependency_failure`: `any`
/// - `resource_exhaustion`: `any`
/// - `misconfiguration`: `any`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageFile {
    /// The failures that it is for.
    pub class: Class,
    /// The file.
    pub path: PathBuf,
    /// What it held when the config was read.
    pub html: Bytes,
}

/// A static answer instead of failures: `[routes.fallback]`.
///
/// # Defaults
///
/// - `on`: required
/// - `status`: `200`
/// - `content_type`: `"application/json"`
/// - `body`: empty
/// - `file`: the body is `body`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fallback {
    /// The failures that it is given instead of.
    pub on: Vec<Class>,
    /// Its status.
    pub status: StatusCode,
    /// Its `Content-Type`.
    pub content_type: HeaderValue,
    /// The file that holds its body, if it is one.
    pub file: Option<PathBuf>,
    /// Its body.
    pub body: Bytes,
}

/// A class as it is written in a file: a category, a cause, or `any`.
pub(crate) const fn class_id(class: Class) -> &'static str {
    match class {
        Class::Category(category) => category.id(),
        Class::Cause(cause) => cause.id(),
        _ => "any",
    }
}
