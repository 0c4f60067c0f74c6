//! The client of one connection.

use std::net::SocketAddr;
use std::sync::Arc;

use super::forwarded::Forwarder;
use crate::listen::watch::Watch;
use crate::tls::Handshake;

/// What is the same for all requests of one client connection.
#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    forwarder: Forwarder,
    watch: Arc<Watch>,
    tls: Option<Box<Handshake>>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, watch: Arc<Watch>) -> Self {
        Self {
            address,
            forwarder: Forwarder::new(address.ip(), false),
            watch,
            tls: None,
        }
    }

    /// The same client after a TLS handshake.
    pub(crate) fn with_tls(self, handshake: Handshake) -> Self {
        Self {
            forwarder: Forwarder::new(self.address.ip(), true),
            tls: Some(Box::new(handshake)),
            ..self
        }
    }

    /// What was agreed in the TLS handshake; `None` for plain text.
    pub(crate) fn tls(&self) -> Option<&Handshake> {
        self.tls.as_deref()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn forwarder(&self) -> &Forwarder {
        &self.forwarder
    }

    pub(crate) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }
}
