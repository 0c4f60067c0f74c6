//! What a route changes about requests and answers on their way.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};

/// What a route does to the fields of a message: `request_headers`, `response_headers`.
///
/// In this order: `remove`, `set`, `add`. No name is a field of one hop or of the message's
/// framing, and none is `Host`, which has a key of its own.
///
/// # Defaults
///
/// - `set`: `{}`
/// - `add`: `{}`
/// - `remove`: `[]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeaderRules {
    /// Fields that have this value, whatever they had before.
    pub set: Vec<(HeaderName, HeaderValue)>,
    /// Fields that are added to those that are there.
    pub add: Vec<(HeaderName, HeaderValue)>,
    /// Fields that go.
    pub remove: Vec<HeaderName>,
}

/// The `Host` that a backend is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostPolicy {
    /// The client's.
    #[default]
    Preserve,
    /// Host and port of the backend's URL.
    Backend,
    /// This one.
    Fixed(HeaderValue),
}

/// What takes the place of a route's `path_prefix` in the path that a backend is asked for; no
/// trailing slash; empty for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite(pub Arc<str>);

// === impl HeaderRules ===

impl HeaderRules {
    /// Whether they change nothing.
    pub const fn is_empty(&self) -> bool {
        self.set.is_empty() && self.add.is_empty() && self.remove.is_empty()
    }
}
