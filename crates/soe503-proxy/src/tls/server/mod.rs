//! TLS for the clients of a listener.

mod counts;
mod files;
mod handshake;
mod linger;
mod plain;
mod transport;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::{NoServerSessionStorage, ProducesTickets, ServerSessionMemoryCache};
use rustls::server::{StoresServerSessions, WebPkiClientVerifier};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

pub use self::counts::HandshakeCounts;
pub use self::files::ServerFiles;
pub(super) use self::files::roots;
use self::handshake::HandshakeError as Failed;
pub use self::handshake::{Handshake, HandshakeError, Reason};
use self::linger::linger;
use self::transport::Began;
pub use self::transport::Gathering;
use super::follow::Followed;
use super::provider::provider;
use super::sni::Certificates;
use super::trouble::Trouble;
use super::{Alpn, ServerStream};
use crate::config::{ListenerTls, Loaded, Protocols, TlsVersion};
use crate::stamp::{Following, Stamp};

/// Sessions of TLS 1.2 clients without tickets that are remembered per listener. All others carry
/// their session themselves, sealed (RFC 5077, RFC 8446 §4.6.1).
const SESSIONS: usize = 1024;

/// TLS as one listener offers it. Clones share it; certificates are replaced underneath them.
#[derive(Clone, Debug)]
pub struct ServerTls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    address: SocketAddr,
    /// What is served there, for the log.
    name: &'static str,
    current: ArcSwap<Current>,
    following: Mutex<Following>,
    counts: HandshakeCounts,
}

/// What is in force.
#[derive(Debug)]
struct Current {
    settings: ListenerTls,
    protocols: Protocols,
    config: Arc<ServerConfig>,
}

/// What lets clients continue their sessions.
#[derive(Clone)]
struct Resumption {
    tickets: Option<Arc<dyn ProducesTickets>>,
    sessions: Arc<dyn StoresServerSessions>,
}

// === impl ServerTls ===

impl ServerTls {
    /// TLS for the listener at `address`, which speaks `protocols`.
    pub fn new(address: SocketAddr, settings: &ListenerTls, protocols: Protocols) -> Self {
        Self::called("listener", address, settings, protocols)
    }

    /// TLS for the admin API at `address`.
    pub fn admin(address: SocketAddr, settings: &ListenerTls) -> Self {
        Self::called("admin API", address, settings, Protocols::H1)
    }

    fn called(
        name: &'static str,
        address: SocketAddr,
        settings: &ListenerTls,
        protocols: Protocols,
    ) -> Self {
        let config = build(settings, protocols, &Resumption::new());
        Self(Arc::new(Inner {
            address,
            name,
            following: Mutex::new(Following::new(settings.loaded.stamp.clone())),
            current: ArcSwap::from_pointee(Current {
                settings: settings.clone(),
                protocols,
                config: Arc::new(config),
            }),
            counts: HandshakeCounts::default(),
        }))
    }

    /// Shakes hands with a client, within the listener's handshake timeout.
    ///
    /// # Errors
    ///
    /// Why it did not come about. It has been counted and logged; a client that spoke plain HTTP
    /// has been answered.
    pub async fn accept(&self, stream: TcpStream) -> Result<(ServerStream, Handshake), Failed> {
        let current = self.0.current.load_full();
        let limit = current.settings.handshake_timeout;
        let mut unread = None;
        let shake = shake(&current.config, stream, &mut unread);
        let shaken = match tokio::time::timeout(limit, shake).await {
            Ok(shaken) => shaken,
            Err(_elapsed) => {
                let detail = format!("no handshake within {limit:?}");
                Err(HandshakeError::new(Reason::Timeout, detail))
            }
        };
        self.0.counts.count(self.0.address, &shaken);
        if let Some(mut transport) = unread {
            linger(transport.get_mut()).await;
        }
        shaken
    }

    /// Takes over other settings and protocols, or what the files hold now, and says whether there was anything new. Open
    /// connections go on as they are.
    pub fn replace(&self, settings: &ListenerTls, protocols: Protocols) -> bool {
        let before = self.0.current.load();
        let same = before.settings.loaded.stamp == settings.loaded.stamp;
        if same && before.protocols == protocols && before.settings == *settings {
            return false;
        }
        let resumption = Resumption::after(&before.settings, settings, &before.config);
        let config = build(settings, protocols, &resumption);
        *self.following() = Following::new(settings.loaded.stamp.clone());
        self.0.current.store(Arc::new(Current {
            settings: settings.clone(),
            protocols,
            config: Arc::new(config),
        }));
        true
    }

    /// Where the listener is.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// The settings in force.
    pub fn settings(&self) -> ListenerTls {
        self.0.current.load().settings.clone()
    }

    /// What is presented: each certificate's first name, or its subject if it has none, and its end
    /// in unix seconds; of several with the same name the first to end.
    pub fn certificates(&self) -> Vec<(String, i64)> {
        let current = self.0.current.load();
        let mut ends: BTreeMap<&String, i64> = BTreeMap::new();
        for leaf in current.settings.loaded.certificates() {
            let name = leaf.names.first().unwrap_or(&leaf.subject);
            let end = ends.entry(name).or_insert(leaf.not_after);
            *end = leaf.not_after.min(*end);
        }
        ends.into_iter()
            .map(|(name, end)| (name.clone(), end))
            .collect()
    }

