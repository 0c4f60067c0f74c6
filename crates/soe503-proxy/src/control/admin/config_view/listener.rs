//! A listener of the effective configuration.

use serde_json::{Value, json};

use super::{bytes, networks, span};
use crate::config::{
    Exposure, Forwarded, ForwardedMode, ForwardedStyle, Listener, ListenerTls, Protocols,
};

pub(super) fn listener(listener: &Listener) -> Value {
    let limits = &listener.limits;
    let mut view = json!({
        "address": listener.address.to_string(),
        "protocols": match listener.protocols {
            Protocols::H1 => vec!["h1"],
            Protocols::H2 => vec!["h2"],
            Protocols::Both => vec!["h1", "h2"],
        },
        "explain": match listener.explain {
            Exposure::Full => "full",
            Exposure::Internal => "internal",
            _ => "public",
        },
        "trace_context": listener.trace_context,
        "forwarded": forwarded(&listener.forwarded),
        "limits": {
            "max_header_bytes": bytes(u64::from(limits.max_header_bytes)),
            "max_headers": limits.max_headers,
            "max_target_bytes": bytes(limits.max_target_bytes as u64),
            "header_read_timeout": span(limits.header_read_timeout),
            "body_read_timeout": span(limits.body_read_timeout),
            "min_body_rate": bytes(limits.min_body_rate),
            "idle_timeout": span(limits.idle_timeout),
            "max_connections": limits.max_connections,
            "max_hops": limits.max_hops,
            "max_h2_streams": limits.max_h2_streams,
        },
    });
    if !listener.explain_to.is_empty() {
        view["explain_to"] = json!({
            "internal": networks(&listener.explain_to.internal),
            "full": networks(&listener.explain_to.full),
        });
    }
    if let Some(tls) = &listener.tls {
        view["tls"] = served_tls(tls);
    }
    if let Some(trusted) = &listener.proxy_protocol {
        view["proxy_protocol"] = json!("require");
        view["trusted"] = networks(trusted);
    }
    if let Some(limit) = limits.max_connections_per_client {
        view["limits"]["max_connections_per_client"] = json!(limit);
    }
    view
}

/// TLS of a listener, or of the admin address.
pub(super) fn served_tls(tls: &ListenerTls) -> Value {
    let pairs = tls.certificates.iter();
    let mut view = json!({
        "certificates": pairs
            .map(|pair| json!({ "cert": pair.cert, "key": pair.key }))
            .collect::<Vec<_>>(),
        "min_version": tls.min_version.id(),
        "handshake_timeout": span(tls.handshake_timeout),
    });
    if let Some(auth) = &tls.client_auth {
        view["client_auth"] = json!({ "ca": auth.ca, "required": auth.required });
    }
    view
}

fn forwarded(forwarded: &Forwarded) -> Value {
    json!({
        "trust": networks(&forwarded.trust),
        "mode": match forwarded.mode {
            ForwardedMode::Append => "append",
            ForwardedMode::Replace => "replace",
            ForwardedMode::Off => "off",
        },
        "style": match forwarded.style {
            ForwardedStyle::XForwarded => "x-forwarded",
            ForwardedStyle::Forwarded => "forwarded",
            ForwardedStyle::Both => "both",
        },
    })
}
