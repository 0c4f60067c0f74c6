//! What TLS proves about whoever is at the other end of a connection.

use std::sync::Arc;

use crate::config::{AdminCertificates, AdminRole, ClientName};
use crate::tls::Certificate;

/// A connection over TLS. An extension of each request that came on one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secured {
    certificate: Option<Arc<Shown>>,
}

/// A client's certificate: its authority is one of ours, and it was valid when the connection began.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    names: Vec<ClientName>,
    /// Its subject, for one without names.
    subject: String,
    /// Valid from here, in unix seconds.
    not_before: i64,
    /// Valid up to here, in unix seconds.
    not_after: i64,
}

/// What a certificate lets its holder do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// None was shown, or its time is over.
    Nobody,
    /// A certificate whose names have no role.
    NotNamed,
    /// One that has this role.
    Known(AdminRole),
}

// === impl Secured ===

impl Secured {
    /// A connection on which the client showed this certificate, and it was checked; or none.
    pub fn new(certificate: Option<&Certificate>) -> Self {
        Self {
            certificate: certificate.map(|certificate| {
                Arc::new(Shown {
                    names: ClientName::all_of(certificate),
                    subject: certificate.subject.clone(),
                    not_before: certificate.not_before,
                    not_after: certificate.not_after,
                })
            }),
        }
    }

    /// Who holds the certificate `now`, in unix seconds, and what they are called. A session that is continued brings its
    /// certificate along unchecked, and connections live on: so its dates are looked at each time.
    pub(super) fn holder(&self, roles: &AdminCertificates, now: i64) -> (Holder, Option<Arc<str>>) {
        let Some(shown) = &self.certificate else {
            return (Holder::Nobody, None);
        };
        let first = || shown.names.first();
        let (holder, name) = match roles.role_of(&shown.names) {
            Some((role, name)) => (Holder::Known(role), name.or_else(first)),
            None => (Holder::NotNamed, first()),
        };
        let name = name.map_or_else(|| shown.subject.clone(), ToString::to_string);
        let holder = match (shown.not_before..=shown.not_after).contains(&now) {
            true => holder,
            false => Holder::Nobody,
        };
        (holder, Some(name.into()))
    }
}
