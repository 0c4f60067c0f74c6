//! Names of services: SRV records ([RFC 2782](https://www.rfc-editor.org/rfc/rfc2782)).
//!
//! A name whose first two labels begin with an underscore, as in `_http._tcp.shop.internal`, is that of a
//! service. Its records say on which hosts and ports it is, which of them come first, and how much of the
//! traffic each gets; the addresses of the hosts come with them, or are asked for.

use std::net::SocketAddr;
use std::sync::Arc;

use super::DnsError;

/// The highest priority of a pool's backends.
const LAST: u8 = 15;

/// One place where a service is: a target of its records, at one of the target's addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    /// The lowest comes first.
    pub priority: u16,
    /// Its address, with the port of the record.
    pub address: SocketAddr,
    /// Its share among those of the same priority; 0: hardly any.
    pub weight: u16,
    /// The host.
    pub target: Arc<str>,
}

/// A target without an address, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The host.
    pub target: Arc<str>,
    /// What was said about it.
    pub why: DnsError,
}

/// What a record means to a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The address.
    pub address: SocketAddr,
    /// The level: 0 for the lowest priority that there is, and so on.
    pub level: u8,
    /// The share, at least 1.
    pub weight: u32,
}

/// Whether `name` is that of a service.
pub fn is_service(name: &str) -> bool {
    let mut labels = name.splitn(3, '.');
    let mut underscored = || {
        labels
            .next()
            .is_some_and(|label| label.len() > 1 && label.starts_with('_'))
    };
    underscored() && underscored() && labels.next().is_some_and(|domain| !domain.is_empty())
}

/// The domain whose service it is: what is behind the first two labels.
pub fn domain(name: &str) -> &str {
    name.splitn(3, '.').nth(2).unwrap_or(name)
}

/// The places of `services`, which are sorted. Their priorities become levels, from 0 without gaps. A weight of 0 gets
/// a hundredth of what a weight of 1 gets, unless all of its level have it: then they share evenly.
pub fn places(services: &[Service]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::with_capacity(services.len());
    for (level, group) in services
        .chunk_by(|a, b| a.priority == b.priority)
        .enumerate()
    {
        let weights = || group.iter().map(|service| service.weight);
        let unit = if weights().any(|w| w == 0) && weights().any(|w| w > 0) {
            100
        } else {
            1
        };
        for service in group {
            // Two targets may have one address: it is used once, as the first says.
            if places.iter().any(|place| place.address == service.address) {
                continue;
            }
            places.push(Place {
                address: service.address,
                level: u8::try_from(level).unwrap_or(LAST).min(LAST),
                weight: (u32::from(service.weight) * unit).max(1),
            });
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(priority: u16, weight: u16, last: u8) -> Service {
        Service {
            priority,
            weight,
            address: SocketAddr::from(([10, 0, 0, last], 80)),
            target: format!("t{last}").into(),
        }
    }

    /// Level and weight of each.
    fn found(services: &[(u16, u16)]) -> Vec<(u8, u32)> {
        let number = |(at, &(priority, weight)): (usize, &(u16, u16))| {
            service(priority, weight, u8::try_from(at).unwrap())
        };
        let services: Vec<_> = services.iter().enumerate().map(number).collect();
        let places = places(&services);
        places
            .iter()
            .map(|place| (place.level, place.weight))
            .collect()
    }

    #[test]
    fn priorities_become_levels_and_weights_shares() {
        assert_eq!(found(&[(10, 60), (10, 20)]), [(0, 60), (0, 20)]);
        assert_eq!(
            found(&[(0, 1), (7, 1), (7, 2), (9, 5)]),
            [(0, 1), (1, 1), (1, 2), (2, 5)]
        );
        // RFC 2782: a weight of 0 gets little among others, and an even share among its like.
        assert_eq!(found(&[(1, 0), (1, 0)]), [(0, 1), (0, 1)]);
        assert_eq!(found(&[(1, 0), (1, 1), (2, 3)]), [(0, 1), (0, 100), (1, 3)]);
        assert_eq!(found(&[(1, u16::MAX), (1, 0)]), [(0, 6_553_500), (0, 1)]);
        let many: Vec<_> = (0..20).map(|priority| (priority, 1)).collect();
        assert_eq!(found(&many)[19], (15, 1));
        assert!(places(&[]).is_empty());
    }

    #[test]
    fn an_address_is_used_once() {
        let places = places(&[service(1, 5, 1), service(1, 6, 2), service(2, 7, 1)]);
        assert_eq!(places.len(), 2);
        assert_eq!((places[0].level, places[0].weight), (0, 5));
    }

    #[test]
    fn names_of_services() {
        for (name, is, of) in [
            ("_http._tcp.shop.internal", true, "shop.internal"),
            ("_h._t.a", true, "a"),
            ("_http._tcp", false, "_http._tcp"),
            ("_http.tcp.shop", false, "shop"),
            ("my_service.shop", false, "my_service.shop"),
            ("_._tcp.shop", false, "shop"),
            ("shop.internal", false, "shop.internal"),
        ] {
            assert_eq!(is_service(name), is, "{name}");
            assert_eq!(domain(name), of, "{name}");
        }
    }
}
