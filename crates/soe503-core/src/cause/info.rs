//! What is constant about a cause: the shape of the table's rows.

use core::fmt;

use serde::Serialize;

use super::{Category, Cause, ProxyError, table};

/// One row of the table of causes: everything about a cause that does not change from one failure
/// to the next.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CauseInfo {
    /// The cause that this row describes.
    pub cause: Cause,
    /// A short, constant title; the problem document's `title`.
    pub title: &'static str,
    /// One sentence for the caller. It names nothing of ours, so that anyone may read it.
    pub detail: &'static str,
    /// What it means to whoever operates the system.
    pub meaning: &'static str,
    /// What proves it, and what separates it from its neighbours.
    pub proof: &'static str,
    /// The status of the answer that we generate.
    pub status: StatusRule,
    /// The `error` of our `Proxy-Status` member. `None`: the member carries `received-status`
    /// instead, because the answer is the backend's.
    pub proxy_status: Option<ProxyError>,
    /// How `Retry-After` is computed.
    pub retry_after: RetryAfterRule,
    /// Waiting can help. `false`: somebody has to act first.
    pub retryable: bool,
    /// What may have happened to the request on a backend, as far as the cause alone says.
    pub retry_safety: RetrySafety,
    /// Who can remedy it.
    pub blame: Blame,
    /// What an operator does now. `POOL`, `HOST:PORT` and `ID` stand for the real ones.
    pub quick_fix: &'static str,
    /// What keeps it from coming back.
    pub long_term_fix: &'static str,
    /// A command that shows whether it is cured.
    pub verify: &'static str,
    /// What other proxies show for it; empty where they show nothing.
    pub elsewhere: &'static str,
}

impl CauseInfo {
    /// The stable identifier.
    pub const fn id(&self) -> &'static str {
        self.cause.id()
    }

    /// The category.
    pub const fn category(&self) -> Category {
        self.cause.category()
    }

    /// Somebody has to do something, if only to restart what fell over: true of every cause but those that pass
    /// with the load, the roll-out or the window.
    pub fn owner_action_required(&self) -> bool {
        match self.category() {
            Category::Maintenance | Category::Overload => self.retry_after == RetryAfterRule::Never,
            _ => true,
        }
    }
}

impl Cause {
    /// Everything constant about this cause: its row in the table.
    pub fn info(self) -> &'static CauseInfo {
        table::row(self)
    }
}

/// How the status of a generated answer is chosen.
///
/// A backend that could never be used gives 503, an invalid or incomplete answer 502, no timely
/// answer 504. Where the operator prefers RFC 9209's table,
/// [`StatusPolicy::Rfc9209`](crate::explain::StatusPolicy) overrides this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatusRule {
    /// Always this one.
    Fixed(u16),
    /// The backend's own answer is passed on. The number is for the case that we have to answer
    /// ourselves because of it.
    AsReceived(u16),
    /// The response's head is usually sent already and the body is cut. The number is for the
    /// case that nothing was sent yet.
    AlreadySent(u16),
    /// The status of the mechanical fault behind it, or this number when nothing was tried.
    AsMechanical(u16),
    /// 429 when the limit is the client's own, else this number.
    Limit(u16),
}

impl StatusRule {
    /// The status when nothing more is known.
    pub const fn default_status(self) -> u16 {
        match self {
            Self::Fixed(status)
            | Self::AsReceived(status)
            | Self::AlreadySent(status)
            | Self::AsMechanical(status)
            | Self::Limit(status) => status,
        }
    }
}

impl fmt::Display for StatusRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(status) => write!(f, "{status}"),
            Self::AsReceived(status) => {
                write!(f, "the backend's own, passed on ({status} if we answer)")
            }
            Self::AlreadySent(status) => {
                write!(f, "already sent, the body is cut ({status} before that)")
            }
            Self::AsMechanical(status) => {
                write!(f, "that of the fault behind it, {status} otherwise")
            }
            Self::Limit(status) => write!(f, "{status}, or 429 for a client's own limit"),
        }
    }
}

/// How `Retry-After` is computed; see [`crate::explain::retry_after`] for the arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfterRule {
    /// Until the circuit, or the first ejection, lets a probe through.
    Open,
    /// Until health checks can have brought a backend back: missing passes × interval.
    Probe,
    /// Until what is queued is served: queued ÷ service rate, 1 to 60 s.
    Queue,
    /// Until the window ends; 300 s when its end is open.
    Window,
    /// Until the limit's bucket has room.
    Limit,
    /// The backend's own word, if it is later than ours.
    Upstream,
    /// As long as a start usually takes; 15 s when that is not known.
    Rollout,
    /// One second: the next try meets a fresh connection.
    Short,
    /// None: waiting does not help.
    Never,
}

impl fmt::Display for RetryAfterRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "until the circuit lets a probe through",
            Self::Probe => "until the missing health checks can have passed",
            Self::Queue => "until what is queued is served (1 to 60 s)",
            Self::Window => "until the window ends (300 s when its end is open)",
            Self::Limit => "until the limit has room again",
            Self::Upstream => "the backend's own value, if it is later than ours",
            Self::Rollout => "as long as a start usually takes (15 s when not known)",
            Self::Short => "1 s",
            Self::Never => "none: waiting does not help",
        })
    }
}

/// What a replay of the request risks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RetrySafety {
    /// No backend's application saw the request: any method may be sent again.
    Unsent,
    /// A backend may have run it: only idempotent requests may be sent again.
    MayHaveRun,
    /// A backend answered: it has run, or was turned away by the backend itself.
    Answered,
    /// It depends on how far the attempts got; the ledger says.
    Depends,
}

impl RetrySafety {
    /// The word, as in the problem document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unsent => "unsent",
            Self::MayHaveRun => "may_have_run",
            Self::Answered => "answered",
            Self::Depends => "depends",
        }
    }
}

impl fmt::Display for RetrySafety {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsent => "safe for any method: no backend saw the request",
            Self::MayHaveRun => "idempotent methods only: a backend may have run it",
            Self::Answered => "idempotent methods only: a backend answered it",
            Self::Depends => "depends on how far the attempts got",
        })
    }
}

/// Who can remedy it. Not a moral judgement: the address of the ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Blame {
    /// Whoever sends the requests.
    Client,
    /// This proxy, its host or its limits.
    Proxy,
    /// The backend's own software or machine.
    Backend,
    /// Something behind the backend.
    Dependency,
    /// The network between us and the backend.
    Network,
    /// Whoever wrote the configuration or wanted it so.
    Operator,
    /// Nobody can say.
    Unknown,
}

impl fmt::Display for Blame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "the clients",
            Self::Proxy => "this proxy",
            Self::Backend => "the backend",
            Self::Dependency => "a dependency of the backend",
            Self::Network => "the network",
            Self::Operator => "the operator",
            Self::Unknown => "not known",
        })
    }
}
