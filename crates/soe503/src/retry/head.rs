//! A request's head, kept to be sent again.

use http::{Extensions, HeaderMap, Method, Request, Uri, Version};

use crate::context::RequestContext;

/// Everything of a request but its body.
#[derive(Debug)]
pub(crate) enum Head {
    /// The context has it.
    Shared,
    /// Its parts are references to the original's bytes. Boxed: it is moved with what is around it.
    Copied(Box<Copied>),
}

#[derive(Debug)]
pub(crate) struct Copied {
    method: Method,
    uri: Uri,
    version: Version,
    headers: HeaderMap,
    /// The application's; ours is made anew for each attempt.
    extensions: Option<Extensions>,
}

impl Head {
    /// The head of `request`, which carries a [`RequestContext`].
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        if RequestContext::head(request).is_some() {
            return Self::Shared;
        }
        let extensions = request.extensions();
        Self::Copied(Box::new(Copied {
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            headers: request.headers().clone(),
            // The context is the only one, as a rule, and then there is nothing to copy.
            extensions: (extensions.len() > 1).then(|| extensions.clone()),
        }))
    }

    /// Another request with this head.
    pub(crate) fn request<B>(&self, body: B, context: RequestContext) -> Request<B> {
        let mut request = Request::new(body);
        match self {
            Self::Shared => {
                if let Some(head) = &context.head {
                    request.method_mut().clone_from(&head.method);
                }
            }
            Self::Copied(head) => {
                *request.method_mut() = head.method.clone();
                *request.uri_mut() = head.uri.clone();
                *request.version_mut() = head.version;
                *request.headers_mut() = head.headers.clone();
                if let Some(extensions) = &head.extensions {
                    *request.extensions_mut() = extensions.clone();
                }
            }
        }
        request.extensions_mut().insert(context);
        request
    }
}
