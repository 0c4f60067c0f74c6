//! What a listener's TLS settings say, read.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use crate::config::{CertificateFiles, ClientAuth};
use crate::stamp::Stamp;
use crate::tls::files;
use crate::tls::identity::{self, Identity};
use crate::tls::provider::provider;
use crate::tls::trouble::{Place, Trouble};
use crate::tls::x509::Certificate;

/// What the files of a listener held.
#[derive(Debug)]
pub struct ServerFiles {
    /// The files as they were just before.
    pub(super) stamp: Stamp,
    /// At least one.
    pub(super) identities: Vec<Identity>,
    /// Who decides about clients' certificates.
    pub(super) clients: Option<Arc<dyn ClientCertVerifier>>,
}

// === impl ServerFiles ===

impl ServerFiles {
    /// Reads them. `None` after trouble that is more than a warning; all troubles are told at once.
    pub fn load(
        certificates: &[CertificateFiles],
        client_auth: Option<&ClientAuth>,
        troubles: &mut Vec<Trouble>,
    ) -> Option<Self> {
        let stamp = stamp(certificates, client_auth);
        let identities: Vec<_> = certificates
            .iter()
            .enumerate()
            .map(|(index, pair)| identity::load(pair, index, troubles))
            .collect();
        let clients = match client_auth {
            Some(auth) => Some(verifier(auth, troubles)?),
            None => None,
        };
        Some(Self {
            stamp,
            identities: identities.into_iter().collect::<Option<_>>()?,
            clients,
        })
    }

    /// What is presented, in the order of the config.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.identities.iter().map(|identity| &identity.leaf)
    }
}

/// The state of the files now.
pub(super) fn stamp(certificates: &[CertificateFiles], client_auth: Option<&ClientAuth>) -> Stamp {
    let pairs = certificates.iter().flat_map(|pair| [&pair.cert, &pair.key]);
    let files = pairs.chain(client_auth.map(|auth| &auth.ca));
    Stamp::of(files.map(Path::new))
}

fn verifier(auth: &ClientAuth, troubles: &mut Vec<Trouble>) -> Option<Arc<dyn ClientCertVerifier>> {
    let roots = roots(&auth.ca, troubles)?;
    let builder = WebPkiClientVerifier::builder_with_provider(roots, provider());
    let builder = if auth.required {
        builder
    } else {
        builder.allow_unauthenticated()
    };
    match builder.build() {
        Ok(verifier) => Some(verifier),
        Err(error) => {
            let what = format!("{}: {error}", auth.ca.display());
            troubles.push(Trouble::new(Place::Ca, what));
            None
        }
    }
}

/// The authorities in a PEM file; at least one.
pub(in crate::tls) fn roots(
    path: &Path,
    troubles: &mut Vec<Trouble>,
) -> Option<Arc<RootCertStore>> {
    let certificates = match files::certificates(path, Place::Ca) {
        Ok(certificates) => certificates,
        Err(trouble) => {
            troubles.push(trouble);
            return None;
        }
    };
    let mut roots = RootCertStore::empty();
    for (index, certificate) in certificates.into_iter().enumerate() {
        if let Err(error) = roots.add(certificate) {
            let number = index + 1;
            let what = format!(
                "{}: certificate number {number} cannot be used: {error}",
                path.display()
            );
            troubles.push(Trouble::new(Place::Ca, what));
            return None;
        }
    }
    Some(Arc::new(roots))
}
