//! Our member of the `Proxy-Status` field (RFC 9209).

use sfv::{KeyRef, List, Parser, key_ref};

use super::field::Field;
use super::names::Names;
use super::{Telling, status};
use crate::cause::ProxyError;
use crate::diagnosis::alert_name;
use crate::ledger::{Attempt, Fault, TlsFault};

/// Longest existing value that is kept. What is longer is no list of hops.
const LONGEST: usize = 8 * 1024;

const ERROR: &KeyRef = key_ref("error");
const RECEIVED: &KeyRef = key_ref("received-status");
const DETAILS: &KeyRef = key_ref("details");
const NEXT_HOP: &KeyRef = key_ref("next-hop");
const CAUSE: &KeyRef = key_ref("soe-cause");
const ROOT: &KeyRef = key_ref("soe-root");

/// The member for an answer that we generated; `first` is the most telling observation, if the reader may know it.
pub(super) fn generated(telling: &Telling<'_>, names: &Names<'_>, first: Option<&str>) -> String {
    let diagnosis = telling.diagnosis;
    let attempts = &telling.attempts.attempts;
    let mut member = named(telling.server);
    if let Some(error) = status::error(telling) {
        member = extra(member.token(ERROR, error.token()), error, telling);
    } else if let Some(received) = attempts.iter().rev().find_map(|attempt| attempt.status) {
        member = member.integer(RECEIVED, received);
    }
    if let Some(first) = first {
        member = member.string(DETAILS, first);
    }
    let address = |attempt: &Attempt| names.address(attempt.address.as_deref());
    if let Some(address) = attempts.iter().rev().find_map(address) {
        member = member.string(NEXT_HOP, &address);
    }
    member = member.cause(CAUSE, diagnosis.primary);
    if let Some(root) = diagnosis.root {
        member = member.cause(ROOT, root);
    }
    member.finish()
}

/// The member that is added to a backend's own answer that we pass on: `received-status` and no
/// `error`, because this hop did its job.
pub fn passed_on(server: &str, received_status: u16) -> String {
    named(server).integer(RECEIVED, received_status).finish()
}

/// `existing` (several lines joined with a comma) with `member` at its end, which is where the
/// hop nearest the client belongs (RFC 9209 §2).
///
/// Existing members are kept as they are. A value that is not a list of structured fields is
/// dropped: with it in front, nobody could read ours either.
pub fn append(existing: Option<&str>, member: &str) -> String {
    let existing = existing.unwrap_or_default().trim_matches([' ', '\t']);
    let readable = !existing.is_empty()
        && existing.len() <= LONGEST
        && Parser::new(existing).parse::<List>().is_ok();
    if readable {
        format!("{existing}, {member}")
    } else {
        member.to_owned()
    }
}

fn named(server: &str) -> Field {
    Field::named(server, "soe503")
}

/// The parameters that some errors have beside (RFC 9209 §2.3).
fn extra(member: Field, error: ProxyError, telling: &Telling<'_>) -> Field {
    match (error, &telling.diagnosis.fault) {
        (
            ProxyError::DnsError,
            Some(Fault::Dns {
                rcode: Some(rcode), ..
            }),
        ) => {
            let name = match rcode {
                0 => "NODATA".to_owned(),
                2 => "SERVFAIL".to_owned(),
                3 => "NXDOMAIN".to_owned(),
                5 => "REFUSED".to_owned(),
                other => other.to_string(),
            };
            member.string(key_ref("rcode"), &name)
        }
        (ProxyError::TlsAlertReceived, Some(Fault::Tls(TlsFault::Alert(number)))) => {
            let member = member.integer(key_ref("alert-id"), u16::from(*number));
            match alert_name(*number) {
                Some(name) => member.token(key_ref("alert-message"), name),
                None => member,
            }
        }
        (ProxyError::HttpRequestError, _) => {
            member.integer(key_ref("status-code"), status::status(telling))
        }
        _ => member,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_stays_in_front() {
        let member = passed_on("edge-eu1", 503);
        assert_eq!(member, "edge-eu1;received-status=503");
        assert_eq!(append(None, &member), member);
        assert_eq!(append(Some(" "), &member), member);
        assert_eq!(
            append(Some("orders-mesh; error=connection_refused"), &member),
            "orders-mesh; error=connection_refused, edge-eu1;received-status=503"
        );
        assert_eq!(append(Some("a, b"), "c"), "a, b, c");
    }

    #[test]
    fn what_nobody_can_read_is_dropped() {
        for broken in ["\"open", "a;;b", "ä", "a,", &"a, ".repeat(5000)] {
            assert_eq!(append(Some(broken), "us"), "us", "{broken}");
        }
    }

    #[test]
    fn a_name_that_is_no_token_is_a_string() {
        assert_eq!(
            passed_on("edge eu 1", 502),
            "\"edge eu 1\";received-status=502"
        );
        assert_eq!(
            passed_on("a\"b\\c\r\nü", 502),
            "\"a\\\"b\\\\c???\";received-status=502"
        );
        assert_eq!(passed_on("", 502), "soe503;received-status=502");
    }
}
