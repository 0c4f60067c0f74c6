//! B3, Zipkin's format (<https://github.com/openzipkin/b3-propagation>): one field, or one for each part.

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

use super::context::{Context, Decision, Told, hex};
use crate::front::request_id::hexadecimal;
use crate::traces::{SpanId, TraceId};

static B3: HeaderName = HeaderName::from_static("b3");
static TRACE_ID: HeaderName = HeaderName::from_static("x-b3-traceid");
static SPAN_ID: HeaderName = HeaderName::from_static("x-b3-spanid");
static PARENT_SPAN_ID: HeaderName = HeaderName::from_static("x-b3-parentspanid");
static SAMPLED: HeaderName = HeaderName::from_static("x-b3-sampled");
static FLAGS: HeaderName = HeaderName::from_static("x-b3-flags");

/// `TRACE-SPAN[-STATE[-PARENT]]`, or only the state.
pub(super) fn extract_single(headers: &HeaderMap) -> Option<Context> {
    let value = one(headers, &B3)?;
    let mut parts = value.split(|b| *b == b'-');
    let (first, second) = (parts.next()?, parts.next());
    let Some(span) = second else {
        let decision = state(first)?;
        return Some(Context {
            ids: None,
            decision,
        });
    };
    let decision = match parts.next() {
        Some(said) => state(said)?,
        None => Decision::Deferred,
    };
    // The caller's own parent: of no use to us, but it has to be one.
    if let Some(parent) = parts.next() {
        span_id(parent)?;
    }
    let ids = Some((trace_id(first)?, span_id(span)?));
    parts.next().is_none().then_some(Context { ids, decision })
}

/// `X-B3-TraceId`, `X-B3-SpanId`, `X-B3-Sampled` and `X-B3-Flags`.
pub(super) fn extract_multi(headers: &HeaderMap) -> Option<Context> {
    let debug = one(headers, &FLAGS) == Some(b"1".as_slice());
    let decision = match one(headers, &SAMPLED) {
        _ if debug => Decision::Debug,
        // Older implementations write words.
        Some(b"1" | b"true") => Decision::Yes,
        Some(b"0" | b"false") => Decision::No,
        _ => Decision::Deferred,
    };
    let ids = match (one(headers, &TRACE_ID), one(headers, &SPAN_ID)) {
        (Some(trace), Some(span)) => Some((trace_id(trace)?, span_id(span)?)),
        _ => None,
    };
    (ids.is_some() || decision != Decision::Deferred).then_some(Context { ids, decision })
}

pub(super) fn inject_single(headers: &mut HeaderMap, told: Told) {
    let mut text = *b"00000000000000000000000000000000-0000000000000000-0";
    write_trace(&mut text[..32], told.trace);
    text[33..49].copy_from_slice(&hexadecimal(told.span.get()));
    text[50] = match told.decision {
        Decision::Debug => b'd',
        Decision::Yes => b'1',
        Decision::No => b'0',
        Decision::Deferred => return insert(headers, &B3, &text[..49]),
    };
    insert(headers, &B3, &text);
}

/// The parent's span is not told: it is the next one's own affair.
pub(super) fn inject_multi(headers: &mut HeaderMap, told: Told) {
    clear_multi(headers);
    let mut trace = [0; 32];
    write_trace(&mut trace, told.trace);
    insert(headers, &TRACE_ID, &trace);
    insert(headers, &SPAN_ID, &hexadecimal(told.span.get()));
    match told.decision {
        Decision::Debug => insert(headers, &FLAGS, b"1"),
        Decision::Yes => insert(headers, &SAMPLED, b"1"),
        Decision::No => insert(headers, &SAMPLED, b"0"),
        Decision::Deferred => {}
    }
}

pub(super) fn clear_single(headers: &mut HeaderMap) {
    headers.remove(&B3);
}

pub(super) fn clear_multi(headers: &mut HeaderMap) {
    for name in [&TRACE_ID, &SPAN_ID, &PARENT_SPAN_ID, &SAMPLED, &FLAGS] {
        headers.remove(name);
    }
}

fn write_trace(out: &mut [u8], trace: TraceId) {
    let (high, low) = trace.halves();
    out[..16].copy_from_slice(&hexadecimal(high));
    out[16..].copy_from_slice(&hexadecimal(low));
}

/// `text` is digits and dashes.
fn insert(headers: &mut HeaderMap, name: &HeaderName, text: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(text) {
        headers.insert(name, value);
    }
}

/// The value of a field that is there once.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    all.next().is_none().then(|| first.as_bytes())
}

fn state(text: &[u8]) -> Option<Decision> {
    Some(match text {
        b"0" => Decision::No,
        b"1" => Decision::Yes,
        b"d" => Decision::Debug,
        _ => return None,
    })
}

/// 16 bytes, or 8, which are the lower ones.
fn trace_id(digits: &[u8]) -> Option<TraceId> {
    let length = matches!(digits.len(), 16 | 32);
    length.then(|| hex(digits)).flatten().and_then(TraceId::new)
}

fn span_id(digits: &[u8]) -> Option<SpanId> {
    let id = (digits.len() == 16).then(|| hex(digits)).flatten()?;
    SpanId::new(u64::try_from(id).ok()?)
}
