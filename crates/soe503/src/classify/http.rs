use http::{HeaderMap, Response, StatusCode};

use super::{Classify, Head, grpc};
use crate::grpc::is_grpc;

/// The default: statuses as in row S1 of the semantics, gRPC statuses where the content type is
/// gRPC's.
///
/// | answer | verdict |
/// | --- | --- |
/// | below 500 but 429; 501; 505 | success, if the body arrives |
/// | 429 | degraded |
/// | 500, 502, 503, 504, other 5xx | failure |
/// | `grpc-status` 4, 13, 14, 15 (deadline, internal, unavailable, data loss) | failure |
/// | `grpc-status` 8 (resource exhausted) | degraded |
/// | any other `grpc-status` | success |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HttpClassify;

impl Classify for HttpClassify {
    #[inline]
    fn head<B>(&self, response: &Response<B>) -> Head {
        let status = response.status();
        if is_fine(status) {
            by_headers(response.headers())
        } else {
            Head::Judge
        }
    }
}

/// 501 and 505 are answers about the request, not signs of a sickness.
fn is_fine(status: StatusCode) -> bool {
    match status.as_u16() {
        429 => false,
        501 | 505 => true,
        code => code < 500,
    }
}

fn by_headers(headers: &HeaderMap) -> Head {
    if !is_grpc(headers) {
        return Head::AtEnd;
    }
    // A "trailers-only" response carries its status in the head.
    match headers.get(grpc::STATUS) {
        Some(status) => Head::Decided(grpc::outcome(status)),
        None => Head::AtTrailers,
    }
}
