//! What people want to know about a certificate.

use std::net::IpAddr;

use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The readable part of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its subject, as `CN=shop.example, O=Shop`.
    pub subject: String,
    /// The common name in its subject, if there is exactly one.
    pub common_name: Option<String>,
    /// Its DNS names, in lower case, and IP addresses (RFC 5280 §4.2.1.6), as they stand in it.
    pub names: Vec<String>,
    /// Its IP addresses.
    pub addresses: Vec<IpAddr>,
    /// Its URIs, as SPIFFE has them, as they stand in it.
    pub uris: Vec<String>,
    /// Its mail addresses, as they stand in it.
    pub emails: Vec<String>,
    /// Valid from here, in unix seconds.
    pub not_before: i64,
    /// Valid up to here, in unix seconds.
    pub not_after: i64,
}

/// More names than these are not kept: certificates come from strangers, too.
const MOST_NAMES: usize = 1000;

// === impl Certificate ===

impl Certificate {
    /// Reads a certificate; `None` if it is not one.
    pub fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let validity = certificate.validity();
        Some(Self {
            subject: certificate.subject().to_string(),
            common_name: common_name(&certificate),
            names: all(&certificate, |name| match name {
                GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
                GeneralName::IPAddress(bytes) => address(bytes).map(|ip| ip.to_string()),
                _ => None,
            }),
            addresses: all(&certificate, |name| match name {
                GeneralName::IPAddress(bytes) => address(bytes),
                _ => None,
            }),
            uris: all(&certificate, |name| match name {
                GeneralName::URI(uri) => Some((*uri).to_owned()),
                _ => None,
            }),
            emails: all(&certificate, |name| match name {
                GeneralName::RFC822Name(email) => Some((*email).to_owned()),
                _ => None,
            }),
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
        })
    }

    /// The DNS names alone.
    pub fn dns_names(&self) -> impl Iterator<Item = &str> {
        let names = self.names.iter().map(String::as_str);
        names.filter(|name| name.parse::<IpAddr>().is_err())
    }
}

/// What `kind` makes of its alternative names.
fn all<T>(
    certificate: &X509Certificate<'_>,
    kind: impl Fn(&GeneralName<'_>) -> Option<T>,
) -> Vec<T> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = extension.value.general_names.iter();
    names.filter_map(kind).take(MOST_NAMES).collect()
}

/// With two of them nobody knows which one was meant.
fn common_name(certificate: &X509Certificate<'_>) -> Option<String> {
    let mut names = certificate.subject().iter_common_name();
    match (names.next(), names.next()) {
        (Some(name), None) => name.as_str().ok().map(str::to_owned),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}
