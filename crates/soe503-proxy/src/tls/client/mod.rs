//! TLS to the backends of a pool.

mod fault;
mod files;
mod verify;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use soe503_core::ledger::Fault;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub(super) use self::fault::alert_in;
pub use self::files::ClientFiles;
use super::follow::Followed;
use super::provider::provider;
use super::trouble::Trouble;
use super::{Alpn, ClientStream, Opening};
use crate::config::{BackendTls, Loaded};
use crate::stamp::{Following, Stamp};

/// TLS as one pool speaks it. Clones share it; what its files hold is replaced underneath them.
#[derive(Clone, Debug)]
pub struct PoolTls(Arc<Inner>);

/// TLS to one backend of a pool: how, and the name that its certificate must be for.
#[derive(Clone, Debug)]
pub struct ClientTls {
    pool: PoolTls,
    name: ServerName<'static>,
}

#[derive(Debug)]
struct Inner {
    pool: Arc<str>,
    alpn: &'static [Alpn],
    current: ArcSwap<Current>,
    following: Mutex<Following>,
}

/// What is in force.
#[derive(Debug)]
struct Current {
    settings: BackendTls,
    config: Arc<ClientConfig>,
    /// The same without a memory for sessions.
    anew: Arc<ClientConfig>,
}

// === impl PoolTls ===

impl PoolTls {
    /// TLS for the pool called `pool`, which offers its backends `alpn`.
    pub fn new(pool: Arc<str>, settings: &BackendTls, alpn: &'static [Alpn]) -> Self {
        Self(Arc::new(Inner {
            pool,
            alpn,
            following: Mutex::new(Following::new(settings.loaded.stamp.clone())),
            current: ArcSwap::from_pointee(Current::new(settings, alpn)),
        }))
    }

    /// TLS to the backend whose URL has `host`: a DNS name or an IP address, in brackets if it is
    /// one of version 6. `None` if no certificate can be for that.
    pub fn to(&self, host: &str) -> Option<ClientTls> {
        let current = self.0.current.load();
        let name = current.settings.server_name.as_deref().unwrap_or(host);
        Some(ClientTls {
            pool: self.clone(),
            name: server_name(name)?,
        })
    }

    /// Takes over what files hold now, if they changed. Open connections go on as they are.
    pub fn replace(&self, settings: &BackendTls) {
        let current = self.0.current.load();
        let stamp = &settings.loaded.stamp;
        if current.settings == *settings && current.settings.loaded.stamp == *stamp {
            return;
        }
        *self.following() = Following::new(stamp.clone());
        // With a new memory for sessions: what was believed before is checked again.
        let current = Current::new(settings, self.0.alpn);
        self.0.current.store(Arc::new(current));
    }

    /// The settings in force.
    pub fn settings(&self) -> BackendTls {
        self.0.current.load().settings.clone()
    }

    fn following(&self) -> MutexGuard<'_, Following> {
        // A stamp stays valid whoever panics.
        let following = self.0.following.lock();
        following.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Followed for PoolTls {
    fn stamp(&self) -> Stamp {
        files::stamp(&self.0.current.load().settings)
    }

    fn is_due(&self, now: &Stamp) -> bool {
        self.following().is_due(now)
    }

    fn reload(&self) -> (bool, Vec<Trouble>) {
        let mut settings = self.settings();
        let mut troubles = Vec::new();
        let loaded = ClientFiles::load(
            settings.ca.as_deref(),
            settings.identity.as_ref(),
            settings.verify,
            &mut troubles,
        );
        let Some(loaded) = loaded else {
            return (false, troubles);
        };
        settings.loaded = Loaded::new(loaded);
        self.replace(&settings);
        (true, troubles)
    }

    fn name(&self) -> String {
        format!("pool {}", self.0.pool)
    }
}

/// Whether a certificate can be for `name`, and how it is called then.
pub(crate) fn server_name(name: &str) -> Option<ServerName<'static>> {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(bare.to_owned()).ok()
}

fn build(settings: &BackendTls, alpn: &[Alpn]) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        // Fails only for a provider without cipher suites for a version, and ours is fixed.
        .expect("aws-lc-rs speaks TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&settings.loaded.verifier));
    let mut config = match &settings.loaded.identity {
        Some(identity) => builder.with_client_cert_resolver(Arc::new(
            rustls::sign::SingleCertAndKey::from(Arc::clone(&identity.key)),
        )),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|alpn| alpn.id().to_vec()).collect();
    config
}

// === impl Current ===

impl Current {
    fn new(settings: &BackendTls, alpn: &[Alpn]) -> Self {
        let config = build(settings, alpn);
        let mut anew = config.clone();
        anew.resumption = Resumption::disabled();
        Self {
            settings: settings.clone(),
            config: Arc::new(config),
            anew: Arc::new(anew),
        }
    }
}

// === impl ClientTls ===

impl ClientTls {
    /// Shakes hands over `stream`. The caller limits the time. Also returns what is spoken next;
    /// `None` if the backend did not say.
    ///
    /// # Errors
    ///
    /// What went wrong, as evidence.
    pub async fn connect(&self, stream: TcpStream) -> Result<(ClientStream, Option<Alpn>), Fault> {
        let config = Arc::clone(&self.pool.0.current.load().config);
        self.shake_hands(config, stream).await
    }

    /// As [`Self::connect`], and always with a whole handshake: one that continues a session does not
    /// look at the certificate again.
    ///
    /// # Errors
    ///
    /// What went wrong, as evidence.
    pub async fn connect_anew(
        &self,
        stream: TcpStream,
    ) -> Result<(ClientStream, Option<Alpn>), Fault> {
        let config = Arc::clone(&self.pool.0.current.load().anew);
        self.shake_hands(config, stream).await
    }

    async fn shake_hands(
        &self,
        config: Arc<ClientConfig>,
        stream: TcpStream,
    ) -> Result<(ClientStream, Option<Alpn>), Fault> {
        let connect = TlsConnector::from(config).connect(self.name.clone(), Opening::new(stream));
        match connect.into_fallible().await {
            Ok(stream) => {
                let alpn = stream.get_ref().1.alpn_protocol().and_then(Alpn::of);
                Ok((stream, alpn))
            }
            Err((error, transport)) => Err(fault::of(&error, transport.first())),
        }
    }

    /// The name that is asked for.
    pub fn server_name(&self) -> String {
        self.name.to_str().into_owned()
    }
}

/// The same pool's TLS, and the same name.
impl PartialEq for ClientTls {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pool.0, &other.pool.0) && self.name == other.name
    }
}

impl Eq for ClientTls {}
