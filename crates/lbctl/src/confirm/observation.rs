//! What was seen, step by step, and nothing of what it means.

use core::time::Duration;
use std::net::SocketAddr;

use http::Method;

use super::{tags::Tags, tls::TlsFault};

/// One question and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Observation {
    /// The URL.
    pub(crate) url: String,
    /// The URL's host.
    pub(crate) host: String,
    /// The port that was connected to.
    pub(crate) port: u16,
    /// The method of the request.
    pub(crate) method: Method,
    /// `HEAD` came first and was not allowed.
    pub(crate) head_refused: bool,
    /// How long each step took.
    pub(crate) timings: Timings,
    /// The addresses that were tried, in order.
    pub(crate) tried: Vec<Tried>,
    /// How it ended.
    pub(crate) end: End,
}

/// How long each step took; `None` for a step that was not needed or not reached.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timings {
    /// Resolving the name.
    pub(crate) dns: Option<Duration>,
    /// TCP connect, to the address that counts.
    pub(crate) connect: Option<Duration>,
    /// TLS handshake.
    pub(crate) tls: Option<Duration>,
    /// From the request to the first byte of the answer.
    pub(crate) first_byte: Option<Duration>,
    /// All of it.
    pub(crate) total: Duration,
}

/// One address.
#[derive(Clone, Debug)]
pub(crate) struct Tried {
    /// The address.
    pub(crate) address: SocketAddr,
    /// Why there is no connection; `None` if there is.
    pub(crate) fault: Option<ConnectFault>,
    /// How long that took.
    pub(crate) elapsed: Duration,
}

/// How it ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// No address.
    Dns(DnsFault),
    /// No connection to any address.
    Connect(ConnectFault),
    /// No TLS.
    Tls(TlsFault),
    /// Connected, and no answer within this time.
    Silence(Duration),
    /// Connected, and the connection ended without an answer.
    Closed(String),
    /// An answer that is not HTTP: its first bytes.
    NotHttp(Vec<u8>),
    /// An answer.
    Answer(Answer),
}

/// Why there is no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DnsFault {
    /// The name does not exist, or has no address.
    NoSuchName,
    /// Nobody could say, in the system's words.
    Failed(String),
    /// Nobody said anything within this time.
    TimedOut(Duration),
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConnectFault {
    /// The host answers, and nothing listens there.
    Refused,
    /// Nothing came back within this time.
    TimedOut(Duration),
    /// The network says that there is no way.
    Unreachable(String),
    /// Anything else, in the system's words.
    Failed(String),
}

/// The head of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// What the headers say about who answered, and why.
    pub(crate) tags: Box<Tags>,
}

impl Observation {
    /// The address that counts.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.decisive().map(|tried| tried.address)
    }

    /// The address that connected. If none did, the one whose fault says most: a refusal proves
    /// that a host is there, a timeout only that nothing came back.
    pub(crate) fn decisive(&self) -> Option<&Tried> {
        self.tried.iter().max_by_key(|tried| match &tried.fault {
            None => 4,
            Some(ConnectFault::Refused) => 3,
            Some(ConnectFault::TimedOut(_)) => 2,
            Some(ConnectFault::Failed(_)) => 1,
            Some(ConnectFault::Unreachable(_)) => 0,
        })
    }

    /// The server understands `HEAD` and does not do it here.
    pub(crate) const fn head_not_allowed(&self) -> bool {
        matches!(
            self.end,
            End::Answer(Answer {
                status: 405 | 501,
                ..
            })
        )
    }
}