    /// How handshakes ended so far.
    pub fn counts(&self) -> &HandshakeCounts {
        &self.0.counts
    }

    fn following(&self) -> std::sync::MutexGuard<'_, Following> {
        // A stamp stays valid whoever panics.
        let following = self.0.following.lock();
        following.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Followed for ServerTls {
    fn stamp(&self) -> Stamp {
        let current = self.0.current.load();
        files::stamp(
            &current.settings.certificates,
            current.settings.client_auth.as_ref(),
        )
    }

    fn is_due(&self, now: &Stamp) -> bool {
        self.following().is_due(now)
    }

    fn reload(&self) -> (bool, Vec<Trouble>) {
        let mut settings = self.settings();
        let mut troubles = Vec::new();
        let loaded = ServerFiles::load(
            &settings.certificates,
            settings.client_auth.as_ref(),
            &mut troubles,
        );
        let Some(loaded) = loaded else {
            return (false, troubles);
        };
        settings.loaded = Loaded::new(loaded);
        let protocols = self.0.current.load().protocols;
        self.replace(&settings, protocols);
        (true, troubles)
    }

    fn name(&self) -> String {
        format!("{} {}", self.0.name, self.0.address)
    }
}

/// A client that could not know yet that it is refused has more to say: its connection is put into `unread`.
async fn shake(
    config: &Arc<ServerConfig>,
    stream: TcpStream,
    unread: &mut Option<Gathering<TcpStream>>,
) -> Result<(ServerStream, Handshake), Failed> {
    let transport = Gathering::new(stream);
    let accept = TlsAcceptor::from(Arc::clone(config)).accept(transport);
    let mut stream = match accept.into_fallible().await {
        Ok(stream) => stream,
        Err((error, mut transport)) => {
            let failed = failed(error, &mut transport).await;
            if failed.reason.is_about_client() {
                *unread = Some(transport);
            }
            return Err(failed);
        }
    };
    let handshake = Handshake::of(&stream);
    stream.get_mut().0.open();
    if handshake.version == TlsVersion::Tls12 {
        // What is held is not only tickets: the client waits for it.
        stream.flush().await?;
    }
    Ok((stream, handshake))
}

/// Says what there is to say to a client with which there is no TLS, and why there is none.
async fn failed(error: std::io::Error, transport: &mut Gathering<TcpStream>) -> Failed {
    match transport.began() {
        Began::Silent => Failed::new(Reason::Closed, "closed without a word"),
        Began::Tls => {
            transport.open();
            // The alert. Whoever does not take it is gone.
            let _ = transport.flush().await;
            error.into()
        }
        Began::Otherwise(first, count) => plain::refuse(transport.get_mut(), &first[..count]).await,
    }
}

fn build(settings: &ListenerTls, protocols: Protocols, resumption: &Resumption) -> ServerConfig {
    let files = &settings.loaded;
    let clients = match &files.clients {
        Some(verifier) => Arc::clone(verifier),
        None => WebPkiClientVerifier::no_client_auth(),
    };
    let versions: &[_] = match settings.min_version {
        TlsVersion::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        TlsVersion::Tls13 => &[&rustls::version::TLS13],
    };
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        // Fails only for a provider without cipher suites for a version, and ours is fixed.
        .expect("aws-lc-rs speaks TLS 1.2 and 1.3")
        .with_client_cert_verifier(clients)
        .with_cert_resolver(Arc::new(Certificates::new(&files.identities)));
    config.alpn_protocols = Alpn::offered(protocols)
        .iter()
        .map(|alpn| alpn.id().to_vec())
        .collect();
    config.session_storage = Arc::clone(&resumption.sessions);
    if let Some(tickets) = &resumption.tickets {
        config.ticketer = Arc::clone(tickets);
    }
    config
}

// === impl Resumption ===

impl Resumption {
    fn new() -> Self {
        match Ticketer::new() {
            Ok(tickets) => Self {
                tickets: Some(tickets),
                sessions: ServerSessionMemoryCache::new(SESSIONS),
            },
            Err(error) => {
                tracing::warn!(%error, "no keys for session tickets: TLS sessions are not resumed");
                Self {
                    tickets: None,
                    sessions: Arc::new(NoServerSessionStorage {}),
                }
            }
        }
    }

    /// Sessions go on over a change, unless clients are held against authorities: then each has to
    /// show again who it is, as it may not be let in any more.
    fn after(before: &ListenerTls, now: &ListenerTls, config: &ServerConfig) -> Self {
        if before.client_auth.is_some() || now.client_auth.is_some() {
            return Self::new();
        }
        Self {
            tickets: Some(Arc::clone(&config.ticketer)),
            sessions: Arc::clone(&config.session_storage),
        }
    }
}
