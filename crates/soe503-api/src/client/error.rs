//! What can go wrong on the way to the admin API, with what was tried.

use core::{fmt, time::Duration};
use std::io;

use http::StatusCode;

use super::{AdminAddress, TlsFault};
use crate::Problem;

/// The step that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Finding the host's addresses.
    Resolve,
    /// TCP connect.
    Connect,
    /// The TLS handshake.
    Handshake,
    /// Sending the request and reading the answer.
    Answer,
}

/// Why there is no answer to use.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A step failed.
    #[error("no admin API at {address}: {step} failed: {}", plain(.source))]
    Unreachable {
        /// Where.
        address: String,
        /// At which step.
        step: Step,
        /// With which error.
        source: io::Error,
    },
    /// A step took too long.
    #[error("no admin API at {address}: {step} took longer than {} s", .limit.as_secs_f32())]
    TimedOut {
        /// Where.
        address: String,
        /// At which step.
        step: Step,
        /// How long it was given.
        limit: Duration,
    },
    /// There is no TLS, or the other side ended it.
    #[error("no admin API at {address}: {}", .fault.describe(.host, "the server"))]
    Tls {
        /// Where.
        address: String,
        /// Who it should be.
        host: String,
        /// Why.
        fault: TlsFault,
    },
    /// Something answers there, and it is not the admin API (or one we cannot read).
    #[error("what answers at {address} is not the soe503 admin API: {what}")]
    NotTheApi {
        /// Where.
        address: String,
        /// What is wrong with it.
        what: String,
    },
    /// The API understood, and said no.
    #[error("{}", .problem.detail)]
    Refused {
        /// Method and path.
        asked: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        problem: Box<Problem>,
    },
}

impl ClientError {
    /// Whether the API could be asked at all: the person asking is to look at the question, not
    /// at the connection.
    pub const fn reached(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// An answer that is not a success: a refusal if it carries a problem document, and otherwise
    /// not the API's at all.
    pub(super) fn refused(
        address: &AdminAddress,
        asked: String,
        status: StatusCode,
        body: &[u8],
    ) -> Self {
        match serde_json::from_slice::<Problem>(body) {
            Ok(problem) if !problem.detail.is_empty() => Self::Refused {
                asked,
                status: status.as_u16(),
                problem: Box::new(problem),
            },
            // What soe503 answers then.
            _ if !address.tls && body.starts_with(b"This port speaks TLS") => Self::NotTheApi {
                address: address.to_string(),
                what: format!(
                    "it speaks TLS; ask https://{}{}",
                    address.authority, address.prefix
                ),
            },
            _ => Self::NotTheApi {
                address: address.to_string(),
                what: format!("it answered {status} to {asked}, without a problem document"),
            },
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolving the name",
            Self::Connect => "connecting",
            Self::Handshake => "the TLS handshake",
            Self::Answer => "waiting for the answer",
        })
    }
}

/// An error without the `(os error 111)` that tells a person nothing.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
