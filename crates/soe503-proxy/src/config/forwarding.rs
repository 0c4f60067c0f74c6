//! What a listener believes about where its clients come from, and what it tells backends.

use std::{fmt, net::IpAddr, sync::Arc};

use ipnet::IpNet;

/// Networks, such as those of the load balancers in front. Clones share them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Arc<[IpNet]>);

/// How backends are told about the way of a request: `forwarded = { … }`.
///
/// From a client that is not in `trust` nothing is believed: the fields it sent are removed, and
/// ours are put in their place. This is what Traefik and Caddy do; nginx and Envoy append to what
/// anybody sent, and a backend that takes the first address of `X-Forwarded-For` for the client
/// then believes the client.
///
/// # Defaults
///
/// - `trust`: `[]`
/// - `mode`: `"append"`
/// - `style`: `"x-forwarded"`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forwarded {
    /// Clients that are proxies of ours, whose fields are believed.
    pub trust: Networks,
    /// What becomes of the fields of a client that is trusted.
    pub mode: ForwardedMode,
    /// Which fields.
    pub style: ForwardedStyle,
}

/// What becomes of the `X-Forwarded-…` and `Forwarded` fields of a client that is trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForwardedMode {
    /// They are extended by the client's address.
    #[default]
    Append,
    /// They are replaced, like those of everybody else.
    Replace,
    /// They are passed on as they are, and nobody's are added to.
    Off,
}

/// Which fields tell a backend about the way of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForwardedStyle {
    /// `X-Forwarded-For` and its relatives.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// All of them.
    Both,
}

// === impl Networks ===

impl Networks {
    /// Whether `address` is in one of them. An IPv4 address inside an IPv6 one is that IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each as it is written in a file: `10.0.0.0/8`.
    pub fn iter(&self) -> impl Iterator<Item = impl fmt::Display> {
        self.0.iter()
    }
}

impl FromIterator<IpNet> for Networks {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        Self(networks.into_iter().collect())
    }
}

// === impl ForwardedStyle ===

impl ForwardedStyle {
    /// Whether the `X-Forwarded-…` fields are among them.
    pub const fn x_forwarded(self) -> bool {
        matches!(self, Self::XForwarded | Self::Both)
    }

    /// Whether `Forwarded` is among them.
    pub const fn forwarded(self) -> bool {
        matches!(self, Self::Forwarded | Self::Both)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_in_their_networks() {
        let networks: Networks = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7/32"]
            .map(|network| network.parse().unwrap())
            .into_iter()
            .collect();
        for (address, inside) in [
            ("10.0.0.1", true),
            ("10.255.255.255", true),
            ("::ffff:10.1.2.3", true),
            ("11.0.0.1", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(
                networks.contains(address.parse().unwrap()),
                inside,
                "{address}"
            );
        }
        assert!(!Networks::default().contains("127.0.0.1".parse().unwrap()));
    }
}
