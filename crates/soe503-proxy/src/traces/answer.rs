//! What a collector's answer means (OTLP 1.x, "OTLP/HTTP Response" and "OTLP/gRPC Response").

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

use super::protobuf::{Value, fields};

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was taken, but for so many spans, for a reason in words.
    Taken { rejected: u64, why: String },
    /// It may be sent again, after that time if the collector says so.
    Again {
        after: Option<Duration>,
        why: String,
    },
    /// It was refused for good.
    Refused { why: String },
}

/// Words of the collector are cut after so many characters.
const LONGEST: usize = 200;

/// The answer over HTTP.
pub(super) fn http(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Verdict {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.map(|kind| String::from_utf8_lossy(kind.as_bytes()));
    let content_type = content_type.as_deref().unwrap_or_default();
    match status.as_u16() {
        200..=299 if body.is_empty() || content_type.starts_with("application/json") => {
            Verdict::taken()
        }
        200..=299 if content_type.starts_with("application/x-protobuf") => match partial(body) {
            Some((rejected, why)) => Verdict::Taken { rejected, why },
            None => Verdict::Refused {
                why: format!("it answered {status} with something that is no protobuf"),
            },
        },
        200..=299 => Verdict::Refused {
            why: format!("it answered {status} with {content_type:?}: is it an OTLP receiver?"),
        },
        429 | 502 | 503 | 504 => Verdict::Again {
            after: retry_after(headers),
            why: format!("it answered {status}"),
        },
        _ => Verdict::Refused {
            why: format!("it answered {status}"),
        },
    }
}

/// The answer over gRPC: the code that came in the trailers, or in the head, and the messages before it.
pub(super) fn grpc(
    status: StatusCode,
    head: &HeaderMap,
    trailers: &HeaderMap,
    body: &[u8],
) -> Verdict {
    let field = |name: &str| trailers.get(name).or_else(|| head.get(name));
    let code = field("grpc-status").and_then(|code| code.to_str().ok()?.trim().parse::<u32>().ok());
    let message = field("grpc-message").map(|said| cut(&String::from_utf8_lossy(said.as_bytes())));
    let message = message.unwrap_or_default();
    let Some(code) = code else {
        // As gRPC's own mapping has it: what stands before the collector is not available.
        return match status.as_u16() {
            429 | 502 | 503 | 504 => Verdict::Again {
                after: retry_after(head),
                why: format!("it answered {status} without grpc-status"),
            },
            _ => Verdict::Refused {
                why: format!("it answered {status} without grpc-status: is it an OTLP receiver?"),
            },
        };
    };
    match code {
        0 => match body.get(5..).map_or(Some((0, String::new())), partial) {
            Some((rejected, why)) => Verdict::Taken { rejected, why },
            None => Verdict::Refused {
                why: "its answer is no protobuf".to_owned(),
            },
        },
        // Cancelled, deadline exceeded, aborted, out of range, unavailable, data loss; exhausted only with the time
        // when it is not any more.
        1 | 4 | 10 | 11 | 14 | 15 => Verdict::Again {
            after: pushback(trailers),
            why: format!("grpc-status {code} {message}"),
        },
        8 if pushback(trailers).is_some() => Verdict::Again {
            after: pushback(trailers),
            why: format!("grpc-status {code} {message}"),
        },
        _ => Verdict::Refused {
            why: format!("grpc-status {code} {message}"),
        },
    }
}

/// `ExportTraceServiceResponse`: spans that were rejected, and why; `None` if `body` is none.
fn partial(body: &[u8]) -> Option<(u64, String)> {
    let mut told = (0, String::new());
    for (field, value) in fields(body)? {
        let (1, Value::Bytes(partial)) = (field, value) else {
            continue;
        };
        for (field, value) in fields(partial)? {
            match (field, value) {
                (1, Value::Number(spans)) => told.0 = spans,
                (2, Value::Bytes(words)) => told.1 = cut(&String::from_utf8_lossy(words)),
                _ => {}
            }
        }
    }
    Some(told)
}

/// Seconds only: who sends a date has a clock of its own.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

fn pushback(trailers: &HeaderMap) -> Option<Duration> {
    let millis = trailers.get("grpc-retry-pushback-ms")?.to_str().ok()?;
    millis.trim().parse().ok().map(Duration::from_millis)
}

fn cut(words: &str) -> String {
    let words = words.chars().filter(|c| !c.is_control());
    words.take(LONGEST).collect()
}

impl Verdict {
    fn taken() -> Self {
        Self::Taken {
            rejected: 0,
            why: String::new(),
        }
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
