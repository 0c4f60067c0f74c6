//! What another proxy's answer says about itself (rule R9, the mechanical part).

use sfv::{BareItem, Item, List, ListEntry, Parameters, Parser};

use crate::cause::{Cause, ProxyError};
use crate::ledger::Nested;

/// Longest field value that is looked at. Longer ones are hostile or broken.
const LONGEST: usize = 8 * 1024;
/// Most hops that are counted.
const MOST_HOPS: usize = 8;
/// Longest name of a hop that is kept.
const LONGEST_NAME: usize = 64;

/// Reads the explanation that came with a backend's 5xx: its `Proxy-Status` and `Soe-Cause`
/// fields (several lines joined with a comma). `trusted`: the pool is configured to be a proxy.
///
/// The member nearest the failure counts, which is the leftmost with an `error` (RFC 9209 §2). A
/// `Proxy-Status` without an error only says that somebody passed the answer on: `None`, like
/// anything that does not parse.
pub fn nested(
    proxy_status: Option<&str>,
    soe_cause: Option<&str>,
    trusted: bool,
) -> Option<Nested> {
    let said = soe_cause.and_then(own_word);
    let hops = proxy_status.and_then(hops).unwrap_or_default();
    let count = u8::try_from(hops.len()).unwrap_or(u8::MAX).max(1);
    if let Some(hop) = hops.into_iter().find(|hop| hop.failed) {
        return Some(Nested {
            hop: hop.name,
            cause: hop.cause.or(said),
            hops: count,
            trusted,
        });
    }
    said.map(|cause| Nested {
        hop: "unnamed".to_owned(),
        cause: Some(cause),
        hops: count,
        trusted,
    })
}

/// One member of `Proxy-Status`.
struct Hop {
    name: String,
    failed: bool,
    cause: Option<Cause>,
}

/// The cause in a `Soe-Cause` field: its root, where it has one.
fn own_word(value: &str) -> Option<Cause> {
    if value.len() > LONGEST {
        return None;
    }
    let item: Item = Parser::new(value).parse().ok()?;
    let cause = cause_of(&item.bare_item)?;
    Some(parameter_cause(&item.params, "root").unwrap_or(cause))
}

fn hops(value: &str) -> Option<Vec<Hop>> {
    if value.len() > LONGEST {
        return None;
    }
    let list: List = Parser::new(value).parse().ok()?;
    let hop = |entry: &ListEntry| match entry {
        ListEntry::Item(item) => Some(Hop {
            name: name(&item.bare_item)?,
            failed: parameter(&item.params, "error").is_some(),
            cause: parameter_cause(&item.params, "soe-root")
                .or_else(|| parameter_cause(&item.params, "soe-cause"))
                .or_else(|| from_error(&item.params)),
        }),
        ListEntry::InnerList(_) => None,
    };
    Some(list.iter().filter_map(hop).take(MOST_HOPS).collect())
}

fn name(item: &BareItem) -> Option<String> {
    let text = match item {
        BareItem::Token(token) => token.as_str(),
        BareItem::String(string) => string.as_str(),
        _ => return None,
    };
    // Both kinds are printable ASCII by their grammar, so that cutting is safe.
    Some(text[..text.len().min(LONGEST_NAME)].to_owned())
}

fn parameter<'a>(params: &'a Parameters, wanted: &str) -> Option<&'a BareItem> {
    params
        .iter()
        .find(|(key, _)| key.as_str() == wanted)
        .map(|(_, value)| value)
}

fn parameter_cause(params: &Parameters, wanted: &str) -> Option<Cause> {
    parameter(params, wanted).and_then(cause_of)
}

fn cause_of(item: &BareItem) -> Option<Cause> {
    match item {
        BareItem::Token(token) => Cause::from_id(token.as_str()),
        BareItem::String(string) => Cause::from_id(string.as_str()),
        _ => None,
    }
}

/// What an error type of RFC 9209 says in our words, where it says one thing only.
fn from_error(params: &Parameters) -> Option<Cause> {
    let BareItem::Token(token) = parameter(params, "error")? else {
        return None;
    };
    Some(match ProxyError::from_token(token.as_str())? {
        ProxyError::DnsTimeout | ProxyError::DnsError => Cause::DependencyDnsFailure,
        ProxyError::ConnectionRefused => Cause::DependencyConnectRefused,
        ProxyError::ConnectionTimeout => Cause::DependencyConnectTimeout,
        ProxyError::ConnectionTerminated => Cause::DependencyResetBeforeResponse,
        ProxyError::ConnectionLimitReached => Cause::OverloadConcurrencyLimit,
        ProxyError::DestinationIpUnroutable => Cause::DependencyHostUnreachable,
        ProxyError::DestinationIpProhibited => Cause::ConfigFirewallReject,
        ProxyError::HttpResponseIncomplete => Cause::DependencyResponseTruncated,
        ProxyError::HttpResponseTimeout | ProxyError::ConnectionReadTimeout => {
            Cause::DependencyResponseTimeout
        }
        ProxyError::HttpProtocolError => Cause::DependencyInvalidResponse,
        ProxyError::ProxyLoopDetected => Cause::ConfigLoopDetected,
        _ => return None,
    })
}
