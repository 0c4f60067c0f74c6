//! What backends that are proxies are told about a request's attempts and time.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use soe503::{RequestContext, grpc};
use soe503_core::hops::{self, Handed};

use super::Upstream;

static HOP: HeaderName = HeaderName::from_static(hops::HOP);
static ENVOY_COUNT: HeaderName = HeaderName::from_static("x-envoy-attempt-count");
static ENVOY_TIMEOUT: HeaderName = HeaderName::from_static("x-envoy-expected-rq-timeout-ms");
static GRPC_PREVIOUS: HeaderName = HeaderName::from_static("grpc-previous-rpc-attempts");

/// What this hop keeps of the time, so that the answer of the next one, with its reasons, is back before we
/// give up ourselves: a twentieth, at most this.
const MARGIN: Duration = Duration::from_millis(20);

/// The fields for one attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telling {
    number: u8,
    handed: Handed,
}

impl Telling {
    /// For the attempt of the request with these `extensions`; `None` if `upstream` is no proxy.
    pub(super) fn to(upstream: &Upstream, extensions: &Extensions) -> Option<Self> {
        if !upstream.options().proxy {
            return None;
        }
        let context = extensions.get::<RequestContext>()?;
        let left = context.due().map(|due| due.since(context.now));
        Some(Self {
            number: context.number,
            handed: Handed {
                attempts: Some(context.allowance.lent()),
                timeout: left.map(|left| left.saturating_sub(MARGIN.min(left / 20))),
            },
        })
    }

    /// Writes them. Our own field has the last word; Envoy's and gRPC's say the same where those are used.
    pub(super) fn write(self, head: &mut Arc<Parts>) {
        let headers = &mut Arc::make_mut(head).headers;
        if let Ok(value) = HeaderValue::try_from(self.handed.to_text()) {
            headers.insert(&HOP, value);
        }
        headers.insert(&ENVOY_COUNT, u16::from(self.number).into());
        if let Some(left) = self.handed.timeout {
            let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
            headers.insert(&ENVOY_TIMEOUT, millis.into());
        }
        // gRFC A6: absent on the first.
        if self.number > 1 && grpc::is_grpc(headers) {
            headers.insert(&GRPC_PREVIOUS, u16::from(self.number - 1).into());
        }
    }
}

/// What the proxy before us hands on, by these fields of its request, where `own` attempts are configured.
pub(crate) fn handed(headers: &HeaderMap, own: u8) -> Handed {
    let text = |name: &HeaderName| headers.get(name)?.to_str().ok();
    let mut handed = text(&HOP).map(Handed::parse).unwrap_or_default();
    if handed.timeout.is_none() {
        let millis = text(&ENVOY_TIMEOUT).and_then(|text| text.parse().ok());
        handed.timeout = millis.map(Duration::from_millis);
    }
    // Those who speak our own field have counted already.
    if handed.attempts.is_some() {
        return handed;
    }
    handed.after(
        hops::spent_before(text(&GRPC_PREVIOUS), text(&ENVOY_COUNT)),
        own,
    )
}

/// Whether `name` is that of a field with which proxies and clients tell of attempts.
pub(crate) fn is_telling(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        hops::HOP
            | "x-envoy-attempt-count"
            | "x-envoy-expected-rq-timeout-ms"
            | "grpc-previous-rpc-attempts"
    )
}

/// Takes our field out: it was for us, or from somebody who has nothing to say here.
pub(crate) fn take_out(headers: &mut HeaderMap) {
    headers.remove(&HOP);
}
