//! Networks: addresses with a prefix length.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::config::wire::{Fault, Text};

impl Text for IpNet {
    const KIND: &'static str = "a network";
    const LIKE: &'static str = "\"10.0.0.0/8\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::from(address));
        }
        let Ok(network) = text.parse::<Self>() else {
            return Err(Fault::new("not an IP address with the length of a prefix")
                .help(format!("write it such as {}", Self::LIKE)));
        };
        // `10.1.2.3/8` is a slip: either the address or the length is not what was meant.
        if network.trunc() != network {
            return Err(Fault::new("there are bits behind the prefix").help(format!(
                "did you mean \"{}\" or \"{}\"?",
                network.trunc(),
                network.addr()
            )));
        }
        Ok(network)
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn constraints() -> Value {
        json!({ "pattern": r"^(\d+\.\d+\.\d+\.\d+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(/\d{1,3})?$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_as_they_are_written() {
        for (text, read) in [
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("192.0.2.7", Some("192.0.2.7/32")),
            ("::1", Some("::1/128")),
            ("2001:db8::/32", Some("2001:db8::/32")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("10.1.2.3/8", None),
            ("10.0.0.0/33", None),
            ("10.0.0/8", None),
            ("10.0.0.0/", None),
            ("10.0.0.1:80", None),
            ("localhost", None),
            ("*", None),
            ("", None),
        ] {
            let network = IpNet::parse(text).ok().map(|network| network.text());
            assert_eq!(network.as_deref(), read, "{text:?}");
        }
    }
}
