//! What it means: a pure function from what was seen.

use http::StatusCode;
use serde::Serialize;

use super::{
    advice,
    observation::{Answer, ConnectFault, DnsFault, End, Observation},
    proxies,
    tls::TlsFault,
};
use crate::show::waiting;

/// The kinds of verdict; as text, a contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A 503 that soe503 made and tagged.
    #[serde(rename = "soe503")]
    Soe503,
    /// A 503 of a backend, passed on by a proxy that says so.
    #[serde(rename = "backend_503")]
    Backend503,
    /// A 503 from another proxy, or from behind it.
    #[serde(rename = "proxy_503")]
    Proxy503,
    /// A 503 that nobody signed.
    #[serde(rename = "unsigned_503")]
    Unsigned503,
    /// 2xx, 3xx.
    Fine,
    /// 4xx: the request is at fault.
    ClientError,
    /// 5xx, but not 503.
    ServerError,
    /// The name does not exist.
    DnsNoSuchName,
    /// The name could not be resolved.
    DnsFailure,
    /// Nothing listens there.
    ConnectionRefused,
    /// Connecting took too long.
    ConnectTimeout,
    /// No way to the host, or another failure to connect.
    Unreachable,
    /// TLS failed.
    TlsFailure,
    /// Connected, and no answer in time.
    ReadTimeout,
    /// Connected, and closed without an answer.
    ConnectionClosed,
    /// The answer is not HTTP.
    NotHttp,
}

/// The verdict.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    /// Which kind.
    pub(super) kind: Kind,
    /// In plain words, in one line.
    pub(super) summary: String,
    /// What to do next, most useful first.
    pub(super) next: Vec<String>,
}

impl Kind {
    /// It is a 503, whoever made it.
    pub(super) const fn is_503(self) -> bool {
        matches!(
            self,
            Self::Soe503 | Self::Backend503 | Self::Proxy503 | Self::Unsigned503
        )
    }

    /// Somebody answered with HTTP, and not with a 503.
    pub(super) const fn is_healthy(self) -> bool {
        matches!(self, Self::Fine | Self::ClientError | Self::ServerError)
    }
}

/// Judges what was seen.
pub(super) fn judge(seen: &Observation) -> Verdict {
    let (kind, summary) = match &seen.end {
        End::Answer(answer) if answer.status == 503 => of_503(answer),
        End::Answer(answer) => not_503(answer),
        other => no_answer(seen, other),
    };
    Verdict {
        kind,
        summary,
        next: advice::next(kind, seen),
    }
}

/// Whose 503, by falling strength of proof: our tag; a proxy's own statement (RFC 9209); what
/// proxies leave in other headers; nothing.
fn of_503(answer: &Answer) -> (Kind, String) {
    let tags = &answer.tags;
    if tags.ours().is_some() {
        let who = tags
            .failing_hop()
            .map_or_else(String::new, |h| format!(" {:?}", h.name));
        return (
            Kind::Soe503,
            format!("503, made by soe503{who}: {}", cause(answer)),
        );
    }
    if let Some(hop) = tags.failing_hop() {
        let error = hop.error.as_deref().unwrap_or_default();
        let text = format!("503, made by another proxy, {:?}: {error}", hop.name);
        return (Kind::Proxy503, text);
    }
    if let Some(hop) = tags.passed_on(503) {
        let text = format!(
            "503, the backend's own: proxy {:?} passed it on unchanged",
            hop.name
        );
        return (Kind::Backend503, text);
    }
    match proxies::signature(tags) {
        Some(signature) if proxies::answered_behind_envoy(tags) => (
            Kind::Backend503,
            format!("503, the backend's own: an Envoy passed it on ({signature})"),
        ),
        Some(signature) => (
            Kind::Proxy503,
            format!("503, from another proxy or from behind it ({signature})"),
        ),
        None => {
            let says = tags.server.as_ref().map_or_else(
                || "no header says who made it".to_owned(),
                |server| format!("Server: {server}"),
            );
            (
                Kind::Unsigned503,
                format!("503, and not tagged by soe503 ({says})"),
            )
        }
    }
}

