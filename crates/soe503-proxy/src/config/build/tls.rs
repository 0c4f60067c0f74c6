//! TLS settings: their files are read here, and everything that is wrong with them is told.

use std::{ops::Range, path::Path, time::Duration};

use crate::{
    config::{
        AdminCertificates, BackendTls, CertificateFiles, ClientAuth, ClientName, Host, ListenerTls,
        Loaded, NonEmpty, Target, TlsVersion,
        keys::{AdminTlsKeys, CertificateEntry, FileName, ListenerTlsKeys, PoolTlsKeys},
        problem::{Problem, Problems},
        wire::{At, List, Optional},
    },
    tls::{ClientFiles, Place, ServerFiles, Trouble, is_server_name},
};

/// TLS of a listener.
pub(super) fn listener(
    keys: ListenerTlsKeys,
    base: &Path,
    problems: &mut Problems,
) -> Option<ListenerTls> {
    let asked = match keys.client_auth.0 {
        Some(At { value, .. }) => Some((value.ca.0?, value.required.value)),
        None => None,
    };
    let (version, timeout) = (keys.min_version.value, keys.handshake_timeout.value);
    served(
        (keys.certificates.0?, version, timeout),
        asked.as_ref(),
        base,
        problems,
    )
}

/// TLS of the admin address, and what certificates let their holders do, if somebody is asked for one.
pub(super) fn admin(
    keys: AdminTlsKeys,
    base: &Path,
    problems: &mut Problems,
) -> Option<(ListenerTls, Option<AdminCertificates>)> {
    let (asked, roles) = match keys.client_auth.0 {
        Some(At { value: keys, .. }) => {
            if keys.operators.wrong || keys.readers.wrong {
                return None;
            }
            let names = |list: List<ClientName>| list.0.into_iter().map(|name| name.value);
            let readers = keys.readers.given.map(|list| names(list.value).collect());
            let roles = AdminCertificates::new(names(keys.operators.value), readers);
            (Some((keys.ca.0?, keys.required.value)), Some(roles))
        }
        None => (None, None),
    };
    let (version, timeout) = (keys.min_version.value, keys.handshake_timeout.value);
    let tls = served(
        (keys.certificates.0?, version, timeout),
        asked.as_ref(),
        base,
        problems,
    )?;
    Some((tls, roles))
}

/// TLS of an address: what is presented, the oldest version and the longest handshake; whose certificates clients are
/// asked for, and whether each must have one.
fn served(
    (entries, min_version, handshake_timeout): (At<List<CertificateEntry>>, TlsVersion, Duration),
    asked: Option<&(At<FileName>, bool)>,
    base: &Path,
    problems: &mut Problems,
) -> Option<ListenerTls> {
    let At { value, at } = entries;
    let Some(certificates) = certificates(&value, base) else {
        let title = "`certificates` is empty";
        problems.push(Problem::new(at, title, "expected at least one"));
        return None;
    };
    let auth = asked.map(|(ca, required)| ClientAuth {
        ca: base.join(&ca.value.0),
        required: *required,
    });
    let mut troubles = Vec::new();
    let loaded = ServerFiles::load(&certificates, auth.as_ref(), &mut troubles);
    tell(troubles, problems, |place| match place {
        Place::Cert(index) => ("cert", value.0[index].value.cert.at.clone()),
        Place::Key(index) => ("key", value.0[index].value.key.at.clone()),
        Place::Ca => (
            "ca",
            asked.map_or_else(|| at.clone(), |(ca, _)| ca.at.clone()),
        ),
    });
    Some(ListenerTls {
        certificates,
        min_version,
        handshake_timeout,
        client_auth: auth,
        loaded: Loaded::new(loaded?),
    })
}

fn certificates(list: &List<CertificateEntry>, base: &Path) -> Option<NonEmpty<CertificateFiles>> {
    let pairs = list.0.iter().map(|entry| CertificateFiles {
        cert: base.join(&entry.value.cert.value.0),
        key: base.join(&entry.value.key.value.0),
    });
    NonEmpty::new(pairs.collect())
}

/// TLS of a pool: none, if it is sure that none of the backends is `https`. `backends` is where they
/// are; the outer `None` after a problem was added.
pub(super) fn pool(
    keys: Option<At<PoolTlsKeys>>,
    secure: Option<bool>,
    backends: Range<usize>,
    base: &Path,
    problems: &mut Problems,
) -> Option<Option<BackendTls>> {
    if secure == Some(false) {
        if let Some(At { at, .. }) = keys {
            let title = "`tls` does nothing here";
            let warning = Problem::new(at, title, "no backend of this pool has an `https` URL")
                .also(backends, "these");
            problems.warn(warning);
        }
        return Some(None);
    }
    // What is wrong with the backends has been told, and with it whether they need TLS.
    secure?;
    let Some(At { value: keys, at }) = keys else {
        return read(&Given::default(), true, base, &backends, problems).map(Some);
    };
    let verify = keys.verify.value;
    if !verify {
        careless(&keys, problems);
    }
    let given = Given::of(keys, problems)?;
    read(&given, verify, base, &at, problems).map(Some)
}

