//! What is to be told, to whom, and what comes out.

use core::time::Duration;
use std::borrow::Cow;

use serde::Serialize;

use crate::diagnosis::Diagnosis;
use crate::incident::Course;
use crate::ledger::Ledger;

/// Where a cause's documentation is found when nothing else is configured; the identifier is
/// appended.
pub const DOCS: &str = "https://soe503.example/causes/";

/// How much a reader may know. Each level adds to the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Exposure {
    /// A stranger: cause, status, when to come back, identifiers to quote. The default.
    #[default]
    Public,
    /// A colleague: pool, scope, attempts, evidence, what to do; no address.
    Internal,
    /// An operator: addresses and certificates' names as well.
    Full,
}

/// Which statuses generated answers have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusPolicy {
    /// Unusable 503, invalid 502, late 504. The default.
    #[default]
    Plain,
    /// The status that RFC 9209 recommends for the `Proxy-Status` error.
    Rfc9209,
}

/// The form of an answer's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `application/problem+json` (RFC 9457). The default.
    #[default]
    ProblemJson,
    /// A page for people.
    Html,
    /// For chats and issues.
    Markdown,
    /// For terminals.
    Text,
    /// gRPC's trailers-only form: status 200 and `grpc-status`, no body.
    Grpc,
}

/// One failure to be told.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// What it means.
    pub diagnosis: &'a Diagnosis,
    /// The attempts it was concluded from.
    pub attempts: &'a Ledger,
    /// Our name: `server.name` of the configuration.
    pub server: &'a str,
    /// The request's identifier.
    pub request_id: &'a str,
    /// The incident that the failure belongs to, if incidents are kept.
    pub incident_id: Option<&'a str>,
    /// How it has gone so far where the failure belongs, if that is counted. Default `None`.
    pub course: Option<&'a Course>,
    /// The trace's identifier, if the request has one.
    pub trace_id: Option<&'a str>,
    /// Now, in seconds since 1970 (UTC).
    pub at_unix: i64,
    /// What [`retry_after`](super::retry_after) computed, in seconds. Default `None`.
    pub retry_after: Option<u32>,
    /// From the request's head until now.
    pub elapsed: Duration,
    /// How much the reader may know. Default public.
    pub exposure: Exposure,
    /// Which statuses to use. Default plain.
    pub policy: StatusPolicy,
    /// Overrides the status (429 for a client's own limit). Default `None`.
    pub status: Option<u16>,
    /// Where causes are documented; the identifier is appended. Default [`DOCS`].
    pub docs: &'a str,
}

/// An answer: everything but the connection's own headers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Told {
    /// The status.
    pub status: u16,
    /// Headers, lower-case names, values in visible ASCII. They carry everything essential, so
    /// that an answer to HEAD, which has no body, says it all. `content-type` is not among them.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The body's type.
    pub content_type: &'static str,
    /// The body, at most [`LONGEST_BODY`](super::LONGEST_BODY) bytes; empty for gRPC.
    pub body: String,
}

// === impl Telling ===

impl<'a> Telling<'a> {
    /// A telling with every default: public, plain statuses, no incident, no `Retry-After`.
    pub const fn new(
        diagnosis: &'a Diagnosis,
        attempts: &'a Ledger,
        server: &'a str,
        request_id: &'a str,
        at_unix: i64,
    ) -> Self {
        Self {
            diagnosis,
            attempts,
            server,
            request_id,
            incident_id: None,
            course: None,
            trace_id: None,
            at_unix,
            retry_after: None,
            elapsed: Duration::ZERO,
            exposure: Exposure::Public,
            policy: StatusPolicy::Plain,
            status: None,
            docs: DOCS,
        }
    }

    /// What to quote when asking about this failure: the incident, else the request.
    pub(super) fn reference(&self) -> &'a str {
        self.incident_id.unwrap_or(self.request_id)
    }
}

// === impl Told ===

impl Told {
    /// The value of the header with this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, value)| &**value)
    }
}
