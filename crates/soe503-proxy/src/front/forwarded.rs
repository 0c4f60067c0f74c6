//! What a backend is told about the client: `X-Forwarded-…` and `Forwarded` (RFC 7239).
//!
//! All that is the same for the requests of a connection is made once, when it begins. From a
//! client that is not trusted nothing is believed: what it sent of these fields is removed first.

use std::net::IpAddr;

use http::header::{Entry, FORWARDED, HeaderName, VIA};
use http::{HeaderMap, HeaderValue};

use soe503_core::explain::debug_token;
use soe503_core::hops::Handed;

use crate::config::{Forwarded, ForwardedMode};
use crate::upstream::hops;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");

/// What the names of most of these fields begin with.
const PREFIX: &[u8; 12] = b"x-forwarded-";

/// What the client spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP in TLS, with us or with the load balancer before us.
    Https,
}

/// The fields that are the same for every request of one client connection.
#[derive(Debug)]
pub(super) struct Forwarder {
    /// The client is one of those who are believed.
    trusted: bool,
    /// What the client says about others is kept.
    believed: bool,
    scheme: Scheme,
    /// The client for `X-Forwarded-For`, if that is set.
    address: Option<HeaderValue>,
    /// The member of `Forwarded`, if that is set.
    member: Option<HeaderValue>,
}

/// What a look at the fields of a request found, so that nobody has to search for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// A field with which proxies tell backends about a client.
    pub(super) forwarding: bool,
    /// `Via`.
    pub(super) via: bool,
    /// A field with which proxies and clients tell of attempts.
    pub(super) attempts: bool,
    /// A debug token.
    pub(super) debug: bool,
}

impl Seen {
    /// Looks at the names, once.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut seen = Self::default();
        for name in headers.keys() {
            seen.via |= *name == VIA;
            seen.forwarding |= is_forwarding(name);
            seen.attempts |= hops::is_telling(name);
            seen.debug |= name.as_str() == debug_token::HEADER;
        }
        seen
    }
}

/// Whether `name` is that of a field with which proxies tell backends about a client.
pub(super) fn is_forwarding(name: &HeaderName) -> bool {
    let name = name.as_str().as_bytes();
    name.first_chunk() == Some(PREFIX) || name == b"forwarded" || name == b"x-real-ip"
}

impl Forwarder {
    /// The client speaks TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// The fields for `client`, which speaks `scheme`, under `policy`.
    pub(super) fn new(client: IpAddr, scheme: Scheme, policy: &Forwarded) -> Self {
        let client = client.to_canonical();
        let trusted = policy.trust.contains(client);
        let on = policy.mode != ForwardedMode::Off;
        let member = || match client {
            IpAddr::V4(v4) => value(format!("for={v4};proto={}", scheme.name())),
            IpAddr::V6(v6) => value(format!("for=\"[{v6}]\";proto={}", scheme.name())),
        };
        Self {
            trusted,
            believed: trusted && policy.mode != ForwardedMode::Replace,
            scheme,
            address: (on && policy.style.x_forwarded()).then(|| address(client)),
            member: (on && policy.style.forwarded()).then(member),
        }
    }

    /// What the client, a proxy, hands on of attempts and time, where `own` attempts are configured. From
    /// anybody else nothing is taken: a request is worth what its route says.
    pub(super) fn handed(&self, headers: &mut HeaderMap, own: u8) -> Handed {
        let handed = match self.trusted {
            true => hops::handed(headers, own),
            false => Handed::default(),
        };
        hops::take_out(headers);
        handed
    }

    /// Tells a backend about the client. `asked` is the host that the client asked for, if the
    /// backend is asked for another one.
    pub(super) fn apply(&self, headers: &mut HeaderMap, seen: Seen, asked: Option<&HeaderValue>) {
        if seen.forwarding && !self.believed {
            remove(headers);
        }
        if let Some(address) = &self.address {
            append(headers, &X_FORWARDED_FOR, address);
            headers
                .entry(&X_FORWARDED_PROTO)
                .or_insert(HeaderValue::from_static(self.scheme.name()));
            if let Some(host) = asked {
                let port = port(host, self.scheme);
                headers
                    .entry(&X_FORWARDED_HOST)
                    .or_insert_with(|| host.clone());
                headers.entry(&X_FORWARDED_PORT).or_insert(port);
            }
        }
        if let Some(member) = &self.member {
            match asked.and_then(|host| with_host(member, host)) {
                Some(member) => append(headers, &FORWARDED, &member),
                None => append(headers, &FORWARDED, member),
            }
        }
    }
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("unknown"))
}

/// `client` in text. Made for each connection, so IPv4 goes without the formatter, which would cost as
/// much as all else that is done to admit one.
fn address(client: IpAddr) -> HeaderValue {
    let IpAddr::V4(v4) = client else {
        return value(client.to_string());
    };
    let mut text = [0; 15];
    let mut len = 0;
    let mut push = |byte| {
        text[len] = byte;
        len += 1;
    };
    for (at, octet) in v4.octets().into_iter().enumerate() {
        if at > 0 {
            push(b'.');
        }
        if octet >= 100 {
            push(b'0' + octet / 100);
        }
        if octet >= 10 {
            push(b'0' + octet / 10 % 10);
        }
        push(b'0' + octet % 10);
    }
    HeaderValue::from_bytes(&text[..len]).unwrap_or(HeaderValue::from_static("unknown"))
}

/// Removes what a client says about the way of its request.
fn remove(headers: &mut HeaderMap) {
    let names: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_forwarding(name))
        .cloned()
        .collect();
    for name in names {
        headers.remove(name);
    }
}

/// Extends a list field by one member, in one line as most backends expect it.
pub(super) fn append(headers: &mut HeaderMap, name: &HeaderName, member: &HeaderValue) {
    match headers.entry(name) {
        Entry::Vacant(vacant) => {
            vacant.insert(member.clone());
        }
        Entry::Occupied(mut occupied) => {
            let mut line = Vec::new();
            for present in occupied.iter() {
                line.extend_from_slice(present.as_bytes());
                line.extend_from_slice(b", ");
            }
            line.extend_from_slice(member.as_bytes());
            if let Ok(value) = HeaderValue::from_bytes(&line) {
                occupied.insert(value);
            }
        }
    }
}

/// `member` with the host that was asked for, as a quoted string (RFC 7239 §4): hosts with a port
/// are no tokens. `None` if it has characters that would need an escape, which no host has.
fn with_host(member: &HeaderValue, host: &HeaderValue) -> Option<HeaderValue> {
    let host = host.to_str().ok().filter(|h| !h.contains(['"', '\\']))?;
    let text = format!("{};host=\"{host}\"", member.to_str().ok()?);
    HeaderValue::try_from(text).ok()
}

/// The port in `host`, or the one that `scheme` implies.
fn port(host: &HeaderValue, scheme: Scheme) -> HeaderValue {
    let authority = host
        .to_str()
        .ok()
        .and_then(|host| host.parse::<http::uri::Authority>().ok());
    match authority.and_then(|authority| authority.port_u16()) {
        Some(port) => HeaderValue::from(port),
        None => HeaderValue::from_static(match scheme {
            Scheme::Http => "80",
            Scheme::Https => "443",
        }),
    }
}

impl Scheme {
    /// As in a URI.
    const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

#[cfg(test)]
#[path = "forwarded_tests.rs"]
mod tests;
