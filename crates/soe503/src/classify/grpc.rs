//! Statuses of gRPC.

use http::{HeaderMap, HeaderValue};
use soe503_core::{Cause, Outcome, diagnosis};

use crate::grpc;
pub(super) use crate::grpc::STATUS;

/// `RESOURCE_EXHAUSTED`.
const RESOURCE_EXHAUSTED: u32 = 8;

/// What a `grpc-status` means. One that is no number is a broken answer.
pub(super) fn outcome(status: &HeaderValue) -> Outcome {
    let Some(code) = grpc::code(status) else {
        return Outcome::failure(Cause::DependencyInvalidResponse);
    };
    match diagnosis::grpc(code) {
        Some(cause) if code == RESOURCE_EXHAUSTED => Outcome::degraded(cause),
        Some(cause) => Outcome::failure(cause),
        None => Outcome::SUCCESS,
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
