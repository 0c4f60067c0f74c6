//! Answers to requests that are the client's own mistake: no cause, no tag, no backend involved.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::request_id::X_REQUEST_ID;

/// Why a request for which no route exists is answered with 404.
pub(crate) const NO_ROUTE: &str = "No route leads from this host, path and method to a pool.";

static PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");
static GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// A problem document (RFC 9457) without a type of its own.
#[derive(Debug, Serialize)]
struct Problem<'a> {
    title: &'a str,
    status: u16,
    detail: &'a str,
    request_id: &'a str,
}

/// An answer with `status` that explains itself in one sentence.
pub(crate) fn with(
    status: StatusCode,
    detail: &str,
    request_id: &HeaderValue,
    proxy_status: Option<&HeaderValue>,
) -> Response<Bytes> {
    let problem = Problem {
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail,
        request_id: request_id.to_str().unwrap_or_default(),
    };
    // Strings and a number: serializing cannot fail, and an empty body would still be an answer.
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let kind = HeaderValue::from_static("application/problem+json");
    let mut response = answer(kind, request_id, proxy_status);
    *response.status_mut() = status;
    *response.body_mut() = Bytes::from(body);
    response
}

/// The same for a gRPC call: trailers-only, HTTP 200, and the code that gRPC's own mapping from HTTP
/// gives to `status`.
pub(crate) fn grpc(
    status: StatusCode,
    detail: &str,
    request_id: &HeaderValue,
    proxy_status: Option<&HeaderValue>,
) -> Response<Bytes> {
    let kind = HeaderValue::from_static("application/grpc");
    let mut response = answer(kind, request_id, proxy_status);
    let headers = response.headers_mut();
    headers.insert(soe503::grpc::STATUS, HeaderValue::from(code(status)));
    // Our own sentences: plain ASCII, and nothing that the protocol wants percent-encoded.
    if let Ok(detail) = HeaderValue::from_str(detail) {
        headers.insert(GRPC_MESSAGE.clone(), detail);
    }
    response
}

/// `http-grpc-status-mapping` of the gRPC documentation.
fn code(status: StatusCode) -> u16 {
    match status.as_u16() {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    }
}

/// What all of them have in common.
fn answer(
    kind: HeaderValue,
    request_id: &HeaderValue,
    proxy_status: Option<&HeaderValue>,
) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_REQUEST_ID.clone(), request_id.clone());
    if let Some(member) = proxy_status {
        headers.insert(PROXY_STATUS.clone(), member.clone());
    }
    response
}
