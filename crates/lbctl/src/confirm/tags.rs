//! What the headers of an answer say about who made it, and why.

use http::{HeaderMap, HeaderName, header};
use serde::Serialize;
use sfv::{BareItem, Item, List, ListEntry, Parameters, Parser};

/// The headers that count. Every text is as it was received; whoever shows it cleans it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tags {
    /// `X-Error-Code`.
    pub(crate) code: Option<String>,
    /// `Soe-Cause`: its item.
    pub(crate) cause: Option<String>,
    /// `Soe-Cause`: the cause behind it.
    pub(crate) root: Option<String>,
    /// `Soe-Cause`: how sure.
    pub(crate) grade: Option<String>,
    /// `Soe-Cause`: the incident.
    pub(crate) incident: Option<String>,
    /// `Proxy-Status`, from the origin to us.
    pub(crate) proxy_status: Vec<Hop>,
    /// `Retry-After`, seconds or a date.
    pub(crate) retry_after: Option<String>,
    /// `X-Request-Id`.
    pub(crate) request_id: Option<String>,
    /// `X-SOE-Degraded`: what was given instead of a failure.
    pub(crate) degraded: Option<String>,
    /// `Soe-Attempts`.
    pub(crate) attempts: Option<String>,
    /// `Server`.
    pub(crate) server: Option<String>,
    /// `Location`.
    pub(crate) location: Option<String>,
    /// Headers that give another proxy away: name and value.
    pub(crate) marks: Vec<(String, String)>,
}

/// One member of `Proxy-Status` (RFC 9209).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Hop {
    /// The proxy's name for itself.
    pub(crate) name: String,
    /// The problem it met, as a token; `None` if it met none.
    pub(crate) error: Option<String>,
    /// The status that it received from behind.
    pub(crate) received_status: Option<i64>,
    /// More about the problem.
    pub(crate) details: Option<String>,
}

/// Headers that only proxies write.
const MARKS: [&str; 6] = [
    "via",
    "l5d-proxy-error",
    "x-envoy-overloaded",
    "x-envoy-upstream-service-time",
    "cf-ray",
    "x-served-by",
];

impl Tags {
    /// Reads them from `headers`. What is malformed is left out: a broken header is no verdict.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| joined(headers, &name);
        let named = |name: &'static str| joined(headers, &HeaderName::from_static(name));
        let mut tags = Self {
            code: named("x-error-code"),
            proxy_status: named("proxy-status").map_or_else(Vec::new, |t| hops(&t)),
            retry_after: text(header::RETRY_AFTER),
            request_id: named("x-request-id"),
            degraded: named("x-soe-degraded"),
            attempts: named("soe-attempts"),
            server: text(header::SERVER),
            location: text(header::LOCATION),
            marks: MARKS
                .into_iter()
                .filter_map(|name| named(name).map(|value| (name.to_owned(), value)))
                .collect(),
            ..Self::default()
        };
        let cause = named("soe-cause").and_then(|t| Parser::new(&t).parse::<Item>().ok());
        if let Some(item) = cause {
            tags.root = parameter(&item.params, "root");
            tags.grade = parameter(&item.params, "grade");
            tags.incident = parameter(&item.params, "inc");
            tags.cause = word(&item.bare_item);
        }
        tags
    }

    /// The tag of soe503: `SOE-503`, `SOE-502`, `SOE-504`.
    pub(crate) fn ours(&self) -> Option<&str> {
        self.code.as_deref().filter(|c| c.starts_with("SOE-"))
    }

    /// The hop nearest to us that met a problem.
    pub(crate) fn failing_hop(&self) -> Option<&Hop> {
        self.proxy_status.iter().rev().find(|h| h.error.is_some())
    }

    /// A hop that passed this very status on from behind, if no hop met a problem.
    pub(crate) fn passed_on(&self, status: u16) -> Option<&Hop> {
        let received = |h: &&Hop| h.received_status == Some(i64::from(status));
        match self.failing_hop() {
            Some(_) => None,
            None => self.proxy_status.iter().find(received),
        }
    }

    /// `Retry-After` in seconds, if it is given in seconds.
    pub(crate) fn retry_after_secs(&self) -> Option<u64> {
        self.retry_after.as_deref()?.trim().parse().ok()
    }
}

/// The value of a header; lines of the same name are one list (RFC 9110 §5.3).
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|v| String::from_utf8_lossy(v.as_bytes()))
        .collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

fn hops(text: &str) -> Vec<Hop> {
    let Ok(list) = Parser::new(text).parse::<List>() else {
        return Vec::new();
    };
    let hop = |entry: ListEntry| match entry {
        ListEntry::Item(item) => Some(Hop {
            name: word(&item.bare_item)?,
            error: parameter(&item.params, "error"),
            received_status: item
                .params
                .get("received-status")
                .and_then(|v| v.as_integer())
                .map(i64::from),
            details: parameter(&item.params, "details"),
        }),
        ListEntry::InnerList(_) => None,
    };
    list.into_iter().filter_map(hop).collect()
}

fn parameter(parameters: &Parameters, key: &str) -> Option<String> {
    parameters.get(key).and_then(word)
}

/// A token or a string as text.
fn word(item: &BareItem) -> Option<String> {
    match item {
        BareItem::Token(token) => Some(token.as_str().to_owned()),
        BareItem::String(text) => Some(text.as_str().to_owned()),
        BareItem::DisplayString(text) => Some(text.clone()),
        _ => None,
    }
}
