//! Who gets at the admin API.

use super::{
    KeyPath, Lint, Severity,
    hit::{Hit, Hits},
    look::Look,
    round,
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
    Lint {
        id: "no_drain_delay",
        severity: Severity::Note,
        key: "server.drain_delay",
        wrong: "The admin API can be asked from elsewhere, by load balancers most likely, and a process that is told to end closes its listeners \
                before any of them can see that `/readyz` is 503: until then they send requests to a closed address.",
        set: "the interval of who asks times the failures that it takes him; `\"10s\"` if that is not known",
        look: no_drain_delay,
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

fn no_drain_delay(look: &Look<'_>, hits: &mut Hits) {
    let delay = look.config.server.drain_delay;
    let remote = look.config.admin.as_ref().map(|admin| admin.address);
    let Some(remote) = remote.filter(|address| !address.ip().is_loopback()) else {
        return;
    };
    if !delay.is_zero() {
        return;
    }
    let said = format!(
        "whoever asks {remote} whether this process is ready has no time to notice that it ends"
    );
    hits.push(
        Hit::new(KeyPath::top("server.drain_delay"), round::toml(delay), said)
            .set("server.drain_delay", "\"10s\"")
            .advice("or less, if who asks notices sooner; whatever stops the process must wait for that and for `shutdown_grace` before it kills it")
            .also(KeyPath::top("admin.address"), "not a loopback address"),
    );
}

#[cfg(test)]
#[path = "admin_tests.rs"]
pub(super) mod tests;
