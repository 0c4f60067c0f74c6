//! Webhooks: signatures and documents.

use soe503_api as api;
use soe503_core::alert::Event;

use super::super::{Letter, sign, write};
use super::{at, incident, letter, only};
use crate::config::AlertKind;

/// The example of the specification of Standard Webhooks.
#[test]
fn webhooks_are_signed_as_the_standard_says() {
    let key = crate::config::webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let signature = sign(
        &key,
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        br#"{"test": 2432232314}"#,
    );
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[test]
fn a_webhook_is_signed_with_each_key_and_keeps_its_id() {
    let told = incident();
    let secrets = [
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];
    let secrets = secrets.map(str::to_owned);
    let first = letter(&told, Event::Opened);
    let later = Letter {
        now: at("2026-11-22T17:59:09Z"),
        ..first
    };
    let sent = |letter: &Letter<'_>| {
        let parcel = write(AlertKind::Webhook, letter, &secrets).remove(0);
        let field = |name: &str| {
            let found = parcel.fields.iter().find(|(field, _)| field == name);
            found.unwrap().1.to_str().unwrap().to_owned()
        };
        let (id, time) = (field("webhook-id"), field("webhook-timestamp"));
        let signatures: Vec<String> = secrets
            .iter()
            .map(|secret| {
                let key = crate::config::webhook_key(secret).unwrap();
                sign(&key, &id, time.parse().unwrap(), &parcel.body)
            })
            .collect();
        assert_eq!(field("webhook-signature"), signatures.join(" "));
        (id, time)
    };
    let ((id, time), (id_again, time_again)) = (sent(&first), sent(&later));
    assert_eq!(id, id_again);
    assert_eq!((&*time, &*time_again), ("1795369269", "1795370349"));
    assert_ne!(id, sent(&letter(&told, Event::Closed)).0);
    let unsigned = write(AlertKind::Webhook, &first, &[]).remove(0);
    assert!(
        unsigned
            .fields
            .iter()
            .all(|(name, _)| name != "webhook-signature")
    );
}

/// The document is whole: whoever keeps it needs nothing else.
#[test]
fn a_webhook_has_the_document_of_the_admin_api() {
    let told = incident();
    let body = only(AlertKind::Webhook, &letter(&told, Event::Grew));
    assert_eq!(body["type"], "incident.grew");
    let read: api::Incident = serde_json::from_value(body["data"]["incident"].clone()).unwrap();
    assert_eq!(read, told);
}
