//! Reading certificates and keys from PEM files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::trouble::{Place, Trouble};

/// As much of a file is read, in bytes: a bundle of every public authority has a quarter of it.
const MAX_FILE: u64 = 1 << 20;

/// The certificates in the file at `path`, in their order; at least one.
pub(super) fn certificates(
    path: &Path,
    place: Place,
) -> Result<Vec<CertificateDer<'static>>, Trouble> {
    let bytes = read(path, place)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(lacks("certificate", "CERTIFICATE", path, place, &bytes)),
        Err(error) => Err(broken(path, place, &error)),
    }
}

/// The private key in the file at `path`: the first, if there are more.
pub(super) fn key(path: &Path, place: Place) -> Result<PrivateKeyDer<'static>, Trouble> {
    let bytes = read(path, place)?;
    match PrivateKeyDer::from_pem_slice(&bytes) {
        Ok(key) => Ok(key),
        Err(rustls::pki_types::pem::Error::NoItemsFound) => {
            if contains(&bytes, "-----BEGIN ENCRYPTED PRIVATE KEY-----") {
                let what = format!("{}: the key is encrypted with a passphrase", path.display());
                return Err(Trouble::new(place, what).help(
                    "there is nobody to ask for it; decrypt it: openssl pkey -in KEY -out key.pem",
                ));
            }
            Err(lacks("private key", "PRIVATE KEY", path, place, &bytes))
        }
        Err(error) => Err(broken(path, place, &error)),
    }
}

fn read(path: &Path, place: Place) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    File::open(path)
        // One byte more than allowed, to see that it is too large; a device has no end.
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| Trouble::new(place, format!("{}: {error}", path.display())))?;
    if bytes.len() as u64 > MAX_FILE {
        let what = format!("{} is larger than 1 MiB", path.display());
        return Err(Trouble::new(place, what));
    }
    Ok(bytes)
}

/// There is nothing of the kind in the file; says what there is instead.
fn lacks(what: &str, label: &str, path: &Path, place: Place, bytes: &[u8]) -> Trouble {
    let trouble = Trouble::new(place, format!("{}: no {what} in this file", path.display()));
    let expected = format!("expected PEM: -----BEGIN {label}-----");
    trouble.help(match first_section(bytes) {
        Some(SectionKind::Certificate) => format!("{expected}; found a certificate"),
        Some(SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey) => {
            format!("{expected}; found a private key")
        }
        Some(SectionKind::Csr) => {
            format!("{expected}; found a request for a certificate, which an authority must sign")
        }
        Some(_) => format!("{expected}; found something else"),
        // What DER begins with: a SEQUENCE.
        None if bytes.first() == Some(&0x30) => {
            format!("{expected}; found DER, which `openssl x509 -inform der` and `openssl pkey -inform der` convert")
        }
        None => expected,
    })
}

fn broken(path: &Path, place: Place, error: &rustls::pki_types::pem::Error) -> Trouble {
    let what = format!("{}: not valid PEM ({error})", path.display());
    Trouble::new(place, what)
}

/// What the first section of a PEM file is; `None` if there is none.
fn first_section(bytes: &[u8]) -> Option<SectionKind> {
    let (kind, _) = <(SectionKind, Vec<u8>)>::from_pem_slice(bytes).ok()?;
    Some(kind)
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}
