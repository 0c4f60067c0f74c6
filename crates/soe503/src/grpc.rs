//! What gRPC says in HTTP's fields (its `PROTOCOL-HTTP2` and proposal A6).
//!
//! A gRPC answer is HTTP 200 whatever happened; the result is `grpc-status` in the trailers, or in the
//! head of an answer that has nothing else ("trailers-only"). A request says in `grpc-timeout` how
//! long its caller waits.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};

use crate::clock;
use crate::context::RequestContext;

/// The result's code.
pub const STATUS: HeaderName = HeaderName::from_static("grpc-status");
/// How long the caller waits.
pub const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// When the server wants to be asked again.
const PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

/// `UNAVAILABLE`.
const UNAVAILABLE: u32 = 14;
/// The most digits that the protocol allows.
const DIGITS: usize = 8;

/// `application/grpc`, with or without `+proto`. Not `application/grpc-web`, whose trailers are
/// part of the body.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    match value.as_bytes().strip_prefix(b"application/grpc") {
        Some(rest) => matches!(rest.first(), None | Some(b'+' | b';' | b' ')),
        None => false,
    }
}

/// The code of a trailers-only answer.
pub fn trailers_only<B>(response: &Response<B>) -> Option<u32> {
    // The field first: it is what other answers lack.
    let status = response.headers().get(STATUS)?;
    is_grpc(response.headers()).then(|| code(status))?
}

/// Whether the trailers of an answer say that all went well.
pub(crate) fn is_ok(trailers: Option<&HeaderMap>) -> bool {
    let status = trailers.and_then(|trailers| trailers.get(STATUS));
    status.and_then(code) == Some(0)
}

/// The code in a `grpc-status`, if it is a number.
pub(crate) fn code(status: &HeaderValue) -> Option<u32> {
    status.to_str().ok()?.trim().parse().ok()
}

/// The answer is a trailers-only `UNAVAILABLE`, and the server does not forbid to ask again. Nothing
/// of a message has been seen by anybody then.
pub(crate) fn is_unavailable<B>(response: &Response<B>) -> bool {
    trailers_only(response) == Some(UNAVAILABLE)
        && response
            .headers()
            .get(PUSHBACK)
            .is_none_or(|value| milliseconds(value).is_some())
}

/// How long the server wants to be left alone.
pub(crate) fn pushback(headers: &HeaderMap) -> Option<Duration> {
    headers.get(PUSHBACK).and_then(milliseconds)
}

/// A negative number, or none, means: do not come back.
fn milliseconds(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    Some(Duration::from_millis(u64::from(text.parse::<u32>().ok()?)))
}

