//! Who gets at the admin API.

use super::{
    KeyPath, Lint, Severity,
    hit::{Hit, Hits},
    look::Look,
};

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "admin_token_in_clear",
        severity: Severity::Warning,
        key: "admin.tls",
        wrong: "Tokens are sent over the network as they are: whoever is on the way reads the operator's, and may do everything from then on.",
        set: "`{ certificates = [{ cert = \"admin.pem\", key = \"admin.key\" }] }`; or listen on 127.0.0.1 behind something that speaks TLS",
        look: token_in_clear,
    },
    Lint {
        id: "admin_readers_are_clients",
        severity: Severity::Warning,
        key: "admin.tls.client_auth.readers",
        wrong: "The admin API believes the authority that clients of a listener have their certificates from, and `readers` is not set: each of those \
                clients may look at pools, failures and the configuration.",
        set: "the names of those who may look; or another `ca`",
        look: readers_are_clients,
    },
];

fn token_in_clear(look: &Look<'_>, hits: &mut Hits) {
    let Some(admin) = &look.config.admin else {
        return;
    };
    let secret = admin.access.tokens().is_some();
    if !secret || admin.tls.is_some() || admin.address.ip().is_loopback() {
        return;
    }
    let said = format!("tokens come to {} in clear text", admin.address);
    hits.push(
        Hit::new(KeyPath::top("admin.tls"), "off", said)
            .set(
                "tls",
                "{ certificates = [{ cert = \"admin.pem\", key = \"admin.key\" }] }",
            )
            .advice(
                "where something in front of it speaks TLS, have it listen on a loopback address",
            )
            .also(KeyPath::top("admin.address"), "not a loopback address"),
    );
}

fn readers_are_clients(look: &Look<'_>, hits: &mut Hits) {
    let admin = look.config.admin.as_ref();
    let Some((tls, certificates)) =
        admin.and_then(|admin| Some((admin.tls.as_ref()?, admin.access.certificates()?)))
    else {
        return;
    };
    let Some(auth) = tls
        .client_auth
        .as_ref()
        .filter(|_| certificates.readers().is_none())
    else {
        return;
    };
    let listeners = look.config.listeners.iter().enumerate();
    let mut same = listeners.filter(|(_, listener)| {
        let theirs = listener
            .tls
            .as_ref()
            .and_then(|tls| tls.client_auth.as_ref());
        theirs.is_some_and(|theirs| theirs.ca == auth.ca)
    });
    let Some((number, listener)) = same.next() else {
        return;
    };
    let said = format!(
        "each client of the listener {} that has a certificate may look at everything",
        listener.address
    );
    let operators = certificates.operators();
    let readers: Vec<_> = operators.iter().map(|name| format!("{name:?}")).collect();
    hits.push(
        Hit::new(
            KeyPath::top("admin.tls.client_auth.readers"),
            "everybody with a certificate",
            said,
        )
        .set(
            "tls.client_auth.readers",
            format!("[{}]", readers.join(", ")),
        )
        .advice("and whoever else shall look; or take another authority than that of clients")
        .also(
            KeyPath::item("listeners", number, "tls.client_auth.ca"),
            "the same authority",
        ),
    );
}

#[cfg(test)]
#[path = "admin_tests.rs"]
pub(super) mod tests;
