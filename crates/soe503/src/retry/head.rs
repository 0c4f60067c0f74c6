//! A request's head, kept to be sent again.

use http::{Extensions, HeaderMap, Method, Request, Uri, Version};

use crate::context::RequestContext;

/// Everything of a request but its body. Its parts are references to the original's bytes.
#[derive(Debug)]
pub(super) struct Head {
    method: Method,
    uri: Uri,
    version: Version,
    headers: HeaderMap,
    /// The application's; ours is made anew for each attempt.
    extensions: Option<Extensions>,
}

impl Head {
    /// The head of `request`, which carries a [`RequestContext`].
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let extensions = request.extensions();
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            headers: request.headers().clone(),
            // The context is the only one, as a rule, and then there is nothing to copy.
            extensions: (extensions.len() > 1).then(|| extensions.clone()),
        }
    }

    /// Another request with this head.
    pub(super) fn request<B>(&self, body: B, context: RequestContext) -> Request<B> {
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.version_mut() = self.version;
        *request.headers_mut() = self.headers.clone();
        if let Some(extensions) = &self.extensions {
            *request.extensions_mut() = extensions.clone();
        }
        request.extensions_mut().insert(context);
        request
    }
}
