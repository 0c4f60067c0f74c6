//! What became of a request.

use std::time::Duration;

use serde::Serialize;

use crate::http::{Answer, AnswerError};

/// The longest body that is kept of a failure.
const BODY_KEPT: usize = 16 * 1024;

/// One result, one JSON line.
#[derive(Debug, Serialize)]
pub struct Record {
    /// The request's id; that of its last try.
    pub id: String,
    /// The kind of request, if the plan has kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// How often the client asked.
    pub tries: u32,
    /// GET or POST.
    pub method: &'static str,
    /// The scheduled time, in milliseconds from the start.
    pub at_ms: f64,
    /// How much later than that it really left, in microseconds: the generator's own weakness.
    pub lag_us: u64,
    /// From the scheduled time to the last byte of the answer, in microseconds.
    pub latency_us: u64,
    /// The connection had carried a request before.
    pub reused: bool,
    /// The status, if an answer came.
    pub status: Option<u16>,
    /// Why no answer came, or why it is not an answer to this request.
    pub error: Option<String>,
    /// The answer's `Soe-Attempts`.
    pub attempts: Option<u32>,
    /// The answer's headers, unless it is a success.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The answer's body, unless it is a success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// When a request was due, left and ended, all counted from the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) due: Duration,
    pub(super) left: Duration,
    pub(super) ended: Duration,
}

// === impl Record ===

impl Record {
    pub(super) fn new(
        id: String,
        post: bool,
        kind: Option<String>,
        tries: u32,
        reused: bool,
        times: Times,
        result: Result<Answer, AnswerError>,
    ) -> Self {
        let mut record = Self {
            id,
            kind,
            tries,
            method: if post { "POST" } else { "GET" },
            at_ms: times.due.as_secs_f64() * 1e3,
            lag_us: micros(times.left.saturating_sub(times.due)),
            latency_us: micros(times.ended.saturating_sub(times.due)),
            reused,
            status: None,
            error: None,
            attempts: None,
            headers: Vec::new(),
            body: None,
        };
        match result {
            Ok(answer) => record.answered(answer),
            Err(error) => record.error = Some(error.to_string()),
        }
        record
    }

    fn answered(&mut self, answer: Answer) {
        self.status = Some(answer.status);
        self.attempts = answer.header("soe-attempts").and_then(|n| n.parse().ok());
        if (200..300).contains(&answer.status) {
            if answer.header("x-load-id") != Some(&self.id) {
                self.error = Some("the answer to another request".to_owned());
            }
            return;
        }
        let mut body = answer.text();
        body.truncate(body.floor_char_boundary(BODY_KEPT));
        self.headers = answer.headers;
        self.body = Some(body);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
