//! gRPC's trailers-only answer: HTTP 200, `grpc-status` in the headers, no body.

use core::fmt::Write;

use super::problem::Problem;
use super::{Telling, grpc_details};
use crate::cause::Cause;
use crate::ledger::{Fault, TimeoutKind};

/// `DEADLINE_EXCEEDED`.
const DEADLINE_EXCEEDED: u8 = 4;
/// `RESOURCE_EXHAUSTED`: the caller's own limit.
const RESOURCE_EXHAUSTED: u8 = 8;
/// `INTERNAL`: a bug of ours.
const INTERNAL: u8 = 13;
/// `UNAVAILABLE`: what clients' retry policies list.
const UNAVAILABLE: u8 = 14;

/// The headers that make an answer gRPC's.
pub(super) fn headers(telling: &Telling<'_>, problem: &Problem) -> [(&'static str, String); 4] {
    let status = status(telling, problem.status);
    // A client waits exactly this long; a negative number forbids to come back (proposal A6).
    let pushback = match telling.retry_after {
        Some(seconds) => (i64::from(seconds) * 1000).min(i64::from(i32::MAX)),
        None => -1,
    };
    [
        ("grpc-status", status.to_string()),
        (
            "grpc-message",
            percent(&format!("{}: {}", problem.cause, problem.detail)),
        ),
        ("grpc-retry-pushback-ms", pushback.to_string()),
        (
            "grpc-status-details-bin",
            grpc_details::value(telling, problem, status),
        ),
    ]
}

/// The code for an answer that would be `plain` in HTTP. A deadline that passed is one wherever the
/// request was at that moment.
fn status(telling: &Telling<'_>, plain: u16) -> u8 {
    let diagnosis = telling.diagnosis;
    let overdue = matches!(diagnosis.fault, Some(Fault::Timeout(TimeoutKind::Total)));
    match plain {
        429 => RESOURCE_EXHAUSTED,
        500 => INTERNAL,
        _ if overdue || diagnosis.primary == Cause::DependencyResponseTimeout => DEADLINE_EXCEEDED,
        _ => UNAVAILABLE,
    }
}

/// `Percent-Encoded` of the gRPC protocol: visible ASCII and spaces but `%`.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' | 0..=0x1f | 0x7f..=0xff => {
                let _ = write!(out, "%{byte:02X}");
            }
            _ => out.push(char::from(byte)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_percent_encoded() {
        assert_eq!(percent("a b: 50 % ü\r\n"), "a b: 50 %25 %C3%BC%0D%0A");
    }
}
