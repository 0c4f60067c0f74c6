//! What a route changes about requests and answers, prepared once.

use std::sync::Arc;

use http::header::{HOST, HeaderName};
use http::{HeaderMap, HeaderValue, Request};

use super::target;
use crate::config::{HeaderRules, HostPolicy, Rewrite, Route};
use crate::upstream::BackendHost;

static X_FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// What a route changes. A route that changes nothing has none.
#[derive(Debug)]
pub(super) struct Actions {
    host: HostPolicy,
    path: Option<Path>,
    /// Bytes of a request's body.
    pub(super) max_body: Option<u64>,
    request: HeaderRules,
    response: HeaderRules,
}

/// What happens to the path.
#[derive(Debug)]
struct Path {
    /// The length of what is replaced.
    prefix: usize,
    instead: Arc<str>,
    /// What was taken off, for those behind us who make links.
    stripped: Option<HeaderValue>,
}

impl Actions {
    /// What `route` changes; `None` if that is nothing.
    pub(super) fn of(route: &Route) -> Option<Self> {
        let unchanged = route.host == HostPolicy::Preserve
            && route.rewrite.is_none()
            && route.max_body.is_none()
            && route.request_headers.is_empty()
            && route.response_headers.is_empty();
        let path = |rewrite| Path::new(&route.matches.path_prefix, rewrite);
        (!unchanged).then(|| Self {
            host: route.host.clone(),
            path: route.rewrite.as_ref().map(path),
            max_body: route.max_body,
            request: route.request_headers.clone(),
            response: route.response_headers.clone(),
        })
    }

    /// Whether answers are changed.
    pub(super) fn change_answers(&self) -> bool {
        !self.response.is_empty()
    }

    /// Changes whom and what the backend is asked for. Returns the host that the client asked for,
    /// if that changed.
    pub(super) fn redirect<B>(&self, request: &mut Request<B>) -> Option<HeaderValue> {
        if let Some(path) = &self.path
            && let Some(uri) = target::rewrite(request.uri(), path.prefix, &path.instead)
        {
            *request.uri_mut() = uri;
        }
        match &self.host {
            HostPolicy::Preserve => None,
            HostPolicy::Fixed(host) => request.headers_mut().insert(HOST, host.clone()),
            // Who that is will be known when a backend is picked.
            HostPolicy::Backend => {
                request.extensions_mut().insert(BackendHost);
                request.headers().get(HOST).cloned()
            }
        }
    }

    /// Changes the fields of a request, after everything that is done to every request.
    pub(super) fn on_request(&self, headers: &mut HeaderMap) {
        if let Some(stripped) = self.path.as_ref().and_then(|path| path.stripped.as_ref()) {
            headers.insert(&X_FORWARDED_PREFIX, stripped.clone());
        }
        apply(&self.request, headers);
    }

    /// Changes the fields of an interim answer: what the route hides stays hidden. What it sets and
    /// adds says something about the answer, which is still to come.
    pub(super) fn on_interim(&self, headers: &mut HeaderMap) {
        for name in &self.response.remove {
            headers.remove(name);
        }
    }

    /// Changes the fields of an answer. An answer of ours keeps what it says: a rule that lets
    /// caches keep a page must not make them keep an outage.
    pub(super) fn on_response(&self, headers: &mut HeaderMap, ours: bool) {
        if !ours {
            return apply(&self.response, headers);
        }
        for (name, value) in self.response.set.iter().chain(&self.response.add) {
            if !name.as_str().starts_with("content-") {
                headers.entry(name).or_insert_with(|| value.clone());
            }
        }
    }
}

impl Path {
    fn new(prefix: &str, rewrite: &Rewrite) -> Self {
        let stripped = rewrite.0.is_empty() && !prefix.is_empty();
        Self {
            prefix: prefix.len(),
            instead: Arc::clone(&rewrite.0),
            stripped: stripped
                .then(|| HeaderValue::try_from(prefix).ok())
                .flatten(),
        }
    }
}

/// `remove`, then `set`, then `add`.
fn apply(rules: &HeaderRules, headers: &mut HeaderMap) {
    for name in &rules.remove {
        headers.remove(name);
    }
    for (name, value) in &rules.set {
        headers.insert(name, value.clone());
    }
    for (name, value) in &rules.add {
        headers.append(name, value.clone());
    }
}

#[cfg(test)]
#[path = "actions_tests.rs"]
mod tests;
