//! Certificates for tests, made when they are needed.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::identity::{self, Identity};
use crate::config::CertificateFiles;

/// An authority of our own.
pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

/// A new authority.
pub(crate) fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Writes a certificate for `names` and its key to `NAME.pem` and `NAME.key`.
pub(crate) fn write(
    directory: &Path,
    name: &str,
    names: &[&str],
    authority: &Authority,
) -> CertificateFiles {
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, authority)
        .unwrap();
    let cert = directory.join(format!("{name}.pem"));
    let key_file = directory.join(format!("{name}.key"));
    std::fs::write(&cert, certificate.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    CertificateFiles::new(cert, key_file)
}

/// A certificate for `names`.
pub(super) fn identity(names: &[&str]) -> Identity {
    let directory = tempfile::tempdir().unwrap();
    let files = write(directory.path(), "a", names, &authority());
    identity::load(&files, 0, &mut Vec::new()).unwrap()
}
