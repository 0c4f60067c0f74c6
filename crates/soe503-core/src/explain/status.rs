//! The status of a generated answer, and the `Proxy-Status` error that goes with it.

use std::borrow::Cow;

use super::{StatusPolicy, Telling};
use crate::cause::{Cause, ProxyError, StatusRule};
use crate::diagnosis::Diagnosis;
use crate::ledger::{Fault, ParseFault, TlsFault};

/// The status of the answer.
pub(super) fn status(telling: &Telling<'_>) -> u16 {
    if let Some(status) = telling.status.filter(|s| (400..600).contains(s)) {
        return status;
    }
    let plain = plain(telling.diagnosis);
    match telling.policy {
        StatusPolicy::Plain => plain,
        StatusPolicy::Rfc9209 => error(telling)
            .and_then(ProxyError::recommended_status)
            .unwrap_or(plain),
    }
}

/// `SOE-` and the status.
pub(super) fn code(status: u16) -> Cow<'static, str> {
    match status {
        502 => "SOE-502".into(),
        503 => "SOE-503".into(),
        504 => "SOE-504".into(),
        status => format!("SOE-{status}").into(),
    }
}

/// The `error` of our `Proxy-Status` member: the cause's own, or a more exact one where the fault
/// tells.
pub(super) fn error(telling: &Telling<'_>) -> Option<ProxyError> {
    let Diagnosis { primary, fault, .. } = telling.diagnosis;
    if *primary == Cause::OverloadRateLimited && telling.status == Some(429) {
        return Some(ProxyError::HttpRequestError);
    }
    match (primary, fault) {
        (Cause::DependencyDnsFailure, Some(Fault::Dns { rcode: None, .. } | Fault::Timeout(_))) => {
            Some(ProxyError::DnsTimeout)
        }
        (_, Some(Fault::Tls(TlsFault::Alert(_)))) => Some(ProxyError::TlsAlertReceived),
        (_, Some(Fault::Tls(TlsFault::Protocol))) => Some(ProxyError::TlsProtocolError),
        (_, Some(Fault::Parse(ParseFault::HeadersTooLarge))) => {
            Some(ProxyError::HttpResponseHeaderSectionSize)
        }
        (Cause::ResourceDiskFull, Some(Fault::Status(_)) | None) => {
            Some(ProxyError::DestinationUnavailable)
        }
        _ => primary.info().proxy_status,
    }
}

fn plain(diagnosis: &Diagnosis) -> u16 {
    match diagnosis.primary.info().status {
        // Without a name for it, only this much is known: did the request go out or not?
        StatusRule::AsMechanical(unsent) => match diagnosis.fault {
            Some(Fault::Timeout(_)) if !diagnosis.unsent => 504,
            _ if diagnosis.unsent => unsent,
            _ => 502,
        },
        rule => rule.default_status(),
    }
}
