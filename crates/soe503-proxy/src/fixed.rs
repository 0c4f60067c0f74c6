//! What a reload cannot change.
//!
//! Sockets, threads and the places where files are open are made once. Everything else of a
//! listener is looked up for each connection (how it is served, with or without TLS) or for each
//! request (routes), and so follows a reload.

use std::fmt;
use std::net::SocketAddr;

use crate::config::{Admin, Config, Limits, Listener};

/// What differs between two configurations and stays as it is while the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixed {
    /// A section as a whole, or the number of its entries.
    Section(&'static str),
    /// A key of a listener.
    Listener(&'static str),
}

impl Fixed {
    /// The first such difference between `old` and `new`.
    pub(crate) fn changed(old: &Config, new: &Config) -> Option<Self> {
        let sections = [
            (old.server != new.server, "[server]"),
            (
                admin_address(old) != admin_address(new),
                "`address` or `enabled` of [admin]",
            ),
            (old.access_log != new.access_log, "[access_log]"),
            (
                old.listeners.iter().count() != new.listeners.iter().count(),
                "the number of [[listeners]]",
            ),
        ];
        let mut listeners = old.listeners.iter().zip(new.listeners.iter());
        first(sections)
            .map(Self::Section)
            .or_else(|| listeners.find_map(|(old, new)| of_listener(old, new).map(Self::Listener)))
    }
}

/// Where the admin API listens, if it does. Who may use it, and TLS, follow a reload.
fn admin_address(config: &Config) -> Option<SocketAddr> {
    let Admin {
        address,
        access: _,
        tls: _,
    } = config.admin.as_ref()?;
    Some(*address)
}

/// Every field is named, so that a new one has to be thought about.
fn of_listener(old: &Listener, new: &Listener) -> Option<&'static str> {
    let Listener {
        address,
        protocols: _,
        explain,
        explain_to,
        tls: _,
        proxy_protocol,
        trace_context,
        forwarded,
        limits,
    } = old;
    first([
        (*address != new.address, "address"),
        // Who is told more than others was found out when the connection began.
        (*explain != new.explain && !explain_to.is_empty(), "explain"),
        (*explain_to != new.explain_to, "explain_to"),
        (*proxy_protocol != new.proxy_protocol, "proxy_protocol"),
        (*trace_context != new.trace_context, "trace_context"),
        (*forwarded != new.forwarded, "forwarded"),
    ])
    .or_else(|| of_limits(limits, &new.limits))
}

fn of_limits(old: &Limits, new: &Limits) -> Option<&'static str> {
    let Limits {
        max_header_bytes: _,
        max_headers: _,
        max_target_bytes,
        header_read_timeout: _,
        body_read_timeout: _,
        min_body_rate: _,
        idle_timeout: _,
        max_connections,
        max_connections_per_client,
        max_hops,
        max_h2_streams: _,
    } = old;
    first([
        (
            *max_target_bytes != new.max_target_bytes,
            "limits.max_target_bytes",
        ),
        (
            *max_connections != new.max_connections,
            "limits.max_connections",
        ),
        (
            *max_connections_per_client != new.max_connections_per_client,
            "limits.max_connections_per_client",
        ),
        (*max_hops != new.max_hops, "limits.max_hops"),
    ])
}

fn first<const N: usize>(differences: [(bool, &'static str); N]) -> Option<&'static str> {
    let mut differences = differences.into_iter();
    differences.find_map(|(differs, what)| differs.then_some(what))
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Section(what) => f.write_str(what),
            Self::Listener(key) => write!(f, "`{key}` of [[listeners]]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_str;

    fn config(listener: &str) -> Config {
        let text = format!(
            "[[listeners]]\n{listener}\n[[routes]]\npool = \"app\"\n\
             [pools.app]\nbackends = [\"http://127.0.0.1:81\"]\n"
        );
        from_str("test", &text).unwrap_or_else(|report| panic!("{}", report.render(false)))
    }

    #[test]
    fn who_may_use_the_admin_api_is_no_matter_of_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("edge.toml");
        for token in ["admin", "other"] {
            let file = directory.path().join(token);
            std::fs::write(file, format!("{token}-0123456789abcdef")).unwrap();
        }
        let of = |admin: &str| {
            let text = format!(
                "[admin]\n{admin}\n[[listeners]]\naddress = \"127.0.0.1:80\"\n[[routes]]\npool = \"app\"\n\
                 [pools.app]\nbackends = [\"http://127.0.0.1:81\"]\n"
            );
            std::fs::write(&path, text).unwrap();
            crate::config::load(&path).unwrap_or_else(|report| panic!("{report}"))
        };
        let old = of("token_file = \"admin\"");
        for (admin, restart) in [
            ("", false),
            ("token_file = \"other\"", false),
            ("token_file = \"admin\"\nread_token_file = \"other\"", false),
            ("token_file = \"admin\"\naddress = \"127.0.0.1:9\"", true),
            ("enabled = false", true),
        ] {
            let changed = Fixed::changed(&old, &of(admin));
            assert_eq!(changed.is_some(), restart, "{admin}: {changed:?}");
        }
    }

    #[test]
    fn what_needs_a_restart_is_named() {
        let here = "address = \"127.0.0.1:80\"\n";
        let old = config(here);
        for (more, changed) in [
            ("", None),
            ("protocols = [\"h1\"]", None),
            ("explain = \"public\"", None),
            ("limits = { max_headers = 9, idle_timeout = \"9s\" }", None),
            ("trace_context = true", Some("trace_context")),
            (
                "explain_to = { full = [\"10.0.0.0/8\"] }",
                Some("explain_to"),
            ),
            (
                "limits = { max_connections = 9, max_headers = 9 }",
                Some("limits.max_connections"),
            ),
            ("limits = { max_hops = 9 }", Some("limits.max_hops")),
            (
                "limits = { max_target_bytes = \"9KiB\" }",
                Some("limits.max_target_bytes"),
            ),
            (
                "limits = { max_connections_per_client = 9 }",
                Some("limits.max_connections_per_client"),
            ),
        ] {
            let new = config(&format!("{here}{more}"));
            let fixed = Fixed::changed(&old, &new);
            assert_eq!(fixed, changed.map(Fixed::Listener), "{more}");
        }
        let elsewhere = config("address = \"127.0.0.1:81\"");
        let fixed = Fixed::changed(&old, &elsewhere).unwrap();
        assert_eq!(fixed.to_string(), "`address` of [[listeners]]");
        let two = config(&format!("{here}[[listeners]]\naddress = \"127.0.0.1:82\""));
        let fixed = Fixed::changed(&old, &two).unwrap();
        assert_eq!(fixed, Fixed::Section("the number of [[listeners]]"));
    }
}