/// TLS to one server that is `https`; `at` is where that is said. `None` after a problem was added.
pub(super) fn target(
    ca: Option<At<FileName>>,
    base: &Path,
    at: &Range<usize>,
    problems: &mut Problems,
) -> Option<BackendTls> {
    let given = Given {
        ca,
        ..Given::default()
    };
    read(&given, true, base, at, problems)
}

/// Finds `https` backends whose host no certificate can be for.
pub(super) fn unnameable(backend: &Target, at: &Range<usize>, problems: &mut Problems) {
    let host = backend.host();
    if !is_server_name(&host) {
        let title = format!("`{host}` cannot be the name in a certificate");
        let problem = Problem::new(at.clone(), title, "TLS needs one to check")
            .help("use a name of letters, digits and hyphens");
        problems.push(problem);
    }
}

/// `verify = false`, which nobody should overlook.
fn careless(keys: &PoolTlsKeys, problems: &mut Problems) {
    let at = keys.verify.at.clone().unwrap_or_default();
    let title = "backends of this pool are not verified";
    let warning = Problem::new(
        at,
        title,
        "whoever is on the way can read and change everything",
    )
    .help("set `ca` to the authority that signed their certificates instead");
    problems.warn(warning);
    if let Some(ca) = &keys.ca.given {
        let title = "`ca` does nothing here";
        let problem = Problem::new(ca.at.clone(), title, "`verify` is false");
        problems.push(problem);
    }
}

/// What is written in a pool's `tls`.
#[derive(Default)]
struct Given {
    server_name: Option<String>,
    ca: Option<At<FileName>>,
    identity: Option<Pair>,
}

/// A certificate and its key.
type Pair = (At<FileName>, At<FileName>);

impl Given {
    fn of(keys: PoolTlsKeys, problems: &mut Problems) -> Option<Self> {
        let server_name = match keys.server_name.given {
            Some(At { value, at }) => Some(one_name(&value, at, problems)?),
            None if keys.server_name.wrong => return None,
            None => None,
        };
        if keys.ca.wrong {
            return None;
        }
        Some(Self {
            server_name,
            ca: keys.ca.given,
            identity: pair(keys.client_cert, keys.client_key, problems)?,
        })
    }
}

fn one_name(host: &Host, at: Range<usize>, problems: &mut Problems) -> Option<String> {
    match host {
        Host::Exact(name) if is_server_name(name) => Some(name.to_string()),
        _ => {
            let title = "`server_name`: expected one name";
            let label = "no certificate can be checked against this";
            problems.push(Problem::new(at, title, label));
            None
        }
    }
}

/// Both or none; the outer `None` after a problem.
fn pair(
    cert: Optional<FileName>,
    key: Optional<FileName>,
    problems: &mut Problems,
) -> Option<Option<Pair>> {
    match (cert.given, key.given) {
        (Some(cert), Some(key)) => Some(Some((cert, key))),
        (None, None) if !cert.wrong && !key.wrong => Some(None),
        (Some(At { at, .. }), None) if !key.wrong => {
            let title = "`client_key` is missing";
            problems.push(Problem::new(
                at,
                title,
                "a certificate is of no use without its key",
            ));
            None
        }
        (None, Some(At { at, .. })) if !cert.wrong => {
            let title = "`client_cert` is missing";
            problems.push(Problem::new(at, title, "the key of which certificate?"));
            None
        }
        _ => None,
    }
}

fn read(
    given: &Given,
    verify: bool,
    base: &Path,
    at: &Range<usize>,
    problems: &mut Problems,
) -> Option<BackendTls> {
    let ca = given.ca.as_ref().map(|ca| base.join(&ca.value.0));
    let identity = given.identity.as_ref().map(|(cert, key)| CertificateFiles {
        cert: base.join(&cert.value.0),
        key: base.join(&key.value.0),
    });
    let mut troubles = Vec::new();
    let loaded = ClientFiles::load(ca.as_deref(), identity.as_ref(), verify, &mut troubles);
    tell(troubles, problems, |place| match (place, &given.identity) {
        (Place::Cert(_), Some((cert, _))) => ("client_cert", cert.at.clone()),
        (Place::Key(_), Some((_, key))) => ("client_key", key.at.clone()),
        _ => (
            "ca",
            given
                .ca
                .as_ref()
                .map_or_else(|| at.clone(), |ca| ca.at.clone()),
        ),
    });
    Some(BackendTls {
        server_name: given.server_name.as_deref().map(Into::into),
        ca,
        identity,
        verify,
        loaded: Loaded::new(loaded?),
    })
}

/// Adds what is wrong with files where their names stand.
fn tell(
    troubles: Vec<Trouble>,
    problems: &mut Problems,
    place: impl Fn(Place) -> (&'static str, Range<usize>),
) {
    for trouble in troubles {
        let (key, at) = place(trouble.place);
        let title = if trouble.warning {
            format!("`{key}`: this certificate is not valid now")
        } else {
            format!("`{key}` cannot be used")
        };
        let mut problem = Problem::new(at, title, trouble.what);
        problem.help.extend(trouble.help);
        if trouble.warning {
            problems.warn(problem);
        } else {
            problems.push(problem);
        }
    }
}
