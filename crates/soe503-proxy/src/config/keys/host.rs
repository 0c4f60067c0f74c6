//! Hosts: DNS names and IP addresses, as they stand in a URL.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::config::wire::Fault;

/// A DNS name, an IPv4 address or an IPv6 address in brackets; in lower case.
pub(super) fn host(text: &str) -> Result<String, Fault> {
    if let Some(inside) = text.strip_prefix('[') {
        let address = inside
            .strip_suffix(']')
            .and_then(|a| a.parse::<Ipv6Addr>().ok());
        return match address {
            Some(address) => Ok(format!("[{address}]")),
            None => Err(Fault::new("not an IPv6 address in brackets")),
        };
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Err(Fault::new("an IPv6 address goes in brackets")
            .help(format!("did you mean \"[{text}]\"?")));
    }
    if let Some((host, port)) = text.rsplit_once(':')
        && !port.is_empty()
        && port.bytes().all(|b| b.is_ascii_digit())
    {
        name(host)?;
        return Err(
            Fault::new("a port is not part of a host").help(format!("did you mean \"{host}\"?"))
        );
    }
    match text.parse::<Ipv4Addr>() {
        Ok(address) => Ok(address.to_string()),
        Err(_) => name(text),
    }
}

/// A DNS name in lower case, without the dot that may end it.
pub(super) fn name(text: &str) -> Result<String, Fault> {
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.is_empty() {
        return Err(Fault::new("the host is missing"));
    }
    if name.len() > 253 || name.split('.').any(|label| label.len() > 63) {
        return Err(Fault::new("too long for a host name"));
    }
    let plausible = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    if !name.split('.').all(plausible) {
        return Err(Fault::new("not a host name"));
    }
    // `127.0.0.256` and `10.1` are mistyped addresses, not names: no top-level domain is a number.
    let last = name.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::new("not an IP address"));
    }
    Ok(name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_as_they_stand_in_a_url() {
        for (text, read) in [
            ("shop.example", Some("shop.example")),
            ("Shop.EXAMPLE.", Some("shop.example")),
            ("my_service", Some("my_service")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("[::1]", Some("[::1]")),
            ("[0:0::1]", Some("[::1]")),
            ("::1", None),
            ("[::1", None),
            ("[zz]", None),
            ("127.0.0.256", None),
            ("10.1", None),
            ("a..b", None),
            ("-a", None),
            ("a b", None),
            ("a:80", None),
            ("", None),
            (".", None),
            ("ü.example", None),
        ] {
            assert_eq!(host(text).ok().as_deref(), read, "{text:?}");
        }
        assert!(name(&"a".repeat(64)).is_err());
        assert!(name(&"a.".repeat(130)).is_err());
    }
}
