//! One try of a request.

use serde::{Deserialize, Serialize};

/// One try of the request on one backend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// It was sent while the attempt before it was still waited for.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub hedge: bool,
    /// The pool, if it is not the one that the request was meant for; `null` otherwise.
    #[serde(default)]
    pub pool: Option<String>,
    /// The backend's name; `null` if none was chosen.
    pub backend: Option<String>,
    /// The backend's address; `null` if none was chosen.
    pub address: Option<String>,
    /// How far it got.
    pub phase: Phase,
    /// What ended it, in words: `connection refused`; `null` for a success.
    pub fault: Option<String>,
    /// The cause that this attempt proves by itself; `null` for a success.
    pub cause: Option<String>,
    /// How long it took until the verdict, in milliseconds.
    pub elapsed_ms: f64,
    /// Whether the connection had served a request before.
    pub reused: bool,
    /// Bytes of the request handed to the socket; `null` if not known.
    pub bytes_sent: Option<u64>,
    /// Bytes of the response received; `null` if not known.
    pub bytes_received: Option<u64>,
    /// What the kernel knew of the connection on which no answer came in time; `null` where it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<Tcp>,
    /// The response's status; `null` if it did not get that far.
    pub status: Option<u16>,
    /// Why it was, or was not, tried again; `null` where the question did not arise.
    pub retry: Option<RetryVerdict>,
}

/// A TCP connection at the moment when the answer on it had not come in time (Linux `TCP_INFO`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tcp {
    /// Bytes that the backend's machine has not acknowledged.
    pub unacked_bytes: u32,
    /// How often the oldest of them have been sent again without an answer.
    pub retransmits: u8,
    /// The smoothed round-trip time, in milliseconds.
    pub rtt_ms: f64,
}

/// How far an attempt got before it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phase {
    /// Before a backend was chosen.
    Queue,
    /// Resolving a name.
    Dns,
    /// TCP connect.
    Connect,
    /// TLS handshake.
    Tls,
    /// Sending the request.
    Write,
    /// Waiting for the response's head.
    WaitHeaders,
    /// Receiving the response's body.
    Body,
    /// Finished.
    Done,
    /// A phase this reader does not know.
    #[serde(other)]
    Unknown,
}

/// Why a failed attempt was, or was not, followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RetryVerdict {
    /// Another attempt followed.
    Retried,
    /// Bytes of an unsafe request had gone out: replaying could run it twice.
    UnsafeToReplay,
    /// The response had started.
    ResponseStarted,
    /// The request's body is larger than the replay buffer.
    BodyTooLarge,
    /// The configured number of attempts is spent.
    AttemptsSpent,
    /// The retry budget is empty.
    BudgetEmpty,
    /// Nothing is retried while most attempts fail, or while retries would keep an overload going.
    RetriesCut,
    /// The deadline leaves no room for another try.
    NoTimeLeft,
    /// Every backend that could be tried was tried, or none is left in rotation.
    NoOtherBackend,
    /// The failure would be the same elsewhere.
    Pointless,
    /// Another attempt was under way already.
    Hedged,
    /// It did not fail: another attempt was answered first, and this one was cancelled.
    Outrun,
    /// The client left.
    ClientGone,
    /// Retries are turned off here.
    Disabled,
    /// A verdict this reader does not know.
    #[serde(other)]
    Unknown,
}
