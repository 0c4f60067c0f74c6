//! What a backend is called in front of a reader.

use core::net::{IpAddr, SocketAddr};

use super::clean::clean;
use super::digits::number;
use super::{Exposure, Telling};
use crate::diagnosis::Evidence;

/// Longest name or address that is told.
const LONGEST: usize = 48;

/// Calls backends by what the reader may know: addresses at full; names at internal, unless the
/// name is the address in other clothes, as it is for backends that were given no name; then
/// "backend 1", "backend 2", in order of appearance.
#[derive(Debug)]
pub(super) struct Names<'a> {
    exposure: Exposure,
    seen: Vec<&'a str>,
}

impl<'a> Names<'a> {
    /// For people on our own side.
    pub(super) const fn all() -> Self {
        Self {
            exposure: Exposure::Full,
            seen: Vec::new(),
        }
    }

    pub(super) fn new(telling: &Telling<'a>) -> Self {
        let mut seen: Vec<&str> = Vec::new();
        let attempts = telling.attempts.attempts.iter();
        let attempted = attempts.filter_map(|attempt| attempt.backend.as_deref());
        let listed = telling.diagnosis.evidence.iter().filter_map(|e| match e {
            Evidence::Backend { name, .. } => Some(&**name),
            Evidence::Attempt { attempt, .. } => attempt.backend.as_deref(),
            _ => None,
        });
        for name in attempted.chain(listed) {
            if !seen.contains(&name) {
                seen.push(name);
            }
        }
        Self {
            exposure: telling.exposure,
            seen,
        }
    }

    /// The reader may see addresses.
    pub(super) fn full(&self) -> bool {
        self.exposure >= Exposure::Full
    }

    /// What to call this backend.
    pub(super) fn backend(&self, name: &str, address: Option<&str>) -> String {
        match (self.exposure, address) {
            (Exposure::Full, Some(address)) if !name.contains(address) => {
                format!("{} ({})", clean(name, LONGEST), clean(address, LONGEST))
            }
            (Exposure::Full, _) => clean(name, LONGEST),
            (Exposure::Internal, _) if !tells_address(name, address) => clean(name, LONGEST),
            _ => match self.seen.iter().position(|seen| *seen == name) {
                Some(at) => {
                    let mut text = String::with_capacity(16);
                    text.push_str("backend ");
                    number(&mut text, at as u64 + 1);
                    text
                }
                None => "a backend".to_owned(),
            },
        }
    }

    /// What to call this backend where its address is told beside it.
    pub(super) fn backend_alone(&self, name: &str, address: Option<&str>) -> String {
        if self.full() {
            clean(name, LONGEST)
        } else {
            self.backend(name, address)
        }
    }

    /// The address, where the reader may see it.
    pub(super) fn address(&self, address: Option<&str>) -> Option<String> {
        address
            .filter(|_| self.full())
            .map(|address| clean(address, LONGEST))
    }

    /// What backends call a component of theirs.
    pub(super) fn component(&self, name: &str) -> String {
        match self.exposure {
            Exposure::Full => clean(name, LONGEST),
            Exposure::Internal if !tells_address(name, None) => clean(name, LONGEST),
            _ => "a component".to_owned(),
        }
    }

    /// The title of a change, in the words of whoever reported it.
    pub(super) fn change(&self, title: &str, longest: usize) -> String {
        if self.full() || !title.split(' ').any(|word| tells_address(word, None)) {
            clean(title, longest)
        } else {
            "a change".to_owned()
        }
    }

    /// The name that another proxy gives itself.
    pub(super) fn hop(&self, name: &str) -> String {
        if self.full() || !tells_address(name, None) {
            clean(name, LONGEST)
        } else {
            "a proxy".to_owned()
        }
    }
}

/// `name` is an address, or holds the one that it belongs to.
fn tells_address(name: &str, address: Option<&str>) -> bool {
    if name.contains(':') || name.parse::<IpAddr>().is_ok() || digits(name) {
        return true;
    }
    let Some(address) = address else {
        return false;
    };
    let host = host(address);
    (!host.is_empty() && name.contains(host)) || address.contains(name)
}

