//! Keys of `[telemetry.dogstatsd]`.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{host, telemetry::Attributes};
use crate::config::{
    StatsdAddress,
    wire::{Defaulted, Fault, Optional, Text, section},
};

section! {
    /// All metrics of `/metrics`, sent to the DogStatsD server of a Datadog agent, under the names that the agent's OpenMetrics
    /// check gives them. While nobody listens, packets are lost and requests are not: see `soe503_dogstatsd_dropped_total`.
    struct DogstatsdKeys {
        /// Where the server is: `HOST:PORT` for UDP, or `unix:///PATH` for a Unix datagram socket.
        address: Optional<StatsdAddress>,
            absent("as `DD_DOGSTATSD_URL` says, or `DD_AGENT_HOST` and `DD_DOGSTATSD_PORT`; else `\"127.0.0.1:8125\"`"),
            like("\"127.0.0.1:8125\"");
        /// What the names of all metrics begin with, without the dot behind it.
        namespace: Defaulted<Namespace>, default(Namespace("soe503".into()));
        /// Tags of all metrics, such as `env`. Those of `DD_ENV`, `DD_SERVICE`, `DD_VERSION` and `DD_ENTITY_ID` are added where
        /// these are set, `server` and `soe503_version` always.
        tags: Defaulted<Attributes>, default(Attributes(Vec::new()));
        /// How often they are sent. The agent adds up what comes within ten seconds.
        interval: Defaulted<Duration>, default(Duration::from_secs(10)),
            range(Duration::from_secs(1), Duration::from_secs(300));
    }
}

/// What names of metrics begin with.
#[derive(Clone, Debug)]
pub(in crate::config) struct Namespace(pub(in crate::config) Arc<str>);

/// As long may a path of a socket be, with the zero behind it (unix(7)).
const LONGEST_PATH: usize = 107;

impl Text for StatsdAddress {
    const KIND: &'static str = "the address of a DogStatsD server";
    const LIKE: &'static str = "\"127.0.0.1:8125\" or \"unix:///var/run/datadog/dsd.socket\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("udp", text));
        match scheme {
            "udp" if rest.starts_with('/') => {
                Err(Fault::new("a path").help(format!("did you mean \"unix://{rest}\"?")))
            }
            "udp" => udp(rest),
            "unix" | "unixgram" => unix(rest),
            "unixstream" => Err(Fault::new("only datagrams are sent to Unix sockets")
                .help("have the agent listen at `dogstatsd_socket`, and write unix://PATH")),
            _ => Err(Fault::new("expected HOST:PORT or unix:///PATH")
                .help(format!("write it such as {}", Self::LIKE))),
        }
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn constraints() -> Value {
        json!({ "pattern": "^((udp://)?[^/?#@\\s]+|(unix|unixgram):///[^\\s]+)$" })
    }
}

fn udp(text: &str) -> Result<StatsdAddress, Fault> {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') && !name.ends_with(':') => {
            let port = port.parse::<u16>().ok().filter(|port| *port > 0);
            let port = port.ok_or_else(|| Fault::new("the port must be from 1 to 65535"))?;
            (name, port)
        }
        _ => (text, StatsdAddress::PORT),
    };
    let host = host::host(name)?;
    Ok(match format!("{host}:{port}").parse::<SocketAddr>() {
        Ok(address) => StatsdAddress::Udp(address),
        Err(_) => StatsdAddress::Host(host.into(), port),
    })
}

fn unix(path: &str) -> Result<StatsdAddress, Fault> {
    if !path.starts_with('/') {
        return Err(Fault::new("the path must be absolute")
            .help(format!("write it with three slashes: \"unix:///{path}\"")));
    }
    if path.len() > LONGEST_PATH {
        return Err(Fault::new(format!(
            "the path of a socket has at most {LONGEST_PATH} bytes"
        )));
    }
    if path.contains('\0') {
        return Err(Fault::new("not a path"));
    }
    Ok(StatsdAddress::Unix(PathBuf::from(path)))
}

