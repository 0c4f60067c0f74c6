//! Who may use the admin API by showing a certificate, and what its holder is called.
//!
//! The names that count are the alternative names of the certificate (RFC 5280 §4.2.1.6), as Envoy, Vault and SPIFFE have it, and each
//! is compared whole and only with one of its own kind: a DNS name that somebody was given is no mail address and no
//! URI, whatever it looks like. There are no patterns: who may act is a list that can be read. The common name of the
//! subject has no kind and no rules, so it counts only where a certificate has no alternative name, and is written
//! `CN=…`, so that it is mistaken for nothing else.

use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::AdminRole;
use crate::tls::Certificate;

/// What certificates let their holders do: `[admin.tls.client_auth]`. They have been checked before anybody asks here.
///
/// # Defaults
///
/// - `ca`: required
/// - `required`: `false`
/// - `operators`: `[]`
/// - `readers`: whoever has a certificate of `ca`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminCertificates {
    operators: HashSet<ClientName>,
    /// `None`: everybody.
    readers: Option<HashSet<ClientName>>,
}

/// A name in a certificate, in the form in which equal names are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClientName {
    /// A URI, as it stands there: `spiffe://example.org/ops`.
    Uri(Arc<str>),
    /// A mail address, its domain in lower case (RFC 5280 §7.5): `ops@example.org`.
    Email(Arc<str>),
    /// A DNS name in lower case: `ops.example.org`.
    Dns(Arc<str>),
    /// An IP address.
    Ip(IpAddr),
    /// The common name of a subject without any of these: `CN=ada`.
    Common(Arc<str>),
}

/// Text that is no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct BadName {
    pub(in crate::config) what: &'static str,
    pub(in crate::config) help: String,
}

// === impl AdminCertificates ===

impl AdminCertificates {
    /// Roles by name; without `readers` everybody may look.
    pub fn new(
        operators: impl IntoIterator<Item = ClientName>,
        readers: Option<Vec<ClientName>>,
    ) -> Self {
        Self {
            operators: operators.into_iter().collect(),
            readers: readers.map(|names| names.into_iter().collect()),
        }
    }

    /// The role of the holder of a certificate with these names, and the name that it is for, if it is for one.
    pub fn role_of<'n>(
        &self,
        names: &'n [ClientName],
    ) -> Option<(AdminRole, Option<&'n ClientName>)> {
        let named = |wanted: &HashSet<ClientName>| names.iter().find(|name| wanted.contains(name));
        if let Some(name) = named(&self.operators) {
            return Some((AdminRole::Operator, Some(name)));
        }
        match &self.readers {
            None => Some((AdminRole::Reader, None)),
            Some(readers) => named(readers).map(|name| (AdminRole::Reader, Some(name))),
        }
    }

    /// The operators, in the order of the alphabet.
    pub fn operators(&self) -> Vec<String> {
        sorted(&self.operators)
    }

    /// The readers, in the order of the alphabet; `None`: whoever has a certificate.
    pub fn readers(&self) -> Option<Vec<String>> {
        self.readers.as_ref().map(sorted)
    }
}

fn sorted(names: &HashSet<ClientName>) -> Vec<String> {
    let mut names: Vec<_> = names.iter().map(ToString::to_string).collect();
    names.sort_unstable();
    names
}

// === impl ClientName ===

impl ClientName {
    /// What the holder of `certificate` is called, the most telling first.
    pub fn all_of(certificate: &Certificate) -> Vec<Self> {
        let uris = certificate.uris.iter().map(|uri| Self::Uri((**uri).into()));
        let emails = certificate.emails.iter().map(|email| Self::email(email));
        // One that looks like an address is none.
        let dns = certificate.dns_names().map(Self::dns);
        let ips = certificate.addresses.iter().map(|ip| Self::Ip(*ip));
        let mut names: Vec<_> = uris.chain(emails).chain(dns).chain(ips).collect();
        if names.is_empty() && certificate.names.is_empty() {
            let common = certificate.common_name.as_deref();
            names.extend(common.map(|name| Self::Common(name.into())));
        }
        names
    }

    /// The name that is written like this.
    pub(in crate::config) fn parse(text: &str) -> Result<Self, BadName> {
        let bad = |what: &'static str, help: &str| {
            Err(BadName {
                what,
                help: help.to_owned(),
            })
        };
        if let Some(common) = text.strip_prefix("CN=") {
            return match common {
                "" => bad("no name follows", "write it such as \"CN=ada\""),
                _ => Ok(Self::Common(common.into())),
            };
        }
        if text.contains('*') {
            return bad(
                "names are compared whole: `*` stands for nothing here",
                "write one item for each name",
            );
        }
        let graphic = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if let Some((scheme, rest)) = text.split_once(':')
            && text.parse::<IpAddr>().is_err()
        {
            let letters = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
            let known = !scheme.is_empty() && scheme.bytes().all(letters) && !rest.is_empty();
            return match known && graphic {
                true => Ok(Self::Uri(text.into())),
                false => bad("not a URI", "write it such as \"spiffe://example.org/ops\""),
            };
        }
        if let Some((local, domain)) = text.rsplit_once('@') {
            return match graphic && !local.is_empty() && is_dns(domain) {
                true => Ok(Self::email(text)),
                false => bad("not a mail address", "write it such as \"ops@example.org\""),
            };
        }
        if let Ok(ip) = text.parse() {
            return Ok(Self::Ip(ip));
        }
        match is_dns(text) {
            true => Ok(Self::dns(text)),
            false => Err(BadName {
                what: "not a URI, a mail address, a DNS name or an IP address",
                help: format!("a common name is written \"CN={}\"", text.escape_default()),
            }),
        }
    }

    fn email(text: &str) -> Self {
        match text.rsplit_once('@') {
            Some((local, domain)) => {
                Self::Email(format!("{local}@{}", domain.to_ascii_lowercase()).into())
            }
            None => Self::Email(text.into()),
        }
    }

    fn dns(text: &str) -> Self {
        Self::Dns(text.to_ascii_lowercase().into())
    }
}

fn is_dns(text: &str) -> bool {
    let letters = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    let mut labels = text.split('.');
    labels.all(|label| !label.is_empty() && label.bytes().all(letters))
}

/// As it is written in the file.
impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uri(name) | Self::Email(name) | Self::Dns(name) => f.write_str(name),
            Self::Ip(ip) => ip.fmt(f),
            Self::Common(name) => write!(f, "CN={name}"),
        }
    }
}

#[cfg(test)]
#[path = "admin_certificates_tests.rs"]
mod tests;
