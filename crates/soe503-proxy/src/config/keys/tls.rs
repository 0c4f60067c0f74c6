//! Keys of `[listeners.tls]`, `[admin.tls]` and `[pools.NAME.tls]`.

use std::time::Duration;

use serde_json::{Value, json};
use toml::{Spanned, de::DeValue};

use super::values::FileName;
use crate::config::{
    ClientName, Host, TlsVersion, manual,
    wire::{
        At, Defaulted, Fault, Field, Inner, List, Maybe, Optional, Required, Shape, Spot, Table,
        Text, choice, found, open, section,
    },
};

/// Declares the table of an address that is served over TLS. All have the same keys, but for what is done about clients'
/// certificates.
macro_rules! served {
    ($(#[doc = $about:literal])+ $table:ident, $client_auth:ty) => {
        section! {
            $(#[doc = $about])+
            struct $table {
                /// What is presented: certificates with their keys. The names in a certificate say which
                /// clients get it; the first is for those that ask for another name or for none.
                certificates: Required<List<CertificateEntry>>,
                    like("[{ cert = \"cert.pem\", key = \"key.pem\" }]");
                /// The oldest version that is spoken.
                min_version: Defaulted<TlsVersion>, default(TlsVersion::Tls12);
                /// From the connection to the end of the handshake.
                handshake_timeout: Defaulted<Duration>, default(Duration::from_secs(5)),
                    range(Duration::from_millis(1), Duration::from_secs(60));
                /// Asks clients for certificates.
                client_auth: Maybe<$client_auth>, absent("nobody is asked for one"),
                    like("{ ca = \"clients.pem\" }");
            }
        }
    };
}

served! {
    /// TLS for the clients of a listener. Files are followed: a new certificate is used as soon as
    /// it is there, and one that cannot be used leaves the old one in force.
    ListenerTlsKeys, ClientAuthKeys
}

served! {
    /// TLS for those who use the admin API. Files are followed, as those of listeners are.
    AdminTlsKeys, AdminClientAuthKeys
}

section! {
    /// A certificate and its key.
    struct CertificateKeys {
        /// A PEM file: the certificate, then those that lead to its authority.
        cert: Required<FileName>, like("\"cert.pem\"");
        /// A PEM file: the certificate's private key, without passphrase.
        key: Required<FileName>, like("\"key.pem\"");
    }
}

section! {
    /// Asks clients for certificates.
    struct ClientAuthKeys {
        /// A PEM file: the authorities that clients' certificates must come from.
        ca: Required<FileName>, like("\"clients.pem\"");
        /// Whether a client without a certificate is refused. A certificate that is not valid is
        /// refused in any case.
        required: Defaulted<bool>, default(true);
    }
}

section! {
    /// Asks those who use the admin API for certificates. Who shows one needs no token, and who sends a token needs no
    /// certificate; with both, what either of them may do may be done.
    struct AdminClientAuthKeys {
        /// A PEM file: the authorities that clients' certificates must come from.
        ca: Required<FileName>, like("\"clients.pem\"");
        /// Whether a client without a certificate is refused in the handshake: then a token alone opens nothing, and
        /// `/healthz` and `/readyz` are refused too. A certificate that is not valid is refused in any case.
        required: Defaulted<bool>, default(false);
        /// Whose certificates are operators': they may look and act. A name is written as it stands in the certificate, and compared
        /// whole, with names of its own kind alone: `spiffe://example.org/ops` (URI), `ops@example.org` (mail
        /// address), `ops.example.org` (DNS name), `192.0.2.1` (IP address). `CN=ada` is the common name of a
        /// certificate that has none of these.
        operators: Defaulted<List<ClientName>>, default(List::of([]));
        /// Whose certificates may look, by names as in `operators`.
        readers: Optional<List<ClientName>>, absent("whoever has a certificate of `ca`"),
            like("[\"spiffe://example.org/monitoring\"]");
    }
}

section! {
    /// TLS to the `https` backends of the pool. Files are followed, as those of listeners are.
    struct PoolTlsKeys {
        /// The name to ask for, which the certificate must be for.
        server_name: Optional<Host>, absent("the host of the backend's URL"),
            like("\"app.internal\"");
        /// A PEM file: the authorities that the certificate must come from.
        ca: Optional<FileName>, absent("the authorities that the system trusts"),
            like("\"ca.pem\"");
        /// A PEM file: the certificate that we present if a backend asks for one.
        client_cert: Optional<FileName>, absent("none is presented"), like("\"client.pem\"");
        /// A PEM file: the private key of `client_cert`.
        client_key: Optional<FileName>, absent("none is presented"), like("\"client-key.pem\"");
        /// Whether the certificate is checked. `false` lets anybody who is on the way read and
        /// change everything.
        verify: Defaulted<bool>, default(true);
    }
}

choice!(TlsVersion, { "1.2" => Self::Tls12, "1.3" => Self::Tls13 });

impl Text for ClientName {
    const KIND: &'static str = "the name in a certificate";
    const LIKE: &'static str = "\"spiffe://example.org/ops\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        Self::parse(text).map_err(|bad| Fault::new(bad.what).help(bad.help))
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn constraints() -> Value {
        json!({ "minLength": 1 })
    }
}

/// An item of `certificates`.
#[derive(Clone, Debug)]
pub(in crate::config) struct CertificateEntry {
    pub(in crate::config) cert: At<FileName>,
    pub(in crate::config) key: At<FileName>,
}

impl Field for CertificateEntry {
    const KIND: &'static str = "a table with `cert` and `key`";

    fn read(value: &Spanned<DeValue<'_>>, spot: &mut Spot<'_>) -> Option<Self> {
        if !matches!(value.get_ref(), DeValue::Table(_)) {
            let fault = Fault::new(found(value.get_ref()))
                .help("write it such as { cert = \"cert.pem\", key = \"key.pem\" }");
            return spot.refuse(Self::KIND, value.span(), fault);
        }
        let keys: CertificateKeys = open(spot.name.into(), value, spot.problems)?;
        Some(Self {
            cert: keys.cert.0?,
            key: keys.key.0?,
        })
    }

    fn show(&self) -> String {
        let (cert, key) = (self.cert.value.show(), self.key.value.show());
        format!("{{ cert = {cert}, key = {key} }}")
    }

    fn schema() -> Value {
        manual::object::<CertificateKeys>()
    }

    fn inner() -> Option<Inner> {
        Some(Inner {
            shape: Shape::Item,
            about: CertificateKeys::ABOUT,
            keys: CertificateKeys::keys(),
        })
    }
}
