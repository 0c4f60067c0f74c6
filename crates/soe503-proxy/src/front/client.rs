//! The client of one connection.

use std::net::SocketAddr;
use std::sync::Arc;

use super::forwarded::{Forwarder, Scheme};
use crate::config::{Exposure, Forwarded};
use crate::listen::watch::Watch;
use crate::listen::{Admitted, Seat};
use crate::tls::Handshake;

/// What is the same for all requests of one client connection.
#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    forwarder: Forwarder,
    watch: Arc<Watch>,
    tls: Option<Box<Handshake>>,
    /// How much it is told about a failure, if that is more than others are told.
    told: Option<Exposure>,
    /// Held for as long as the connection lives.
    _seat: Option<Seat>,
}

impl Client {
    /// The client that was let in; backends are told of it as `policy` says.
    pub(super) fn new(
        admitted: Admitted,
        watch: Arc<Watch>,
        policy: &Forwarded,
        told: Option<Exposure>,
    ) -> Self {
        let scheme = match admitted.tls_before {
            true => Scheme::Https,
            false => Scheme::Http,
        };
        let address = admitted.client;
        Self {
            address,
            forwarder: Forwarder::new(address.ip(), scheme, policy),
            watch,
            tls: None,
            told,
            _seat: admitted.seat,
        }
    }

    /// The same client after a TLS handshake; backends are told of it as `policy` says.
    pub(super) fn with_tls(self, handshake: Handshake, policy: &Forwarded) -> Self {
        Self {
            forwarder: Forwarder::new(self.address.ip(), Scheme::Https, policy),
            tls: Some(Box::new(handshake)),
            ..self
        }
    }

    /// What was agreed in the TLS handshake; `None` for plain text.
    pub(crate) fn tls(&self) -> Option<&Handshake> {
        self.tls.as_deref()
    }

    /// How much it is told about a failure, if that is more than others are told.
    pub(super) const fn told(&self) -> Option<Exposure> {
        self.told
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The client speaks TLS, with us or with the load balancer before us.
    pub(super) fn is_secure(&self) -> bool {
        self.forwarder.is_secure()
    }

    pub(super) fn forwarder(&self) -> &Forwarder {
        &self.forwarder
    }

    pub(crate) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }
}
