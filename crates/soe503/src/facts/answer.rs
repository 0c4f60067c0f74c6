//! The facts in a response's head.

use http::{HeaderMap, HeaderName, Response, header};
use soe503_core::Tick;
use soe503_core::diagnosis;
use soe503_core::explain::is_ours;
use soe503_core::hops::{self, Below};
use soe503_core::ledger::{Attempt, Fault, Nested, Phase};
use soe503_core::retry;

use crate::clock;
use crate::grpc;
use crate::served::Served;

const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");
const SOE_CAUSE: HeaderName = HeaderName::from_static("soe-cause");
const ENVOY_OVERLOADED: HeaderName = HeaderName::from_static("x-envoy-overloaded");

/// The attempt that ended in `response`, taken as a failure: its status and what its headers say
/// about it. A service below that knows more inserts an [`Attempt`] as a response extension.
///
/// Another proxy's explanation in the headers is a claim, unless that service has marked it
/// trusted.
pub fn answered<B>(response: &Response<B>, number: u8, started: Tick, now: Tick) -> Attempt {
    let status = response.status().as_u16();
    let headers = response.headers();
    let extensions = response.extensions();
    let told = extensions.get::<Attempt>().cloned();
    let mut attempt = told.unwrap_or_else(|| Attempt::begin(number, started));
    attempt.number = number;
    attempt.phase = Phase::Done;
    attempt.status = Some(status);
    attempt.fault = Some(match grpc::trailers_only(response) {
        Some(code) if response.status().is_success() => Fault::Grpc(code),
        _ => Fault::Status(status),
    });
    attempt.elapsed = now.since(started);
    attempt.retry_after = retry_after(headers).or_else(|| grpc::pushback(headers));
    attempt.overloaded |= headers.contains_key(ENVOY_OVERLOADED);
    if attempt.nested.is_none() {
        attempt.nested = nested(headers, false).map(Box::new);
    }
    if let Some(served) = extensions.get::<Served>() {
        attempt.backend.clone_from(&served.backend);
        attempt.address.clone_from(&served.address);
    }
    attempt
}

fn retry_after(headers: &HeaderMap) -> Option<std::time::Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    retry::parse_retry_after(value, clock::unix_seconds())
}

/// The last line of a field that was sent in several is not the whole; then nothing is claimed.
fn nested(headers: &HeaderMap, trusted: bool) -> Option<Nested> {
    let single = |name: HeaderName| {
        let mut lines = headers.get_all(name).into_iter();
        let line = lines.next()?.to_str().ok()?;
        lines.next().is_none().then_some(line)
    };
    diagnosis::nested(single(PROXY_STATUS), single(SOE_CAUSE), trusted)
}

/// Takes over what the head of a failed answer says about the attempts of the proxy that it came from, and
/// about the failure's cause. For those who know that the backend is a proxy whose word counts.
pub fn of_proxy(headers: &HeaderMap, attempt: &mut Attempt) {
    let told = headers
        .get(hops::ATTEMPTS)
        .and_then(|text| text.to_str().ok());
    attempt.below = told.and_then(Below::parse);
    attempt.nested = nested(headers, true).map(Box::new);
}

/// Takes out of the head of an answer what only a proxy of ours may say ([`is_ours`]): it comes from a backend
/// that is none, or is not known to be one. What it claims about a failure stays with the `attempt` that failed,
/// as a claim.
pub fn of_stranger(headers: &mut HeaderMap, attempt: Option<&mut Attempt>) {
    if let Some(attempt) = attempt
        && attempt.nested.is_none()
    {
        attempt.nested = nested(headers, false).map(Box::new);
    }
    let names: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_ours(name.as_str()))
        .cloned()
        .collect();
    for name in names {
        headers.remove(name);
    }
}
