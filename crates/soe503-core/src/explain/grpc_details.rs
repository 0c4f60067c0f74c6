//! `grpc-status-details-bin`: a `google.rpc.Status` with `ErrorInfo` and `RetryInfo`
//! (`google/rpc/status.proto` and `error_details.proto`), which every gRPC library can read.
//!
//! Three messages of a few fields each: written by hand, they need no code generator and no
//! protobuf library in the core.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::Telling;
use super::problem::Problem;

/// The value of the header: base64 without padding, as the gRPC protocol writes binary headers.
pub(super) fn value(telling: &Telling<'_>, problem: &Problem, code: u8) -> String {
    let mut info = Message::default()
        .text(1, &reason(&problem.cause.to_string()))
        .text(2, "soe503")
        .entry(3, "cause", &problem.cause.to_string())
        .entry(3, "request_id", &problem.request_id);
    if let Some(since) = &problem.first_seen {
        info = info.entry(3, "first_seen", since);
    }
    if let Some(requests) = &problem.requests {
        info = info.entry(3, "requests_failed", &requests.failed.to_string());
        if let Some(total) = requests.total {
            info = info.entry(3, "requests_total", &total.to_string());
        }
    }
    if let Some(changes) = &problem.changes {
        info = info.entry(3, "changes", changes);
    }
    let mut status = Message::default()
        .number(1, u64::from(code))
        .text(2, &format!("{}: {}", problem.cause, problem.detail))
        .message(3, &any("google.rpc.ErrorInfo", &info));
    if let Some(seconds) = telling.retry_after {
        let delay = Message::default().number(1, u64::from(seconds));
        let retry = Message::default().message(1, &delay);
        status = status.message(3, &any("google.rpc.RetryInfo", &retry));
    }
    STANDARD_NO_PAD.encode(status.0)
}

/// `UPPER_SNAKE_CASE`, at most 63 characters, as `ErrorInfo.reason` demands.
fn reason(cause: &str) -> String {
    let fits = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_uppercase(),
        false => '_',
    };
    cause.chars().map(fits).take(63).collect()
}

/// `google.protobuf.Any`.
fn any(name: &str, message: &Message) -> Message {
    Message::default()
        .text(1, &format!("type.googleapis.com/{name}"))
        .message(2, message)
}

/// A protobuf message, field by field.
#[derive(Debug, Default)]
struct Message(Vec<u8>);

impl Message {
    /// A varint; zero is the default and is left out.
    fn number(mut self, field: u8, value: u64) -> Self {
        if value > 0 {
            self.0.push(field << 3);
            self.varint(value);
        }
        self
    }

    fn text(self, field: u8, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    fn message(self, field: u8, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    /// One entry of a `map<string, string>`.
    fn entry(self, field: u8, key: &str, value: &str) -> Self {
        let entry = Self::default().text(1, key).text(2, value);
        self.message(field, &entry)
    }

    fn bytes(mut self, field: u8, value: &[u8]) -> Self {
        self.0.push(field << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push((value & 0x7f) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_encoded_as_protobuf_writes_them() {
        // From the encoding guide: `Test1 { a: 150 }` and `Test2 { b: "testing" }`.
        let number = Message::default().number(1, 150);
        assert_eq!(number.0, [0x08, 0x96, 0x01]);
        let text = Message::default().text(2, "testing");
        assert_eq!(text.0, *b"\x12\x07testing");
        assert_eq!(
            Message::default().message(3, &number).0,
            [0x1a, 3, 8, 0x96, 1]
        );
        assert!(Message::default().number(1, 0).0.is_empty());
    }

    #[test]
    fn reasons_are_upper_snake_case() {
        assert_eq!(
            reason("dependency_failure/connect_refused"),
            "DEPENDENCY_FAILURE_CONNECT_REFUSED"
        );
        assert_eq!(reason(&"x".repeat(100)).len(), 63);
    }
}
