//! The socket to a server: opened when it is needed, and again when the server is another one.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UdpSocket, UnixDatagram};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::counts::{Counts, Lost};
use crate::config::StatsdAddress;
use crate::control::dns::Resolve;

/// A packet of UDP fits into one frame of an Ethernet, with any header before it.
const UDP_PACKET: usize = 1432;
/// What agents read from a Unix socket at once.
const UNIX_PACKET: usize = 8192;
/// The longest that a name may take.
const LOOKUP: Duration = Duration::from_secs(3);
/// A name is looked up again after so long: over UDP nobody says that a server has moved.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// As many packets are sent in a row; then whoever reads has a moment.
const BURST: usize = 32;
const MOMENT: Duration = Duration::from_millis(1);

/// A way to a server.
pub(super) struct Outlet<R> {
    address: StatsdAddress,
    resolver: Arc<R>,
    socket: Option<Socket>,
    /// When the name was looked up last.
    looked: Option<Instant>,
    /// The last packets were lost, and that was logged.
    failing: bool,
}

enum Socket {
    Udp(UdpSocket, SocketAddr),
    Unix(UnixDatagram),
}

/// Why packets are lost.
struct Trouble {
    why: Lost,
    text: String,
}

// === impl Outlet ===

impl<R: Resolve> Outlet<R> {
    /// A way that nobody has gone.
    pub(super) fn new(address: StatsdAddress, resolver: Arc<R>) -> Self {
        Self {
            address,
            resolver,
            socket: None,
            looked: None,
            failing: false,
        }
    }

    /// The longest packet, in bytes.
    pub(super) const fn limit(&self) -> usize {
        match self.address {
            StatsdAddress::Unix(_) => UNIX_PACKET,
            _ => UDP_PACKET,
        }
    }

    /// Sends `packets`. A server that does not read is waited for until `until`; what cannot be sent is lost.
    pub(super) async fn send(&mut self, packets: &[String], counts: &Counts, until: Instant) {
        // Of the round before.
        let late = self.refused_late();
        if let Err(Trouble { why, text }) = &late {
            counts.lose(*why, 1);
            self.complain(text);
        }
        let mut sent = 0;
        let done = self.try_send(packets, counts, until, &mut sent).await;
        match done {
            Ok(()) if self.failing && late.is_ok() => {
                self.failing = false;
                let address = &self.address;
                tracing::info!(%address, "dogstatsd: packets can be sent again");
            }
            Ok(()) => {}
            Err(Trouble { why, text }) => {
                // All of them may have been taken, and the last one still refused.
                counts.lose(why, (packets.len() - sent).max(1));
                self.complain(&text);
            }
        }
    }

    async fn try_send(
        &mut self,
        packets: &[String],
        counts: &Counts,
        until: Instant,
        sent: &mut usize,
    ) -> Result<(), Trouble> {
        if packets.is_empty() {
            return Ok(());
        }
        self.open().await?;
        for packet in packets {
            if *sent > 0 && sent.is_multiple_of(BURST) {
                sleep(MOMENT).await;
            }
            self.send_one(packet.as_bytes(), until).await?;
            *sent += 1;
            counts.send();
        }
        self.refused_late()
    }

    async fn send_one(&mut self, packet: &[u8], until: Instant) -> Result<(), Trouble> {
        let first = self.write(packet, until).await;
        let gone = matches!(&first, Err(trouble) if trouble.why == Lost::Unreachable);
        // The server of a Unix socket that is started again has another one of the same name.
        if !gone || !matches!(self.address, StatsdAddress::Unix(_)) {
            return first;
        }
        self.open().await?;
        self.write(packet, until).await
    }

    /// One packet; a socket that does not work is left.
    async fn write(&mut self, packet: &[u8], until: Instant) -> Result<(), Trouble> {
        let Some(socket) = &self.socket else {
            return Err(unreachable(&"there is no socket"));
        };
        let written = async {
            match socket {
                Socket::Udp(socket, _) => socket.send(packet).await,
                Socket::Unix(socket) => socket.send(packet).await,
            }
        };
        match timeout_at(until, written).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                self.socket = None;
                Err(unreachable(&error))
            }
            Err(_) => Err(Trouble {
                why: Lost::Full,
                text: "it does not read fast enough".into(),
            }),
        }
    }

    /// A packet that nobody wanted is told only after it was sent, if at all (ICMP).
    fn refused_late(&mut self) -> Result<(), Trouble> {
        let Some(Socket::Udp(socket, _)) = &self.socket else {
            return Ok(());
        };
        match socket.take_error() {
            Ok(None) => Ok(()),
            Ok(Some(error)) | Err(error) => {
                self.socket = None;
                Err(unreachable(&error))
            }
        }
    }

    /// Sees to it that there is a socket, to where the server is now.
    async fn open(&mut self) -> Result<(), Trouble> {
        if self.socket.is_some() && !self.is_due() {
            return Ok(());
        }
        let found = self.find().await;
        let opened = match (found, &self.socket) {
            // It is still there.
            (Ok(Some(address)), Some(Socket::Udp(_, peer))) if address == *peer => return Ok(()),
            // Nobody knows: the last answer may still be right.
            (Err(_), Some(_)) => return Ok(()),
            (Err(trouble), None) => return Err(trouble),
            (Ok(Some(address)), _) => udp(address).await,
            (Ok(None), _) => unix(&self.address),
        };
        self.socket = Some(opened.map_err(|error| unreachable(&error))?);
        Ok(())
    }

    /// Whether the name was looked up long ago.
    fn is_due(&self) -> bool {
        matches!(self.address, StatsdAddress::Host(..))
            && self.looked.is_none_or(|at| at.elapsed() >= LOOK_AGAIN)
    }

    /// Where the server is; `None`: not in a network.
    async fn find(&mut self) -> Result<Option<SocketAddr>, Trouble> {
        let (host, port) = match &self.address {
            StatsdAddress::Udp(address) => return Ok(Some(*address)),
            StatsdAddress::Unix(_) => return Ok(None),
            StatsdAddress::Host(host, port) => (host, *port),
        };
        self.looked = Some(Instant::now());
        let found = match timeout(LOOKUP, self.resolver.resolve(host)).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return Err(unreachable(&error)),
            Err(_) => return Err(unreachable(&format_args!("no answer in time for {host}"))),
        };
        match found.addresses.first() {
            Some(ip) => Ok(Some(SocketAddr::new(*ip, port))),
            None => Err(unreachable(&format_args!("{host} has no address"))),
        }
    }

    /// Once, until it is better.
    fn complain(&mut self, why: &str) {
        if !self.failing {
            self.failing = true;
            let address = &self.address;
            tracing::warn!(%address, "dogstatsd: packets are lost: {why}; requests are served all the same, see soe503_dogstatsd_dropped_total");
        }
    }
}

async fn udp(address: SocketAddr) -> io::Result<Socket> {
    let any = match address {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(address).await?;
    Ok(Socket::Udp(socket, address))
}

fn unix(address: &StatsdAddress) -> io::Result<Socket> {
    let StatsdAddress::Unix(path) = address else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    Ok(Socket::Unix(socket))
}

fn unreachable(why: &dyn std::fmt::Display) -> Trouble {
    Trouble {
        why: Lost::Unreachable,
        text: why.to_string(),
    }
}

#[cfg(test)]
#[path = "outlet_tests.rs"]
mod tests;
