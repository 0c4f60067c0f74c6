//! Which certificate a client gets.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::identity::Identity;

/// The certificates of a listener, found by the name that a client asks for (RFC 6066 §3).
///
/// An exact name goes before a wildcard, which stands for one label (RFC 9525 §6.3). Of several
/// certificates for a name the first whose kind of key the client can check is taken, so that an
/// ECDSA and an RSA certificate can stand side by side. Everybody else gets the first of all.
#[derive(Debug)]
pub(super) struct Certificates {
    by_name: HashMap<Box<str>, Vec<Arc<CertifiedKey>>>,
    all: Vec<Arc<CertifiedKey>>,
}

// === impl Certificates ===

impl Certificates {
    pub(super) fn new(identities: &[Identity]) -> Self {
        let mut by_name: HashMap<Box<str>, Vec<Arc<CertifiedKey>>> = HashMap::new();
        for identity in identities {
            for name in identity.leaf.dns_names() {
                let keys = by_name.entry(name.into()).or_default();
                keys.push(Arc::clone(&identity.key));
            }
        }
        let all = identities.iter().map(|i| Arc::clone(&i.key)).collect();
        Self { by_name, all }
    }

    /// The certificates for `name`, the best first; all of them if it is nobody's.
    fn candidates(&self, name: Option<&str>) -> &[Arc<CertifiedKey>] {
        name.and_then(|name| self.named(&name.to_ascii_lowercase()))
            .unwrap_or(&self.all)
    }

    fn named(&self, name: &str) -> Option<&[Arc<CertifiedKey>]> {
        let exact = self.by_name.get(name);
        let found = exact.or_else(|| {
            let (_, domain) = name.split_once('.')?;
            self.by_name.get(format!("*.{domain}").as_str())
        });
        found.map(Vec::as_slice)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let candidates = self.candidates(hello.server_name());
        let schemes = hello.signature_schemes();
        let fits = |key: &&Arc<CertifiedKey>| key.key.choose_scheme(schemes).is_some();
        let fitting = candidates.iter().find(fits);
        fitting.or_else(|| candidates.first()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::testing;

    #[test]
    fn exact_before_wildcard_before_the_first() {
        let identities = [
            testing::identity(&["default.example"]),
            testing::identity(&["*.shop.example"]),
            testing::identity(&["www.shop.example", "Other.Example"]),
        ];
        let certificates = Certificates::new(&identities);
        for (name, index) in [
            (None, 0),
            (Some("nobody.example"), 0),
            (Some("default.example"), 0),
            (Some("a.shop.example"), 1),
            (Some("A.Shop.Example"), 1),
            (Some("www.shop.example"), 2),
            (Some("WWW.shop.example"), 2),
            (Some("other.example"), 2),
            (Some("a.b.shop.example"), 0),
            (Some("shop.example"), 0),
            (Some(".shop.example"), 1),
        ] {
            let found = &certificates.candidates(name)[0];
            assert!(Arc::ptr_eq(found, &identities[index].key), "{name:?}");
        }
    }

    #[test]
    fn two_certificates_for_a_name_are_both_candidates() {
        let identities = [
            testing::identity(&["a.example"]),
            testing::identity(&["a.example"]),
        ];
        let certificates = Certificates::new(&identities);
        assert_eq!(certificates.candidates(Some("a.example")).len(), 2);
    }
}
