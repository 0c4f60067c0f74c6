//! A certificate chain with its private key.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use soe503_api::Timestamp;

use super::files;
use super::provider::provider;
use super::trouble::{Place, Trouble};
use super::x509::Certificate;
use crate::config::CertificateFiles;
use crate::control::clock::unix_now;

/// A certificate that we can present.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) key: Arc<CertifiedKey>,
    /// What is in the first certificate of its chain.
    pub(super) leaf: Certificate,
}

/// Reads the pair with this index. `None` after trouble that is more than a warning.
pub(super) fn load(
    pair: &CertificateFiles,
    index: usize,
    troubles: &mut Vec<Trouble>,
) -> Option<Identity> {
    let (cert_place, key_place) = (Place::Cert(index), Place::Key(index));
    let mut keep = |trouble| troubles.push(trouble);
    let chain = files::certificates(&pair.cert, cert_place).map_err(&mut keep);
    let key = files::key(&pair.key, key_place).map_err(&mut keep);
    let (chain, key) = (chain.ok()?, key.ok()?);
    let path = pair.cert.display();
    let leaf = chain.first().and_then(Certificate::read);
    let Some(leaf) = leaf else {
        let what = format!("{path}: the first certificate cannot be read");
        troubles.push(Trouble::new(cert_place, what));
        return None;
    };
    let key = match signing_key(key) {
        Ok(key) => key,
        Err(error) => {
            let what = format!("{}: this key cannot be used: {error}", pair.key.display());
            let help =
                "expected RSA of 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521, or Ed25519";
            troubles.push(Trouble::new(key_place, what).help(help));
            return None;
        }
    };
    let others = chain.clone();
    let certified = CertifiedKey::new(chain, Arc::clone(&key));
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {}
        Err(rustls::Error::InconsistentKeys(_)) => {
            let what = format!(
                "{} is not the key of the certificate in {path}",
                pair.key.display()
            );
            let trouble = Trouble::new(key_place, what);
            troubles.push(match position(&others, &key) {
                Some(position) => trouble.help(format!(
                    "it is the key of certificate number {position} in that file: the server's own comes first"
                )),
                None => trouble.help(format!("the certificate there is for {}", called(&leaf))),
            });
            return None;
        }
        Err(error) => {
            let what = format!("{path}: the first certificate cannot be used: {error}");
            troubles.push(Trouble::new(cert_place, what));
            return None;
        }
    }
    troubles.extend(dates(&leaf, &path.to_string(), cert_place));
    Some(Identity {
        key: Arc::new(certified),
        leaf,
    })
}

fn signing_key(key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
    provider().key_provider.load_private_key(key)
}

/// The number, from 1, of the certificate that `key` belongs to.
fn position(chain: &[CertificateDer<'static>], key: &Arc<dyn SigningKey>) -> Option<usize> {
    let mut chain = chain.iter();
    let found = chain.position(|certificate| {
        let alone = CertifiedKey::new(vec![certificate.clone()], Arc::clone(key));
        alone.keys_match().is_ok()
    });
    found.map(|index| index + 1)
}

/// What a certificate is for, in a few words.
pub(super) fn called(certificate: &Certificate) -> String {
    match certificate.names.as_slice() {
        [] => certificate.subject.clone(),
        [one] => one.clone(),
        [first, more @ ..] => format!("{first} and {} more", more.len()),
    }
}

/// A warning if the certificate is not valid now.
fn dates(leaf: &Certificate, path: &str, place: Place) -> Option<Trouble> {
    let now = i64::try_from(unix_now().as_secs()).unwrap_or(i64::MAX);
    let what = if leaf.not_after < now {
        format!("{path}: expired on {}", date(leaf.not_after))
    } else if leaf.not_before > now {
        format!("{path}: not valid before {}", date(leaf.not_before))
    } else {
        return None;
    };
    Some(Trouble::warning(place, what).help("clients will refuse it: put a new one in its place"))
}

/// A date and time for people.
fn date(unix: i64) -> String {
    Timestamp::from_unix_secs(u64::try_from(unix).unwrap_or_default()).to_string()
}
