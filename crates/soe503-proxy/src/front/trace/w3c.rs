//! `traceparent` (W3C Trace Context, Level 1): the trace that a request belongs to.
//!
//! A request of a trace gets a span of its own for this hop: the trace's id and flags stay, the
//! parent's id is new. A request without one, or with one that is not valid, begins a trace, which
//! is marked as sampled: services behind us that sample "as the parent does" would otherwise drop
//! what they record today.

use http::header::{Entry, HeaderName};
use http::{HeaderMap, HeaderValue};

use super::context::{Context, Decision, Told, hex};
use crate::front::request_id::hexadecimal;
use crate::traces::{SpanId, TraceId};

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
static TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits.
const LENGTH: usize = 55;
const TRACE: std::ops::Range<usize> = 3..35;
const PARENT: std::ops::Range<usize> = 36..52;
const FLAGS: std::ops::Range<usize> = 53..55;

/// Extends the trace of a request, or begins one.
pub(in crate::front) fn extend(headers: &mut HeaderMap) {
    match headers.entry(&TRACEPARENT) {
        Entry::Vacant(vacant) => {
            vacant.insert(begun());
        }
        Entry::Occupied(mut occupied) => {
            let one = occupied.iter().nth(1).is_none();
            let extended = one.then(|| extended(occupied.get().as_bytes())).flatten();
            let valid = extended.is_some();
            occupied.insert(extended.unwrap_or_else(begun));
            // The state belongs to the trace that is no more (§3.3.1).
            if !valid {
                headers.remove(&TRACESTATE);
            }
        }
    }
}

