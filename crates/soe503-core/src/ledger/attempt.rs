//! One try of one request on one backend.

use core::time::Duration;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Fault, Nested, Wire};
use crate::Tick;
use crate::hops::Below;

/// How far an attempt got before it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before any backend was chosen: queue, limits, circuit, choice.
    Queue,
    /// Resolving a name.
    Dns,
    /// TCP connect.
    Connect,
    /// TLS handshake.
    Tls,
    /// Handing the request to the socket.
    Write,
    /// Waiting for the response's head.
    WaitHeaders,
    /// Receiving the response's body.
    Body,
    /// Finished.
    Done,
}

/// Why a failed attempt was, or was not, followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum RetryVerdict {
    /// Another attempt followed (or will).
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
    /// The failure would be the same elsewhere (circuit open, limit, policy).
    Pointless,
    /// Another attempt was under way already: see [`Attempt::hedge`].
    Hedged,
    /// It did not fail: another attempt was answered first, and this one was cancelled.
    Outrun,
    /// The client left.
    ClientGone,
    /// Retries are turned off here.
    Disabled,
}

/// What one try saw. Filled where it happens, converted to words much later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u8,
    /// It was sent while the attempt before it was still waited for.
    pub hedge: bool,
    /// The pool, if it is not the one that the request was meant for: [`failover`](crate::failover).
    pub pool: Option<Arc<str>>,
    /// The backend's name, if one was chosen.
    pub backend: Option<Arc<str>>,
    /// The backend's address as text, if one was chosen.
    pub address: Option<Arc<str>>,
    /// How far it got.
    pub phase: Phase,
    /// What ended it; `None` for a success.
    pub fault: Option<Fault>,
    /// When it began.
    pub started: Tick,
    /// How long it took, until the verdict.
    pub elapsed: Duration,
    /// How long TCP connect took; `None` on a reused connection or when it did not complete.
    pub connect: Option<Duration>,
    /// The connection had served a request before.
    pub reused: bool,
    /// How long a reused connection had been idle.
    pub idle_age: Option<Duration>,
    /// Bytes of this request handed to the socket. `None`: not known.
    pub bytes_sent: Option<u64>,
    /// Bytes of the response received. `None`: not known.
    pub bytes_received: Option<u64>,
    /// The backend accepted connections earlier in this configuration's life.
    pub accepted_before: bool,
    /// The response's status, if it got that far.
    pub status: Option<u16>,
    /// The `Retry-After` that came with the status, if one did and could be read.
    pub retry_after: Option<Duration>,
    /// The response says that the backend is overloaded: `x-envoy-overloaded`, or a load report
    /// at or above 1.
    pub overloaded: bool,
    /// The response carries another proxy's explanation.
    pub nested: Option<Box<Nested>>,
    /// What a proxy of the pool says about the attempts that it made itself. Only where the pool is
    /// configured to be one of proxies.
    pub below: Option<Below>,
    /// What knocking at the backend again showed, right after the connection broke off.
    pub knock: Option<Knock>,
    /// The backend broke off a fresh connection too, within the last ten seconds: then it is not
    /// about idle connections.
    pub fresh_breaks: bool,
    /// The backend is known to close connections about where this one was: after so many requests, or when they
    /// have been idle for so long.
    #[serde(default)]
    pub used_up: bool,
    /// Connects to the address had been waiting before this one, and nothing shows that an error which came at
    /// once is not the end of their wait: [`Reachability`](crate::reachability::Reachability).
    #[serde(default)]
    pub joined: bool,
    /// What the kernel knows of the connection on which no answer came in time. `None`: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<Box<Wire>>,
    /// Why it was, or was not, tried again.
    pub retry: Option<RetryVerdict>,
}

/// What a second connection, right after the first broke off, came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Knock {
    /// The backend takes connections: it broke this one off and lives.
    Accepted,
    /// The backend takes no connections any more: it died.
    Refused,
}

impl Attempt {
    /// An attempt that begins `now`, with nothing known yet.
    pub const fn begin(number: u8, now: Tick) -> Self {
        Self {
            number,
            hedge: false,
            pool: None,
            backend: None,
            address: None,
            phase: Phase::Queue,
            fault: None,
            started: now,
            elapsed: Duration::ZERO,
            connect: None,
            reused: false,
            idle_age: None,
            bytes_sent: None,
            bytes_received: None,
            accepted_before: false,
            status: None,
            retry_after: None,
            overloaded: false,
            nested: None,
            below: None,
            knock: None,
            fresh_breaks: false,
            used_up: false,
            joined: false,
            wire: None,
            retry: None,
        }
    }

    /// Nothing of this attempt can have reached the backend's application: the request was never
    /// handed to a socket. Then any method may be tried again.
    pub fn unsent(&self) -> bool {
        self.phase < Phase::Write || self.bytes_sent == Some(0)
    }
}

/// The attempts of one request, in the order in which they ended, and the refusal that ended it, if one did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// All attempts, also the ones that never reached a backend.
    pub attempts: Vec<Attempt>,
}

impl Ledger {
    /// How many attempts reached for a backend.
    pub fn tries(&self) -> usize {
        self.attempts
            .iter()
            .filter(|a| a.phase > Phase::Queue)
            .count()
    }

    /// How many attempts were made in all: those that reached for a backend, or as many as the proxy that
    /// was reached made itself.
    pub fn spent(&self) -> u8 {
        self.attempts
            .iter()
            .filter(|a| a.phase > Phase::Queue)
            .map(|a| a.below.map_or(1, |below| below.attempts))
            .fold(0, u8::saturating_add)
    }

    /// An attempt failed, be it that another has saved the request.
    pub fn any_failed(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.fault.is_some())
    }

    /// The attempt that decided the result.
    pub fn last(&self) -> Option<&Attempt> {
        self.attempts.last()
    }
}

impl From<Attempt> for Ledger {
    fn from(attempt: Attempt) -> Self {
        Self {
            attempts: vec![attempt],
        }
    }
}
