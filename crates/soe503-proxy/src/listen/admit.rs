//! Who a new connection is from, and whether it may stay.

use std::net::SocketAddr;

use super::drain::Drain;
use super::per_client::{PerClient, Seat};
use super::proxy_header;
use crate::config::{Listener, Networks};
use crate::net::Stream;

/// Whom a listener lets in. One for all workers.
#[derive(Debug)]
pub(crate) struct Admission {
    /// Whose connections begin with a PROXY protocol header; all others are refused.
    balancers: Option<Networks>,
    per_client: Option<PerClient>,
    /// Proxies whose connections are those of many clients, so not counted.
    uncounted: Networks,
}

/// A connection that may stay.
#[derive(Debug)]
pub(crate) struct Admitted {
    /// The client, as far as anybody knows.
    pub(crate) client: SocketAddr,
    /// The client spoke TLS to the load balancer before us.
    pub(crate) tls_before: bool,
    /// Its place among the connections of this client.
    pub(crate) seat: Option<Seat>,
}

/// Why a connection is closed before its first request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// No PROXY protocol header, or from somebody who may not send one.
    ProxyHeader,
    /// The client has as many connections as it may.
    TooMany,
}

impl Admission {
    /// The rules of `listener`.
    pub(crate) fn new(listener: &Listener) -> Self {
        Self {
            balancers: listener.proxy_protocol.clone(),
            per_client: listener
                .limits
                .max_connections_per_client
                .map(PerClient::new),
            uncounted: listener.forwarded.trust.clone(),
        }
    }

    /// Reads the PROXY protocol header, if one is due, and counts the client. Waits for nothing
    /// else; a header that does not come before `drain` begins is not waited for.
    pub(crate) async fn admit(
        &self,
        stream: &mut Stream,
        peer: SocketAddr,
        drain: &Drain,
    ) -> Result<Admitted, Refused> {
        let (mut client, mut tls_before) = (peer, false);
        if let Some(balancers) = &self.balancers {
            if !balancers.contains(peer.ip()) {
                return Err(Refused::ProxyHeader);
            }
            // Boxed: most listeners have none, and the buffers would be part of every connection.
            let stream = stream.tcp().map_err(|_| Refused::ProxyHeader)?;
            let reading = Box::pin(proxy_header::read(stream));
            let told = tokio::select! {
                told = reading => told,
                () = drain.begun() => return Err(Refused::ProxyHeader),
            };
            match told {
                Ok(told) => {
                    client = told.client.unwrap_or(peer);
                    tls_before = told.tls;
                }
                Err(error) => {
                    tracing::debug!(%peer, %error, "connection refused");
                    return Err(Refused::ProxyHeader);
                }
            }
        }
        let seat = match &self.per_client {
            Some(clients) if !self.uncounted.contains(client.ip()) => {
                Some(clients.seat(client.ip()).ok_or(Refused::TooMany)?)
            }
            _ => None,
        };
        Ok(Admitted {
            client,
            tls_before,
            seat,
        })
    }
}
