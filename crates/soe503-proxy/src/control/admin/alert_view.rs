//! The effective configuration of alerts and of webhooks about changes. No secret is in it.

use serde_json::{Value, json};

use super::config_view::span;
use crate::config::{Alert, AlertAddress, ChangeHooks};

/// One `[alerts.NAME]`.
pub(super) fn alert(alert: &Alert) -> Value {
    let interest = &alert.interest;
    let on: Vec<_> = interest.on.iter().map(|event| event.word()).collect();
    let mut view = json!({
        "kind": alert.kind.word(),
        "severity": interest.severity.word(),
        "grade": match interest.grade {
            soe503_core::diagnosis::Grade::Proven => "proven",
            soe503_core::diagnosis::Grade::Inferred => "inferred",
            _ => "suspected",
        },
        "on": on,
        "grew_by": interest.grew_by,
        "timeout": span(alert.timeout),
        "max_per_minute": alert.max_per_minute,
        "give_up_after": span(alert.give_up_after),
    });
    match &alert.address {
        AlertAddress::InFile(path, _) => view["url_file"] = json!(path.display().to_string()),
        AlertAddress::Written(url) => {
            view["url"] = match alert.has_secret_path() && url.path() != "/" {
                true => json!(format!("{}/(not shown)", url.origin())),
                false => json!(url.shown()),
            }
        }
    }
    if let Some(secret) = &alert.secret {
        view["secret_file"] = json!(secret.path().display().to_string());
    }
    if let Some(ca) = alert.tls.as_ref().and_then(|tls| tls.ca.as_ref()) {
        view["ca"] = json!(ca.display().to_string());
    }
    if !interest.causes.is_empty() {
        view["causes"] = interest
            .causes
            .iter()
            .map(|topic| json!(topic.id()))
            .collect();
    }
    if !interest.pools.is_empty() {
        view["pools"] = interest.pools.iter().map(|pool| json!(&**pool)).collect();
    }
    if let Some(every) = alert.resend_every {
        view["resend_every"] = json!(span(every));
    }
    view
}

/// `[changes]`.
pub(super) fn changes(changes: &ChangeHooks) -> Value {
    let mut view = json!({ "max_per_minute": changes.max_per_minute });
    if let Some(secret) = &changes.github {
        view["github_secret_file"] = json!(secret.path().display().to_string());
    }
    view
}
