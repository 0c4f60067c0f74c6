//! Spans as OTLP has them: `ExportTraceServiceRequest`, with the names of OpenTelemetry's HTTP semantics.

use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, Method, Version};
use soe503_core::Tick;

use super::protobuf::Writer;
use super::span::{ClientSpan, Trace};
use super::{SpanId, TraceId};
use crate::config;
use crate::control::clock::Anchor;
use crate::state::Origin;

/// The version of the semantic conventions whose names are used.
const SCHEMA: &str = "https://opentelemetry.io/schemas/1.44.0";

/// `SpanKind` of trace.proto.
const SERVER: u64 = 2;
const CLIENT: u64 = 3;
/// `Status.code` of trace.proto.
const ERROR: u64 = 2;
/// `SpanFlags` of trace.proto: the trace flag `sampled`; whether the parent was of another process is known; it was.
const SAMPLED: u32 = 0x1;
const KNOWS_REMOTE: u32 = 0x100;
const REMOTE: u32 = 0x200;
/// A longer `tracestate` is not told, in bytes.
const LONGEST_STATE: usize = 512;

/// What is the same for all batches.
#[derive(Clone, Debug)]
pub(super) struct Resource(Vec<(String, String)>);

/// Writes attributes, which are field `field` of a message.
struct Attributes<'a> {
    out: &'a mut Writer,
    field: u32,
}

