//! A request's head, kept to be sent again.

use http::{Extensions, HeaderMap, Method, Request, Uri, Version};

use crate::context::RequestContext;

/// Everything of a request but its body.
///
/// Not boxed: who keeps one has a box of its own for what may come of the request.
#[derive(Debug)]
pub(crate) struct Head {
    /// `None`: the context has it.
    own: Option<Copied>,
}

/// Its parts are references to the original's bytes.
#[derive(Debug)]
struct Copied {
    method: Method,
    uri: Uri,
    version: Version,
    headers: HeaderMap,
    /// The application's; ours is made anew for each attempt.
    extensions: Option<Extensions>,
}

impl Head {
    /// The head of `request`, which carries `context`.
    #[inline]
    pub(crate) fn of<B>(request: &Request<B>, context: &RequestContext) -> Self {
        if context.head.is_some() {
            return Self { own: None };
        }
        let extensions = request.extensions();
        let own = Copied {
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            headers: request.headers().clone(),
            // The context is the only one, as a rule, and then there is nothing to copy.
            extensions: (extensions.len() > 1).then(|| extensions.clone()),
        };
        Self { own: Some(own) }
    }

    /// Another request with this head.
    pub(crate) fn request<B>(&self, body: B, context: RequestContext) -> Request<B> {
        let mut request = Request::new(body);
        match &self.own {
            None => {
                if let Some(head) = &context.head {
                    request.method_mut().clone_from(&head.method);
                }
            }
            Some(head) => {
                *request.method_mut() = head.method.clone();
                *request.uri_mut() = head.uri.clone();
                *request.version_mut() = head.version;
                *request.headers_mut() = head.headers.clone();
                if let Some(extensions) = &head.extensions {
                    *request.extensions_mut() = extensions.clone();
                }
            }
        }
        context.put(&mut request);
        request
    }
}
