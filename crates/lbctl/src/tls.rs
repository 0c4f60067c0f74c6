//! TLS to the admin API: whom to believe, what to show, and what to do if there is none.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use soe503_api::client::{AdminAddress, ShownFault, Tls, TlsFault, TlsFileError};

use crate::exit::Failure;

/// For an admin API at https://…
#[derive(Debug, Args)]
#[command(next_help_heading = "Admin API")]
pub(crate) struct TlsArgs {
    /// Authorities that the certificate of an https:// admin API must come from, PEM (otherwise: those that this machine trusts)
    #[arg(long, global = true, value_name = "FILE", env = "LBCTL_CA")]
    ca: Option<PathBuf>,
    /// Certificate to show to an https:// admin API, PEM
    #[arg(long, global = true, value_name = "FILE", env = "LBCTL_CERTIFICATE")]
    certificate: Option<PathBuf>,
    /// Key of the certificate, PEM (otherwise: in the same file)
    #[arg(long, global = true, value_name = "FILE", env = "LBCTL_KEY")]
    key: Option<PathBuf>,
}

impl TlsArgs {
    /// What these arguments say. Their files are read.
    pub(crate) fn tls(&self) -> Result<Tls, Failure> {
        let tls = match &self.ca {
            Some(file) => {
                let ca = Told::new("--ca", file);
                let tls = Tls::with_authorities(&ca.read()?);
                tls.map_err(|error| ca.failure(&error.to_string()))?
            }
            None => Tls::system().map_err(|fault| {
                Failure::unreachable(fault.describe("", "the admin API"))
                    .hint("name the authority of its certificate: --ca FILE or LBCTL_CA")
            })?,
        };
        let Some(certificate) = &self.certificate else {
            return match &self.key {
                Some(_) => Err(Failure::usage(
                    "--key (or LBCTL_KEY) without --certificate (or LBCTL_CERTIFICATE): the key of which certificate?",
                )),
                None => Ok(tls),
            };
        };
        let certificate = Told::new("--certificate", certificate);
        let key = match &self.key {
            Some(key) => Told::new("--key", key),
            None => Told::new(
                "--key (not given: the file of --certificate)",
                certificate.file,
            ),
        };
        let shown = tls.showing(&certificate.read()?, &key.read()?);
        shown.map_err(|error| match &error {
            TlsFileError::Key(why) => key.failure(why),
            _ => certificate.failure(&error.to_string()),
        })
    }
}

/// A file, and the option that names it.
struct Told<'a> {
    option: &'static str,
    file: &'a Path,
}

impl<'a> Told<'a> {
    const fn new(option: &'static str, file: &'a Path) -> Self {
        Self { option, file }
    }

    fn read(&self) -> Result<Vec<u8>, Failure> {
        fs::read(self.file).map_err(|error| self.failure(&error.to_string()))
    }

    fn failure(&self, why: &str) -> Failure {
        Failure::usage(format!("{} {}: {why}", self.option, self.file.display()))
    }
}

/// What to try where there is no TLS with `address`.
pub(crate) fn hints(failure: Failure, fault: &TlsFault, address: &AdminAddress) -> Failure {
    match fault {
        TlsFault::Untrusted | TlsFault::NoRoots(_) => failure
            .hint("name the authority of its certificate: --ca FILE or LBCTL_CA"),
        TlsFault::OtherName(_) => failure
            .hint("ask it by a name in its certificate: --admin URL or LBCTL_ADMIN")
            .hint("or give it a certificate for this name: [admin.tls] certificates in the configuration"),
        TlsFault::Expired | TlsFault::NotYetValid => failure
            .hint("put a new certificate in the place of the old one ([admin.tls] certificates in the configuration): it is used at once"),
        TlsFault::NotTls => {
            let plain = address.to_string().replacen("https://", "http://", 1);
            failure.hint(format!("plain HTTP? --admin {plain}"))
        }
        TlsFault::Shown(ShownFault::Required) => failure
            .hint("show one: --certificate FILE --key FILE, or LBCTL_CERTIFICATE and LBCTL_KEY"),
        TlsFault::Shown(ShownFault::UnknownAuthority) => failure
            .hint("show one of the authority that the proxy's [admin.tls.client_auth] section names as `ca`"),
        TlsFault::Shown(_) => failure
            .hint("show another one: --certificate FILE --key FILE, or LBCTL_CERTIFICATE and LBCTL_KEY"),
        _ => failure.hint("another address: --admin URL or LBCTL_ADMIN"),
    }
}
