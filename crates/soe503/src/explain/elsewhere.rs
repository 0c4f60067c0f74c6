//! An answer of another pool than the one that was meant.

use http::{HeaderValue, Response};
use soe503_core::Tick;
use soe503_core::explain::{append, tell_headers};

use super::asked::Asked;
use super::explainer::Explainer;
use super::instead::DEGRADED;
use super::keep::Degraded;
use super::passed::{PROXY_STATUS, disown, members};
use super::told::{Found, field};
use crate::clock;
use crate::served::FailedOver;

/// Marks `response` if another pool has given it, with what the first failed with, and records that.
/// `false`: it is the first pool's.
pub(super) fn on<B>(
    response: &mut Response<B>,
    explainer: &Explainer,
    asked: &Asked,
    started: Tick,
) -> bool {
    // A plain success carries nothing.
    if response.extensions().is_empty() {
        return false;
    }
    let Some(over) = response.extensions_mut().remove::<FailedOver>() else {
        return false;
    };
    let now = clock::now();
    let times = (started, now);
    let found = Found::new(&over.why, explainer, asked, times);
    let telling = found.telling(explainer, asked, now.since(started));
    let at_unix = telling.at_unix;
    disown(response);
    for (name, value) in tell_headers(&telling) {
        let Some(mut value) = field(value) else {
            continue;
        };
        if name == PROXY_STATUS {
            let ours = value.to_str().unwrap_or_default();
            let all = append(Some(&members(response)), ours);
            value = HeaderValue::try_from(all).unwrap_or(value);
        }
        match name {
            // The backend's own word goes first.
            "x-request-id" => drop(response.headers_mut().entry(name).or_insert(value)),
            // A list, to which each hop adds.
            "server-timing" => drop(response.headers_mut().append(name, value)),
            _ => drop(response.headers_mut().insert(name, value)),
        }
    }
    let mark = HeaderValue::from_static(Degraded::Failover.as_str());
    response.headers_mut().insert(DEGRADED.clone(), mark);
    response.extensions_mut().insert(Degraded::Failover);
    let status = response.status().as_u16();
    found.record(explainer, asked, status, (None, at_unix), times);
    true
}
