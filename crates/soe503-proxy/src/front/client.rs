//! The client of one connection.

use std::net::SocketAddr;
use std::sync::Arc;

use super::forwarded::Forwarder;
use crate::listen::watch::Watch;

/// What is the same for all requests of one client connection.
#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    forwarder: Forwarder,
    watch: Arc<Watch>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, watch: Arc<Watch>) -> Self {
        Self {
            address,
            forwarder: Forwarder::new(address.ip()),
            watch,
        }
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
