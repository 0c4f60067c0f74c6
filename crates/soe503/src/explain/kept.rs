//! When good answers are kept, and when one of them is given.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body::Body;

use super::asked::Asked;
use super::explainer::Explainer;
use super::instead::DEGRADED;
use super::keep::{Degraded, Tape};

/// What tells about the failure, on the answer that is given instead of it.
const TELLING: [HeaderName; 5] = [
    HeaderName::from_static("soe-cause"),
    HeaderName::from_static("proxy-status"),
    HeaderName::from_static("soe-attempts"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("server-timing"),
];

/// Takes the body of `response` down, if somebody keeps it.
pub(super) fn tape<B: Body>(
    response: &Response<B>,
    explainer: &Explainer,
    asked: &Asked,
) -> Option<Box<dyn Tape>> {
    let keep = explainer.shared.keep.as_deref()?;
    let tape = keep.keep(asked.head()?, response.status(), response.headers())?;
    if response.body().is_end_stream() {
        // Nobody will poll it.
        tape.end();
        return None;
    }
    Some(tape)
}

/// An older answer instead of `failed`, which is a backend's own 5xx, or ours.
pub(super) fn instead<B>(
    failed: &Response<B>,
    explainer: &Explainer,
    asked: &Asked,
) -> Option<Response<Bytes>> {
    let keep = explainer.shared.keep.as_deref()?;
    if asked.is_background() {
        return None;
    }
    // RFC 5861 §4 names these four: the others say something about the request.
    if !matches!(
        failed.status(),
        StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    ) {
        return None;
    }
    let mut older = keep.recall(asked.head()?)?;
    let mark = HeaderValue::from_static(Degraded::Stale.as_str());
    older.headers_mut().insert(DEGRADED.clone(), mark);
    for name in TELLING {
        if let Some(value) = failed.headers().get(&name) {
            older.headers_mut().insert(name, value.clone());
        }
    }
    older.extensions_mut().clone_from(failed.extensions());
    older.extensions_mut().insert(Degraded::Stale);
    Some(older)
}
