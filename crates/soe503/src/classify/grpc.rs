//! Statuses of gRPC.

use http::{HeaderMap, HeaderName, HeaderValue};
use soe503_core::{Cause, Outcome};

pub(super) const STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// What a `grpc-status` means. One that is no number is a broken answer.
pub(super) fn outcome(status: &HeaderValue) -> Outcome {
    let code = status
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse::<u32>().ok());
    match code {
        Some(4) => Outcome::failure(Cause::DependencyResponseTimeout),
        Some(8) => Outcome::degraded(Cause::OverloadUpstreamShedding),
        Some(13 | 15) => Outcome::failure(Cause::DependencyUpstreamError),
        Some(14) => Outcome::failure(Cause::DependencyUpstream503),
        Some(_) => Outcome::SUCCESS,
        None => Outcome::failure(Cause::DependencyInvalidResponse),
    }
}

/// What the end of a gRPC response means. Trailers get lost in proxies that do not know them, so
/// their absence proves nothing; a stream that breaks off ends in an error instead.
pub(super) fn trailers(trailers: Option<&HeaderMap>) -> Outcome {
    match trailers.and_then(|trailers| trailers.get(STATUS)) {
        Some(status) => outcome(status),
        None => Outcome::SUCCESS,
    }
}