/// The address that `text` is.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn statsd_address(text: &str) -> Result<StatsdAddress, String> {
    StatsdAddress::parse(text).map_err(Fault::into_label)
}

impl Text for Namespace {
    const KIND: &'static str = "the beginning of metrics' names";
    const LIKE: &'static str = "\"soe503\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        const LONGEST: usize = 64;
        if let Some(bare) = text.strip_suffix('.') {
            return Err(
                Fault::new("the dot is put behind it").help(format!("did you mean \"{bare}\"?"))
            );
        }
        if text.len() > LONGEST {
            return Err(Fault::new(format!("longer than {LONGEST} characters")));
        }
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) || !text.bytes().all(known) {
            return Err(Fault::new(
                "begins with a letter, and has only letters, digits, `_` and `.`",
            ));
        }
        Ok(Self(text.into()))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }

    fn constraints() -> Value {
        json!({ "pattern": "^[A-Za-z]([A-Za-z0-9_.]{0,62}[A-Za-z0-9_])?$" })
    }
}

/// What is wrong with a tag of all metrics, if anything is.
pub(in crate::config) fn tag_fault(name: &str, value: &str) -> Option<&'static str> {
    // Datadog: 200 characters for both.
    const LONGEST: usize = 199;
    let known = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    if !name.starts_with(char::is_alphabetic) || !name.chars().all(known) {
        return Some("a tag's name begins with a letter, and has only letters, digits and `_-./`");
    }
    if value.is_empty() || value.contains([',', '|']) || value.contains(char::is_control) {
        return Some("a tag's value is not empty, and has no `,` and no `|`");
    }
    if name.chars().count() + value.chars().count() > LONGEST {
        return Some("name and value have at most 199 characters together");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, read) in [
            ("127.0.0.1:8125", "127.0.0.1:8125"),
            ("127.0.0.1", "127.0.0.1:8125"),
            ("udp://10.0.0.1:8126", "10.0.0.1:8126"),
            ("[::1]:8125", "[::1]:8125"),
            ("[::1]", "[::1]:8125"),
            ("Agent.internal", "agent.internal:8125"),
            ("agent:9125", "agent:9125"),
            ("unix:///run/dsd.socket", "unix:///run/dsd.socket"),
            ("unixgram:///run/dsd.socket", "unix:///run/dsd.socket"),
        ] {
            let address = StatsdAddress::parse(text).unwrap_or_else(|f| panic!("{text}: {f:?}"));
            assert_eq!(address.text(), read);
            assert_eq!(StatsdAddress::parse(read).ok(), Some(address), "{text}");
        }
        for bad in [
            "",
            ":8125",
            "a:0",
            "a:65536",
            "a:b",
            "::1",
            "a b",
            "a/b",
            "http://a:8125",
            "/run/dsd.socket",
            "unix://run/dsd.socket",
            "unix://",
            "unixstream:///run/dsd.socket",
            &format!("unix:///{}", "x".repeat(107)),
        ] {
            assert!(StatsdAddress::parse(bad).is_err(), "{bad:?}");
        }
        assert!(matches!(
            StatsdAddress::parse("agent:1"),
            Ok(StatsdAddress::Host(..))
        ));
    }

    #[test]
    fn tags() {
        for (name, value, good) in [
            ("env", "prod", true),
            ("größe", "127.0.0.1:80 a", true),
            ("9a", "x", false),
            ("", "x", false),
            ("a:b", "x", false),
            ("a", "", false),
            ("a", "x,y", false),
            ("a", "x|y", false),
            ("a", "x\ny", false),
        ] {
            assert_eq!(tag_fault(name, value).is_none(), good, "{name}:{value:?}");
        }
        assert!(tag_fault("a", &"x".repeat(198)).is_none());
        assert!(tag_fault("a", &"x".repeat(199)).is_some());
    }
}
