//! What is received: answers, requests, or the reason why there is none.

use std::io;

/// A complete answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// The decoded body.
    pub body: Vec<u8>,
    /// The connection can be used again.
    pub reusable: bool,
}

/// A complete request, as a backend sees it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method, as sent.
    pub method: String,
    /// The request target, as sent.
    pub target: String,
    /// Names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// The decoded body.
    pub body: Vec<u8>,
}

/// Why no complete message came.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The peer closed its side first.
    #[error("closed after {received} bytes of the message")]
    Closed {
        /// Bytes of this message that had arrived.
        received: usize,
    },
    /// The bytes are not HTTP/1.1.
    #[error("not an HTTP/1.1 message: {0}")]
    Malformed(String),
    /// Nothing came for too long.
    #[error("nothing came in time")]
    TooLate,
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

// === impl Answer ===

impl Answer {
    /// The first header of this (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// All headers of this (lower-case) name as one list, joined as RFC 9110 §5.2 says.
    pub fn header_list(&self, name: &str) -> String {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
            .collect();
        values.join(", ")
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, or a panic that shows it.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in the body: {}", self.text()))
    }
}

// === impl Request ===

impl Request {
    /// The first header of this (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

/// The first header of this (lower-case) name.
pub(super) fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(given, _)| given == name)
        .map(|(_, value)| value.as_str())
}