/// The host of `host:port`, `[v6]:port` or `scheme://host:port/`.
fn host(address: &str) -> &str {
    let rest = address
        .split_once("://")
        .map_or(address, |(_, rest)| rest)
        .trim_end_matches('/');
    if rest.parse::<SocketAddr>().is_ok() && rest.starts_with('[') {
        return rest[1..].split(']').next().unwrap_or(rest);
    }
    rest.rsplit_once(':').map_or(rest, |(host, _)| host)
}

/// Four runs of digits in a row, as in `10.0.0.7` or `ip-10-0-0-7`: an address in other clothes.
fn digits(name: &str) -> bool {
    let mut runs = 0;
    for part in name.split(['.', '-', '_']) {
        if !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit()) {
            runs += 1;
            if runs == 4 {
                return true;
            }
        } else {
            runs = 0;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(exposure: Exposure, name: &str, address: &str) -> String {
        let seen = vec!["other", name];
        Names { exposure, seen }.backend(name, Some(address))
    }

    #[test]
    fn a_name_that_is_an_address_is_told_to_operators_only() {
        for (name, address) in [
            ("10.0.0.7:8443", "10.0.0.7:8443"),
            ("http://10.0.0.7:8443", "10.0.0.7:8443"),
            ("10.0.0.7", "10.0.0.7:8443"),
            ("[::1]:80", "[::1]:80"),
            ("ip-10-0-0-7", "10.0.0.7:8443"),
            ("app.internal", "app.internal:80"),
            ("app.internal", "http://app.internal/"),
        ] {
            assert_eq!(
                called(Exposure::Internal, name, address),
                "backend 2",
                "{name}"
            );
            assert_eq!(
                called(Exposure::Public, name, address),
                "backend 2",
                "{name}"
            );
        }
        assert_eq!(
            called(Exposure::Full, "10.0.0.7:8443", "10.0.0.7:8443"),
            "10.0.0.7:8443"
        );
    }

    #[test]
    fn what_tells_an_address() {
        const DB: Option<&str> = Some("https://db.example:8443/");
        for (name, address, tells) in [
            ("web-1", Some("10.0.0.7:80"), false),
            ("10.0.0.7", None, true),
            ("web:80", None, true),
            ("fe80::1", None, true),
            ("ip-10-0-0-7", None, true),
            ("db.example", DB, true),
            ("node-of-db.example-x", DB, true),
            ("example", DB, true),
            ("web-1", DB, false),
            ("web-1", None, false),
            ("web-1", Some(":80"), false),
            ("web-1", Some("10.0.0.7"), false),
        ] {
            assert_eq!(tells_address(name, address), tells, "{name} {address:?}");
        }
        for (address, named) in [
            ("10.0.0.7:80", "10.0.0.7"),
            ("http://10.0.0.7:80/", "10.0.0.7"),
            ("[fe80::1]:80", "fe80::1"),
            ("https://db.example:8443/", "db.example"),
            ("db", "db"),
        ] {
            assert_eq!(host(address), named, "{address}");
        }
        for (name, are) in [
            ("10.0.0.7", true),
            ("a-1_2.3-4-b", true),
            ("1-2-3", false),
            ("1-2-3-a-4", false),
            ("1-2-3-4567", false),
            ("1-2--3-4", false),
            ("a-b-c-d", false),
            ("1a-2b-3c-4d", false),
        ] {
            assert_eq!(digits(name), are, "{name}");
        }
    }

    #[test]
    fn a_component_that_is_an_address_is_told_to_operators_only() {
        let component = |exposure, name| {
            let seen = Vec::new();
            Names { exposure, seen }.component(name)
        };
        for (name, public, internal) in [
            ("db", "a component", "db"),
            ("10.0.0.7:5432", "a component", "a component"),
        ] {
            assert_eq!(component(Exposure::Public, name), public);
            assert_eq!(component(Exposure::Internal, name), internal);
            assert_eq!(component(Exposure::Full, name), name);
        }
    }

    #[test]
    fn a_given_name_is_told_to_colleagues() {
        assert_eq!(
            called(Exposure::Internal, "blue-1", "10.0.0.7:80"),
            "blue-1"
        );
        assert_eq!(
            called(Exposure::Full, "blue-1", "10.0.0.7:80"),
            "blue-1 (10.0.0.7:80)"
        );
        assert_eq!(
            called(Exposure::Public, "blue-1", "10.0.0.7:80"),
            "backend 2"
        );
    }
}