/// The cause, the root behind it, and how sure.
fn cause(answer: &Answer) -> String {
    let tags = &answer.tags;
    let cause = tags.cause.as_deref().unwrap_or("it does not say why");
    let root = tags
        .root
        .as_ref()
        .map_or_else(String::new, |r| format!(", because of {r}"));
    let grade = tags
        .grade
        .as_ref()
        .map_or_else(String::new, |g| format!(" ({g})"));
    format!("{cause}{root}{grade}")
}

fn not_503(answer: &Answer) -> (Kind, String) {
    let status = status(answer.status);
    match answer.status {
        400..500 => (
            Kind::ClientError,
            format!("not a 503: {status}; the server works and does not like the request"),
        ),
        500.. => {
            let who = match answer.tags.ours() {
                Some(_) => format!("made by soe503: {}", cause(answer)),
                None => "the server failed, or what is behind it".to_owned(),
            };
            (Kind::ServerError, format!("not a 503: {status}; {who}"))
        }
        300..400 => {
            let to = answer.tags.location.as_deref();
            let to = to.map_or_else(String::new, |l| format!("; it points to {l}"));
            (Kind::Fine, format!("not a 503: {status}{to}"))
        }
        _ => (Kind::Fine, format!("not a 503: {status}")),
    }
}

fn status(code: u16) -> String {
    let reason = StatusCode::from_u16(code)
        .ok()
        .and_then(|s| s.canonical_reason());
    match reason {
        Some(reason) => format!("{code} {reason}"),
        None => code.to_string(),
    }
}

fn no_answer(seen: &Observation, end: &End) -> (Kind, String) {
    let host = &seen.host;
    let at = seen
        .address()
        .map_or_else(|| host.clone(), |a| a.to_string());
    let (kind, what) = match end {
        End::Dns(DnsFault::NoSuchName) => (
            Kind::DnsNoSuchName,
            format!("the name {host} does not exist, or has no address"),
        ),
        End::Dns(DnsFault::Failed(text)) => (
            Kind::DnsFailure,
            format!("the name {host} could not be resolved ({text})"),
        ),
        End::Dns(DnsFault::TimedOut(limit)) => (
            Kind::DnsFailure,
            format!(
                "the name {host} was not resolved within {}",
                waiting(*limit)
            ),
        ),
        End::Connect(ConnectFault::Refused) => (
            Kind::ConnectionRefused,
            format!("nothing listens at {at} (connection refused)"),
        ),
        End::Connect(ConnectFault::TimedOut(limit)) => (
            Kind::ConnectTimeout,
            format!("no connection to {at} within {}", waiting(*limit)),
        ),
        End::Connect(ConnectFault::Unreachable(text)) => (
            Kind::Unreachable,
            format!("the network knows no way to {at} ({text})"),
        ),
        End::Connect(ConnectFault::Failed(text)) => {
            (Kind::Unreachable, format!("no connection to {at} ({text})"))
        }
        End::Tls(fault) => (Kind::TlsFailure, tls(fault, host, &at)),
        End::Silence(limit) => (
            Kind::ReadTimeout,
            format!(
                "{at} accepts connections, and gave no answer within {}",
                waiting(*limit)
            ),
        ),
        End::Closed(text) => (
            Kind::ConnectionClosed,
            format!("{at} accepts connections, and gave no answer ({text})"),
        ),
        End::NotHttp(_) | End::Answer(_) => (
            Kind::NotHttp,
            format!("what answers at {at} does not speak HTTP/1"),
        ),
    };
    (kind, format!("not a 503, no answer at all: {what}"))
}

fn tls(fault: &TlsFault, host: &str, at: &str) -> String {
    match fault {
        TlsFault::TimedOut(limit) => {
            format!("no TLS handshake with {at} within {}", waiting(*limit))
        }
        other => other.describe(host, at),
    }
}
