//! The incident as JSON, in the envelope and with the signature of Standard Webhooks
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::Letter;
use crate::config::webhook_key;

static ID: HeaderName = HeaderName::from_static("webhook-id");
static TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
static SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

pub(super) fn body(letter: &Letter<'_>) -> Value {
    let kind = match letter.test {
        true => "test".to_owned(),
        false => format!("incident.{}", letter.event.word()),
    };
    json!({
        "type": kind,
        "timestamp": letter.since,
        "data": {
            "severity": letter.severity.word(),
            "summary": letter.sentence(1_000),
            "links": { "incident": letter.page(), "runbook": letter.runbook() },
            "incident": letter.incident,
        },
    })
}

/// Who the message is from, and when. The id is the same each time that it is sent.
pub(super) fn fields(
    letter: &Letter<'_>,
    body: &[u8],
    secrets: &[String],
) -> Vec<(HeaderName, HeaderValue)> {
    let id = format!(
        "soe503_{}_{}_{}",
        letter.incident.summary.id,
        letter.event.word(),
        letter.since.unix_millis()
    );
    let seconds = letter.now.unix_millis() / 1_000;
    let keys = secrets.iter().filter_map(|secret| webhook_key(secret));
    let signatures: Vec<String> = keys.map(|key| sign(&key, &id, seconds, body)).collect();
    let mut fields = vec![(TIMESTAMP.clone(), HeaderValue::from(seconds))];
    let mut put = |name: &HeaderName, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            fields.push((name.clone(), value));
        }
    };
    put(&ID, id);
    if !signatures.is_empty() {
        put(&SIGNATURE, signatures.join(" "));
    }
    fields
}

/// One signature: `v1,` and the base64 of the HMAC-SHA256 of id, time and body.
pub fn sign(key: &[u8], id: &str, seconds: u64, body: &[u8]) -> String {
    let mut mac = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, key));
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.sign()))
}
