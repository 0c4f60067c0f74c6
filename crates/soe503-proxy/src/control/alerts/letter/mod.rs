//! Messages about incidents, written for each kind of target. Pure: from a document to bytes.
//!
//! The text is the explanation: cause and how sure that is, scope, evidence, what to do, and links. What comes from backends
//! and clients is text and nothing else: cleaned, escaped for where it goes, and cut to the lengths that the target takes.

mod alertmanager;
mod grafana;
mod pagerduty;
mod slack;
#[cfg(test)]
mod tests;
mod text;
mod webhook;
mod words;

use http::{HeaderName, HeaderValue, Method, header};
use serde_json::Value;
use soe503_api::{self as api, Timestamp};
use soe503_core::alert::{Event, Severity};

pub use webhook::sign;

use crate::config::AlertKind;

/// What a message is about.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The incident.
    pub incident: &'a api::Incident,
    /// What of it.
    pub event: Event,
    /// How bad it is.
    pub severity: Severity,
    /// What of its labels was told before, if something else: how bad, and the cause.
    pub before: Option<(Severity, &'a str)>,
    /// Where people reach the admin API.
    pub external_url: Option<&'a str>,
    /// It is a test, and says so.
    pub test: bool,
    /// Now.
    pub now: Timestamp,
    /// Until when a target may take it for true without being told again.
    pub until: Timestamp,
    /// Since when it waits to be told.
    pub since: Timestamp,
}

/// A request without its address.
#[derive(Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The method.
    pub method: Method,
    /// What is added to the path of the target's URL.
    pub path: &'static str,
    /// Fields, beside those that every request has.
    pub fields: Vec<(HeaderName, HeaderValue)>,
    /// The body: JSON.
    pub body: Vec<u8>,
}

/// What is sent to a target of this `kind`, in order. `secrets` are those of its file.
pub fn write(kind: AlertKind, letter: &Letter<'_>, secrets: &[String]) -> Vec<Parcel> {
    let secret = secrets.first().map(String::as_str);
    match kind {
        AlertKind::Slack => vec![Parcel::json("", &slack::body(letter))],
        AlertKind::PagerDuty => {
            let key = secret.unwrap_or_default();
            let events = pagerduty::bodies(letter, key);
            events.iter().map(|body| Parcel::json("", body)).collect()
        }
        AlertKind::Alertmanager => {
            let body = alertmanager::body(letter);
            vec![Parcel::json("/api/v2/alerts", &body).bearing(secret)]
        }
        AlertKind::Grafana => {
            let body = grafana::body(letter);
            vec![Parcel::json("/api/annotations", &body).bearing(secret)]
        }
        AlertKind::Webhook => {
            let mut parcel = Parcel::json("", &webhook::body(letter));
            parcel
                .fields
                .extend(webhook::fields(letter, &parcel.body, secrets));
            vec![parcel]
        }
    }
}

// === impl Letter ===

impl Letter<'_> {
    /// The page of this incident, if there is an address for links.
    fn page(&self) -> Option<String> {
        let path = api::path::incident(&self.incident.summary.id);
        self.external_url.map(|url| format!("{url}{path}"))
    }

    /// The page about the cause.
    fn runbook(&self) -> String {
        let cause = &self.incident.summary.cause;
        format!(
            "https://github.com/soe503/soe503/blob/main/crates/soe503-core/docs/causes.md#{cause}"
        )
    }
}

// === impl Parcel ===

impl Parcel {
    fn json(path: &'static str, body: &Value) -> Self {
        Self {
            method: Method::POST,
            path,
            fields: Vec::new(),
            body: body.to_string().into_bytes(),
        }
    }

    fn bearing(mut self, token: Option<&str>) -> Self {
        let value = token.and_then(|token| HeaderValue::try_from(format!("Bearer {token}")).ok());
        if let Some(mut value) = value {
            value.set_sensitive(true);
            self.fields.push((header::AUTHORIZATION, value));
        }
        self
    }
}

/// Without fields and body: there may be secrets in them.
impl std::fmt::Debug for Parcel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parcel")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