/// The id of the trace that a `traceparent` names; `None` if it is not valid.
pub(in crate::front) fn id(parent: &HeaderValue) -> Option<u128> {
    let digits = &valid(parent.as_bytes())?[TRACE];
    u128::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The trace that a request's `traceparent` names, if it is there once and valid.
pub(in crate::front) fn named(headers: &HeaderMap) -> Option<TraceId> {
    let mut all = headers.get_all(&TRACEPARENT).iter();
    let first = all.next().filter(|_| all.next().is_none())?;
    TraceId::new(id(first)?)
}

/// What `traceparent` says, if it is there once and valid.
pub(super) fn extract(headers: &HeaderMap) -> Option<Context> {
    let mut all = headers.get_all(&TRACEPARENT).iter();
    let first = all.next().filter(|_| all.next().is_none())?;
    let first = valid(first.as_bytes())?;
    let trace = TraceId::new(hex(&first[TRACE])?)?;
    let span = SpanId::new(u64::try_from(hex(&first[PARENT])?).ok()?)?;
    let decision = match is_sampled(first) {
        true => Decision::Yes,
        false => Decision::No,
    };
    Some(Context {
        ids: Some((trace, span)),
        decision,
    })
}

/// Writes `traceparent`.
pub(super) fn inject(headers: &mut HeaderMap, told: Told) {
    let mut own = *b"00-00000000000000000000000000000000-0000000000000000-00";
    let (high, low) = told.trace.halves();
    own[3..19].copy_from_slice(&hexadecimal(high));
    own[19..35].copy_from_slice(&hexadecimal(low));
    own[PARENT].copy_from_slice(&hexadecimal(told.span.get()));
    if told.decision.sampled() == Some(true) {
        own[FLAGS].copy_from_slice(b"01");
    }
    // Digits and dashes only.
    if let Ok(value) = HeaderValue::from_bytes(&own) {
        headers.insert(&TRACEPARENT, value);
    }
}

/// Takes `traceparent` out, and `tracestate` unless the trace that it belongs to goes on (§3.3.1).
pub(super) fn clear(headers: &mut HeaderMap, goes_on: bool) {
    headers.remove(&TRACEPARENT);
    if !goes_on {
        headers.remove(&TRACESTATE);
    }
}

/// `tracestate`, where it is one field.
pub(super) fn state(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut all = headers.get_all(&TRACESTATE).iter();
    let first = all.next()?;
    all.next().is_none().then(|| first.clone())
}

/// Its first members, if it is valid (§3.2.2).
fn valid(parent: &[u8]) -> Option<&[u8; LENGTH]> {
    let first: &[u8; LENGTH] = parent.first_chunk()?;
    let version = &first[..2];
    let digits = |range: std::ops::Range<usize>| {
        let digit = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        first[range].iter().all(digit)
    };
    let some = |range: std::ops::Range<usize>| first[range].iter().any(|b| *b != b'0');
    let dashes = [2, 35, 52].iter().all(|at| first[*at] == b'-');
    // A later version may have more members, behind a dash (§3.2.4); ff is none.
    let length = match version {
        b"00" => parent.len() == LENGTH,
        b"ff" => false,
        _ => parent.get(LENGTH).is_none_or(|next| *next == b'-'),
    };
    let valid = dashes
        && length
        && digits(0..2)
        && [TRACE, PARENT, FLAGS].into_iter().all(digits)
        && some(TRACE)
        && some(PARENT);
    valid.then_some(first)
}

/// `parent` with a new span; `None` if it is not valid.
fn extended(parent: &[u8]) -> Option<HeaderValue> {
    let mut own = *valid(parent)?;
    // We speak version 00, of whose flags there is one: sampled.
    own[..2].copy_from_slice(b"00");
    let sampled = is_sampled(&own);
    own[FLAGS].copy_from_slice(if sampled { b"01" } else { b"00" });
    Some(written(own))
}

/// The lowest of the flags.
const fn is_sampled(valid: &[u8; LENGTH]) -> bool {
    matches!(
        valid[54],
        b'1' | b'3' | b'5' | b'7' | b'9' | b'b' | b'd' | b'f'
    )
}

/// The first span of a new trace.
fn begun() -> HeaderValue {
    let mut own = *b"00-00000000000000000000000000000000-0000000000000000-01";
    own[3..19].copy_from_slice(&hexadecimal(random()));
    own[19..35].copy_from_slice(&hexadecimal(random()));
    written(own)
}

/// With a new span.
fn written(mut own: [u8; LENGTH]) -> HeaderValue {
    own[PARENT].copy_from_slice(&hexadecimal(random()));
    // Digits and dashes only.
    HeaderValue::from_bytes(&own).unwrap_or(HeaderValue::from_static("-"))
}

/// Never all zeros, which is no id.
fn random() -> u64 {
    fastrand::u64(1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn after(given: &[&str]) -> (String, bool) {
        let mut headers = HeaderMap::new();
        for value in given {
            headers.append(&TRACEPARENT, HeaderValue::from_str(value).unwrap());
        }
        headers.insert(&TRACESTATE, HeaderValue::from_static("a=b"));
        extend(&mut headers);
        assert_eq!(headers.get_all(&TRACEPARENT).iter().count(), 1);
        let value = headers[&TRACEPARENT].to_str().unwrap().to_owned();
        assert!(extended(value.as_bytes()).is_some(), "{value} is valid");
        (value, headers.contains_key(&TRACESTATE))
    }

    #[test]
    fn a_valid_parent_is_kept_with_a_new_span() {
        for (given, flags) in [
            (format!("00-{ID}-00f067aa0ba902b7-01"), "01"),
            (format!("00-{ID}-00f067aa0ba902b7-00"), "00"),
            (format!("00-{ID}-00f067aa0ba902b7-03"), "01"),
            (format!("01-{ID}-00f067aa0ba902b7-02"), "00"),
            (format!("cc-{ID}-00f067aa0ba902b7-01-what-will-be"), "01"),
        ] {
            let (value, state) = after(&[&given]);
            assert!(
                value.starts_with(&format!("00-{ID}-")),
                "{given} -> {value}"
            );
            assert!(!value.contains("00f067aa0ba902b7"), "{value}");
            let told = id(&HeaderValue::from_str(&value).unwrap()).map(|id| format!("{id:032x}"));
            assert_eq!(told.as_deref(), Some(ID));
            assert!(value.ends_with(&format!("-{flags}")), "{given} -> {value}");
            assert!(state, "tracestate stays");
        }
    }

    #[test]
    fn anything_else_begins_a_trace() {
        for given in [
            "",
            "00",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        ] {
            let (value, state) = after(&[given]);
            assert!(!value.contains(ID), "{given} -> {value}");
            assert!(value.ends_with("-01") && !state, "{given} -> {value}");
            assert_eq!(id(&HeaderValue::from_str(given).unwrap()), None, "{given}");
        }
        let valid = format!("00-{ID}-00f067aa0ba902b7-01");
        assert!(!after(&[&valid, &valid]).0.contains(ID), "two are none");
        let mut headers = HeaderMap::new();
        extend(&mut headers);
        assert!(extended(headers[&TRACEPARENT].as_bytes()).is_some());
    }
}