/// How long the caller of a gRPC request waits in all. `None` where nothing is said, or nothing that
/// can be understood: at most eight digits and a unit of `HMSmun`.
pub fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(TIMEOUT)?.as_bytes();
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > DIGITS || !is_grpc(headers) {
        return None;
    }
    let mut number = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + u64::from(digit - b'0');
    }
    Some(match unit {
        b'H' => Duration::from_secs(number * 3600),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

/// `time` as the value of a `grpc-timeout`: in the finest unit that holds it, rounded up, at least
/// one nanosecond.
pub fn timeout_value(time: Duration) -> HeaderValue {
    let most = 10_u128.pow(8) - 1;
    let units = [
        (1, 'n'),
        (1_000, 'u'),
        (1_000_000, 'm'),
        (1_000_000_000, 'S'),
        (60_000_000_000, 'M'),
        (3_600_000_000_000, 'H'),
    ];
    let nanos = time.as_nanos().max(1);
    let (number, unit) = units
        .into_iter()
        .map(|(size, unit)| (nanos.div_ceil(size), unit))
        .find(|(number, _)| *number <= most)
        .unwrap_or((most, 'H'));
    // Digits and a letter are visible ASCII.
    HeaderValue::try_from(format!("{number}{unit}")).unwrap_or(HeaderValue::from_static("1n"))
}

/// Tells the service behind `request` how long its caller still waits: `grpc-timeout` becomes what is left of it now. Does
/// nothing to a request of which no gRPC caller has said how long (a tonic client's `Request::set_timeout`). The budget of
/// [`Timeout`](crate::Timeout) is not told: it is for the answer's head, and a stream may last longer.
///
/// For the innermost place of a client's stack, where each attempt passes with what is left for it:
///
/// ```
/// # use http::{Request, Response};
/// # use soe503::{TimeoutLayer, grpc};
/// # use tower::{ServiceBuilder, ServiceExt, service_fn};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let channel = service_fn(|call: Request<()>| async move {
/// #     assert_ne!(call.headers()["grpc-timeout"], "1S");
/// #     Ok::<_, std::io::Error>(Response::new(()))
/// # });
/// let client = ServiceBuilder::new()
///     .layer(TimeoutLayer::new(Duration::from_secs(2)))
///     .map_request(grpc::tell_deadline)
///     .service(channel);
/// # let call = Request::post("/shop.Cart/Add").header("content-type", "application/grpc").header("grpc-timeout", "1S").body(()).unwrap();
/// # client.oneshot(call).await.unwrap();
/// # }
/// ```
///
/// A deadline that has passed is told as one nanosecond.
pub fn tell_deadline<B>(mut request: Request<B>) -> Request<B> {
    let context = request.extensions().get::<RequestContext>();
    let deadline = context.and_then(|context| context.caller_deadline);
    if let Some(deadline) = deadline.filter(|_| is_grpc(request.headers())) {
        let left = timeout_value(deadline.since(clock::now()));
        request.headers_mut().insert(TIMEOUT, left);
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn timeouts_are_read() {
        let rows = [
            ("1H", Some(Duration::from_secs(3600))),
            ("2M", Some(Duration::from_secs(120))),
            ("30S", Some(Duration::from_secs(30))),
            ("100m", Some(Duration::from_millis(100))),
            ("99999999u", Some(Duration::from_micros(99_999_999))),
            ("7n", Some(Duration::from_nanos(7))),
            ("0S", Some(Duration::ZERO)),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3600))),
            ("100000000n", None),
            ("S", None),
            ("", None),
            ("5", None),
            ("-1S", None),
            ("1 S", None),
            ("1s", None),
        ];
        for (value, expected) in rows {
            let grpc = headers(&[
                ("content-type", "application/grpc+proto"),
                ("grpc-timeout", value),
            ]);
            assert_eq!(timeout(&grpc), expected, "{value:?}");
        }
        let other = headers(&[("content-type", "text/plain"), ("grpc-timeout", "1S")]);
        assert_eq!(timeout(&other), None);
    }

    #[test]
    fn timeouts_are_written_so_that_they_read_the_same() {
        let rows = [
            (Duration::ZERO, "1n"),
            (Duration::from_nanos(99_999_999), "99999999n"),
            (Duration::from_millis(250), "250000u"),
            (Duration::from_nanos(100_000_001), "100001u"),
            (Duration::from_secs(3600), "3600000m"),
            (Duration::from_secs(200_000), "200000S"),
            (Duration::MAX, "99999999H"),
        ];
        for (time, expected) in rows {
            assert_eq!(timeout_value(time), expected, "{time:?}");
        }
    }

    #[test]
    fn unavailable_may_be_asked_again_unless_it_says_no() {
        let ask = |fields: &[(&'static str, &'static str)]| {
            let mut response = Response::new(());
            *response.headers_mut() = headers(fields);
            is_unavailable(&response)
        };
        let grpc = ("content-type", "application/grpc");
        let pushback = "grpc-retry-pushback-ms";
        assert!(ask(&[grpc, ("grpc-status", "14")]));
        assert!(ask(&[grpc, ("grpc-status", "14"), (pushback, "20")]));
        assert!(!ask(&[grpc, ("grpc-status", "14"), (pushback, "-1")]));
        assert!(!ask(&[grpc, ("grpc-status", "14"), (pushback, "soon")]));
        assert!(!ask(&[grpc, ("grpc-status", "5")]));
        assert!(!ask(&[grpc]));
        assert!(!ask(&[("grpc-status", "14")]));
    }
}
