//! Addresses that belong to one caller.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How many leading bits of an address make a caller.
///
/// An IPv6 customer has a network of at least 64 bits to choose addresses from (RFC 6177), so a
/// single address says nothing.
///
/// # Defaults
/// `v4` 32, `v6` 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientPrefix {
    v4: u8,
    v6: u8,
}

/// A prefix longer than an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixError(());

impl ClientPrefix {
    /// So many bits of IPv4 and of IPv6 addresses.
    ///
    /// # Errors
    /// [`PrefixError`] above 32 and 128.
    pub const fn new(v4: u8, v6: u8) -> Result<Self, PrefixError> {
        if v4 > 32 || v6 > 128 {
            return Err(PrefixError(()));
        }
        Ok(Self { v4, v6 })
    }

    /// Bits of an IPv4 address.
    pub const fn v4(self) -> u8 {
        self.v4
    }

    /// Bits of an IPv6 address.
    pub const fn v6(self) -> u8 {
        self.v6
    }

    /// The network of `address` that makes the caller. An IPv4 address in IPv6 clothes
    /// (`::ffff:198.51.100.7`) is the IPv4 address.
    pub fn of(self, address: IpAddr) -> IpAddr {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.v4)).unwrap_or(0);
                Ipv4Addr::from_bits(v4.to_bits() & mask).into()
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.v6)).unwrap_or(0);
                Ipv6Addr::from_bits(v6.to_bits() & mask).into()
            }
        }
    }
}

impl Default for ClientPrefix {
    fn default() -> Self {
        Self { v4: 32, v6: 64 }
    }
}

impl fmt::Display for PrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a prefix has at most 32 bits of IPv4 and 128 of IPv6")
    }
}

impl core::error::Error for PrefixError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_one_caller() {
        let default = ClientPrefix::default();
        let wide = ClientPrefix::new(24, 48).unwrap();
        let none = ClientPrefix::new(0, 0).unwrap();
        for (prefix, address, network) in [
            (default, "198.51.100.7", "198.51.100.7"),
            (default, "::ffff:198.51.100.7", "198.51.100.7"),
            (default, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            (default, "2001:db8:1:2:ffff::", "2001:db8:1:2::"),
            (wide, "198.51.100.7", "198.51.100.0"),
            (wide, "2001:db8:1:2::1", "2001:db8:1::"),
            (none, "198.51.100.7", "0.0.0.0"),
            (none, "2001:db8::1", "::"),
        ] {
            let of = prefix.of(address.parse().unwrap());
            assert_eq!(of, network.parse::<IpAddr>().unwrap(), "{address}");
        }
        assert!(ClientPrefix::new(33, 64).is_err() && ClientPrefix::new(32, 129).is_err());
        assert!(ClientPrefix::new(32, 128).is_ok());
        assert_eq!((default.v4(), default.v6()), (32, 64));
        assert_eq!((wide.v4(), wide.v6()), (24, 48));
        let error = ClientPrefix::new(33, 64).unwrap_err().to_string();
        assert_eq!(
            error,
            "a prefix has at most 32 bits of IPv4 and 128 of IPv6"
        );
    }
}
