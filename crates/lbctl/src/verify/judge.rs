//! Is it cured: a pure function of what was and what is.

use http::StatusCode;
use serde::Serialize;
use soe503_api::{FailureRecord, VerifyVerdict};

use crate::confirm::observation::{Answer, ConnectFault, DnsFault, End, Observation};

/// The verdicts; as text, a contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// It is answered.
    Cured,
    /// It fails as it did.
    NotCured,
    /// It fails, of something else.
    DifferentCause,
    /// Nobody answers.
    NoAnswer,
}

/// The verdict, and what was asked and answered: `GET /cart answers 200`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) kind: Kind,
    pub(super) what: String,
}

impl Kind {
    /// For the incident. That nobody answers says more about where it was asked.
    pub(super) const fn verdict(self) -> Option<VerifyVerdict> {
        match self {
            Self::Cured => Some(VerifyVerdict::Cured),
            Self::NotCured => Some(VerifyVerdict::NotCured),
            Self::DifferentCause => Some(VerifyVerdict::DifferentCause),
            Self::NoAnswer => None,
        }
    }

    /// In words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::NoAnswer => "no answer",
            Self::Cured => VerifyVerdict::Cured.words(),
            Self::NotCured => VerifyVerdict::NotCured.words(),
            Self::DifferentCause => VerifyVerdict::DifferentCause.words(),
        }
    }
}

/// Compares what `was` with what is `seen`.
pub(super) fn judge(was: &FailureRecord, seen: &Observation) -> Judged {
    // Without the query and the host: it is kept with the incident.
    let asked = format!("{} {}", seen.method, was.request.path);
    match &seen.end {
        End::Answer(answer) => {
            let (kind, said) = answered(was, answer);
            Judged {
                kind,
                what: format!("{asked} {said}"),
            }
        }
        other => Judged {
            kind: Kind::NoAnswer,
            what: format!("{asked} at {}:{}: {}", seen.host, seen.port, nobody(other)),
        },
    }
}

fn answered(was: &FailureRecord, answer: &Answer) -> (Kind, String) {
    let tags = &answer.tags;
    let status = status(answer.status);
    let ours = tags.ours().is_some() || tags.degraded.is_some();
    match (&tags.cause, ours) {
        (Some(cause), true) => {
            let root = tags.root.as_deref();
            let kind = match same(was, cause, root) {
                true => Kind::NotCured,
                false => Kind::DifferentCause,
            };
            let told = match root {
                Some(root) => format!("{cause}, because of {root}"),
                None => cause.clone(),
            };
            let said = match &tags.degraded {
                Some(by) => format!("would fail ({told}), and is answered {status} by {by}"),
                None => format!("fails with {status} ({told})"),
            };
            (kind, said)
        }
        _ if answer.status >= 500 => {
            let own = was.code.is_none() && was.status == answer.status;
            let kind = match own {
                true => Kind::NotCured,
                false => Kind::DifferentCause,
            };
            (kind, format!("fails with {status}, the backend's own"))
        }
        _ => (Kind::Cured, format!("answers {status}")),
    }
}

/// Whether `cause`, and the `root` behind it, is what it failed of before. An open circuit is the same failure as the
/// one that opened it.
fn same(was: &FailureRecord, cause: &str, root: Option<&str>) -> bool {
    let diagnosis = &was.diagnosis;
    let before = diagnosis.root.as_deref().unwrap_or(&diagnosis.cause);
    root.unwrap_or(cause) == before
        || (root.is_none() && diagnosis.root.is_none() && cause == diagnosis.cause)
}

fn nobody(end: &End) -> String {
    match end {
        End::Dns(DnsFault::NoSuchName) => "there is no such name".to_owned(),
        End::Dns(_) => "the name could not be resolved".to_owned(),
        End::Connect(ConnectFault::Refused) => "connection refused".to_owned(),
        End::Connect(_) => "no connection".to_owned(),
        End::Tls(_) => "no TLS".to_owned(),
        End::Silence(limit) => format!("nothing within {} s", limit.as_secs_f32()),
        End::Closed(why) => why.clone(),
        End::NotHttp(_) | End::Answer(_) => "what answers does not speak HTTP/1".to_owned(),
    }
}

fn status(code: u16) -> String {
    let reason = StatusCode::from_u16(code)
        .ok()
        .and_then(|s| s.canonical_reason());
    reason.map_or_else(|| code.to_string(), |reason| format!("{code} {reason}"))
}
