//! Answers that are given before a backend is asked, and asked for again meanwhile.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use soe503::RequestContext;
use soe503::explain::Background;
use soe503::stale::{Again, Offer};

use super::ClientBody;
use super::routes::Route;

/// Fields of the client's request that are about its body.
const OF_THE_BODY: [HeaderName; 3] = [
    http::header::CONTENT_LENGTH,
    http::header::CONTENT_TYPE,
    http::header::EXPECT,
];

/// The answer to `request` that `route` may give at once. If it has to be asked for again, that happens in the
/// background: once for each answer, on this thread, through everything that a request goes through, and without
/// anybody who waits for it or whom it is told.
pub(super) fn offered(route: &Route, request: &Request<ClientBody>) -> Option<Response<Bytes>> {
    let store = route.store()?;
    let head = RequestContext::shared_head(request)?;
    let Offer { answer, again, .. } = store.offer(head)?;
    if let Some(again) = again {
        ask(route, again, head);
    }
    Some(answer)
}

/// Asks `route` for what `again` is about, as `head` did. Ends with the process.
fn ask(route: &Route, again: Again, head: &http::request::Parts) {
    let mut head = head.clone();
    head.method = Method::GET;
    for name in OF_THE_BODY {
        head.headers.remove(name);
    }
    again.conditions(&mut head.headers);
    head.extensions.insert(Background);
    let head = Arc::new(head);
    let mut request = Request::new(ClientBody::Empty);
    let context = RequestContext::new(soe503::clock::now(), true);
    context.with_head(Arc::clone(&head)).put(&mut request);
    let answering = route.call(request);
    tokio::spawn(async move {
        let Ok(response) = answering.await;
        if response.status() == StatusCode::NOT_MODIFIED {
            again.confirmed(&head, response.headers());
        }
        // Kept while it is read.
        let mut body = response.into_body();
        while let Some(Ok(_)) = body.frame().await {}
        drop(again);
    });
}
