//! What a pool's TLS settings say, read.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustls::RootCertStore;
use rustls::client::danger::ServerCertVerifier;

use super::verify::{Careful, Careless};
use crate::config::{BackendTls, CertificateFiles};
use crate::stamp::Stamp;
use crate::tls::identity::{self, Identity};
use crate::tls::server::roots;
use crate::tls::trouble::{Place, Trouble};

/// What the files of a pool held.
#[derive(Debug)]
pub struct ClientFiles {
    /// The files as they were just before.
    pub(super) stamp: Stamp,
    /// Who decides about backends' certificates.
    pub(super) verifier: Arc<dyn ServerCertVerifier>,
    /// What we present if we are asked.
    pub(super) identity: Option<Identity>,
}

// === impl ClientFiles ===

impl ClientFiles {
    /// The files as they were just before they were read.
    pub(crate) const fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// Reads them. `None` after trouble that is more than a warning; all troubles are told at once.
    pub fn load(
        ca: Option<&Path>,
        identity: Option<&CertificateFiles>,
        verify: bool,
        troubles: &mut Vec<Trouble>,
    ) -> Option<Self> {
        let stamp = stamp_of(ca, identity);
        let verifier = verifier(ca, verify, troubles);
        let identity = match identity {
            Some(pair) => Some(identity::load(pair, 0, troubles)?),
            None => None,
        };
        Some(Self {
            stamp,
            verifier: verifier?,
            identity,
        })
    }
}

/// The state of the files of `settings` now.
pub(super) fn stamp(settings: &BackendTls) -> Stamp {
    stamp_of(settings.ca.as_deref(), settings.identity.as_ref())
}

fn stamp_of(ca: Option<&Path>, identity: Option<&CertificateFiles>) -> Stamp {
    let pair = identity.map(|pair| [pair.cert.as_path(), pair.key.as_path()]);
    Stamp::of(ca.into_iter().chain(pair.into_iter().flatten()))
}

fn verifier(
    ca: Option<&Path>,
    verify: bool,
    troubles: &mut Vec<Trouble>,
) -> Option<Arc<dyn ServerCertVerifier>> {
    if !verify {
        return Some(Arc::new(Careless::default()));
    }
    let roots = match ca {
        Some(path) => roots(path, troubles)?,
        None => system_roots(troubles)?,
    };
    match Careful::new(roots) {
        Ok(verifier) => Some(Arc::new(verifier)),
        Err(error) => {
            let what = format!("the authorities cannot be used: {error}");
            troubles.push(Trouble::new(Place::Ca, what));
            None
        }
    }
}

/// The authorities that the system trusts: read once for all pools that use them at a time.
fn system_roots(troubles: &mut Vec<Trouble>) -> Option<Arc<RootCertStore>> {
    static READ: Mutex<Weak<RootCertStore>> = Mutex::new(Weak::new());
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(roots) = read.upgrade() {
        return Some(roots);
    }
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Some systems trust certificates that no library can read; they are nobody's authority then.
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        let why = found.errors.first();
        let why = why.map_or_else(|| "none found".into(), ToString::to_string);
        let what = format!("this system trusts no authorities ({why})");
        let help =
            "set `ca` to the authority of your backends, or install the package ca-certificates";
        troubles.push(Trouble::new(Place::Ca, what).help(help));
        return None;
    }
    let roots = Arc::new(roots);
    *read = Arc::downgrade(&roots);
    Some(roots)
}