impl Resource {
    /// Who sends: `settings`, and what is known anyway. What is configured has the last word.
    pub(super) fn new(settings: &config::Traces, instance: &str) -> Self {
        let mut all: Vec<(String, String)> = [
            ("service.name", &*settings.service_name),
            ("service.version", env!("CARGO_PKG_VERSION")),
            ("service.instance.id", instance),
            ("telemetry.sdk.name", "soe503"),
            ("telemetry.sdk.language", "rust"),
            ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
        for (key, value) in &settings.resource_attributes {
            all.retain(|(known, _)| *known != **key);
            all.push((key.to_string(), value.to_string()));
        }
        Self(all)
    }
}

/// The request that exports `batch`. `anchor` turns ticks into dates.
pub(super) fn request(
    resource: &Resource,
    batch: &[Trace],
    user_agent: bool,
    anchor: Anchor,
) -> Vec<u8> {
    let mut out = Writer::default();
    out.message(1, |spans| {
        spans.message(1, |out| {
            let mut attributes = Attributes { out, field: 1 };
            for (key, value) in &resource.0 {
                attributes.text(key, value);
            }
        });
        spans.message(2, |scope| {
            scope.message(1, |out| {
                out.text(1, "soe503");
                out.text(2, env!("CARGO_PKG_VERSION"));
            });
            for trace in batch {
                scope.message(2, |out| server(out, trace, user_agent, anchor));
                for attempt in &trace.attempts {
                    scope.message(2, |out| client(out, trace, attempt, anchor));
                }
            }
            scope.text(3, SCHEMA);
        });
        spans.text(3, SCHEMA);
    });
    out.into_bytes()
}

fn server(out: &mut Writer, trace: &Trace, user_agent: bool, anchor: Anchor) {
    let (method, original) = method(&trace.asked.method);
    let name = match &trace.route {
        Some(route) => format!("{method} {route}"),
        None => method.to_owned(),
    };
    head(
        out,
        trace,
        trace.span,
        trace.parent,
        (name.as_str(), SERVER),
    );
    times(out, anchor, trace.started, trace.ended);
    let (host, finish) = (trace.asked.host.as_ref(), &trace.finish);
    let mut to = Attributes { out, field: 9 };
    to.text("http.request.method", method);
    to.maybe("http.request.method_original", original);
    to.text("url.scheme", scheme(trace.secure));
    to.maybe(
        "url.path",
        trace.asked.target.as_ref().map(PathAndQuery::path),
    );
    to.maybe("http.route", trace.route.as_deref());
    to.server(host);
    to.text("network.protocol.name", "http");
    to.maybe("network.protocol.version", protocol(trace.version));
    if let Some(status) = finish.status {
        to.number("http.response.status_code", status.into());
    }
    if user_agent && let Some(agent) = &trace.asked.user_agent {
        to.text(
            "user_agent.original",
            &String::from_utf8_lossy(agent.as_bytes()),
        );
    }
    let cause = trace.cause.map(soe503_core::Cause::id);
    let status = finish.status.map(|status| status.to_string());
    if trace.failed {
        to.maybe("error.type", cause.or(status.as_deref()));
    }
    to.maybe("soe503.cause", cause);
    to.maybe("soe503.root_cause", trace.root.map(soe503_core::Cause::id));
    to.maybe("soe503.incident_id", trace.incident.as_deref());
    to.maybe("soe503.pool", trace.pool.as_deref());
    to.number("soe503.attempts", finish.attempts.into());
    let id = trace.asked.request_id.as_ref();
    to.maybe("soe503.request_id", id.and_then(|id| id.to_str().ok()));
    if finish.status.is_some() {
        to.text("soe503.origin", Origin::id(finish.origin));
    }
    if finish.prevented {
        to.flag("soe503.prevented", true);
    }
    to.maybe("soe503.degraded", finish.degraded.map(|how| how.as_str()));
    if trace.failed {
        error(out);
    }
    flags(out, trace.sampled, trace.parent.is_some());
}

fn client(out: &mut Writer, trace: &Trace, attempt: &ClientSpan, anchor: Anchor) {
    let (method, original) = method(&trace.asked.method);
    head(out, trace, attempt.span, Some(trace.span), (method, CLIENT));
    let ended = attempt.started.after(attempt.took);
    times(out, anchor, attempt.started, ended);
    let address = attempt.address.map(|address| address.to_string());
    let named = attempt.host.as_ref().and_then(|host| host.to_str().ok());
    let mut to = Attributes { out, field: 9 };
    to.text("http.request.method", method);
    to.maybe("http.request.method_original", original);
    match (&attempt.host, attempt.address) {
        (Some(host), _) => to.server(Some(host)),
        (None, Some(address)) => {
            to.text("server.address", &address.ip().to_string());
            to.number("server.port", address.port().into());
        }
        (None, None) => {}
    }
    if let Some(authority) = named.or(address.as_deref()) {
        let path = trace.asked.target.as_ref().map_or("/", PathAndQuery::path);
        let scheme = scheme(attempt.secure.unwrap_or_default());
        to.text("url.full", &format!("{scheme}://{authority}{path}"));
    }
    if let Some(address) = attempt.address {
        to.text("network.peer.address", &address.ip().to_string());
        to.number("network.peer.port", address.port().into());
    }
    if let Some(again) = attempt.number.checked_sub(1).filter(|again| *again > 0) {
        to.number("http.request.resend_count", again.into());
    }
    if let Some(status) = attempt.status {
        to.number("http.response.status_code", status.into());
    }
    let status = attempt.status.filter(|status| *status >= 400);
    let failed = attempt.cause.is_some() || status.is_some();
    if failed {
        let status = status.map(|status| status.to_string());
        let cause = attempt.cause.map(soe503_core::Cause::id);
        to.maybe("error.type", cause.or(status.as_deref()));
    }
    to.maybe("soe503.backend", attempt.backend.as_deref());
    if attempt.hedge {
        to.flag("soe503.hedge", true);
    }
    if attempt.cancelled {
        to.flag("soe503.cancelled", true);
    }
    if failed {
        error(out);
    }
    flags(out, trace.sampled, false);
}

/// What all spans begin with.
fn head(
    out: &mut Writer,
    trace: &Trace,
    span: SpanId,
    parent: Option<SpanId>,
    (name, kind): (&str, u64),
) {
    out.bytes(1, &TraceId::to_bytes(trace.trace));
    out.bytes(2, &span.to_bytes());
    let state = trace.state.as_ref().and_then(|state| state.to_str().ok());
    if let Some(state) = state.filter(|state| state.len() <= LONGEST_STATE) {
        out.text(3, state);
    }
    if let Some(parent) = parent {
        out.bytes(4, &parent.to_bytes());
    }
    out.text(5, name);
    out.number(6, kind);
}

fn times(out: &mut Writer, anchor: Anchor, started: Tick, ended: Tick) {
    let nanos = |tick| u64::try_from(anchor.unix(tick).as_nanos()).unwrap_or(u64::MAX);
    out.fixed64(7, nanos(started));
    out.fixed64(8, nanos(ended.max(started)));
}

fn error(out: &mut Writer) {
    out.message(15, |status| status.number(3, ERROR));
}

fn flags(out: &mut Writer, sampled: bool, remote: bool) {
    let sampled = if sampled { SAMPLED } else { 0 };
    let remote = if remote { REMOTE } else { 0 };
    out.fixed32(16, KNOWS_REMOTE | sampled | remote);
}

/// As it may stand in an attribute: few values; and what it was, if it is none of those.
fn method(method: &Method) -> (&str, Option<&str>) {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "CONNECT" | "OPTIONS" | "TRACE"
        | "PATCH" | "QUERY") => (known, None),
        other => ("_OTHER", Some(other)),
    }
}

const fn scheme(secure: bool) -> &'static str {
    if secure { "https" } else { "http" }
}

fn protocol(version: Version) -> Option<&'static str> {
    Some(match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_11 => "1.1",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => return None,
    })
}

// === impl Attributes ===

impl Attributes<'_> {
    fn value(&mut self, key: &str, value: impl FnOnce(&mut Writer)) {
        self.out.message(self.field, |out| {
            out.text(1, key);
            out.message(2, value);
        });
    }

    fn text(&mut self, key: &str, text: &str) {
        self.value(key, |out| out.text(1, text));
    }

    fn maybe(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    fn flag(&mut self, key: &str, flag: bool) {
        self.value(key, |out| out.number(2, u64::from(flag)));
    }

    fn number(&mut self, key: &str, number: u64) {
        self.value(key, |out| out.number(3, number));
    }

    /// `server.address` and `server.port` of a host and its port.
    fn server(&mut self, host: Option<&HeaderValue>) {
        let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
        if let Some(authority) = authority {
            let name = authority.host();
            let bare = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
            self.text("server.address", bare.unwrap_or(name));
            if let Some(port) = authority.port_u16() {
                self.number("server.port", port.into());
            }
        }
    }
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
