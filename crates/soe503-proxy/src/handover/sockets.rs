//! Which inherited socket belongs to which listener, and to which worker.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use socket2::SockRef;

/// Listening sockets that somebody else opened, until their listeners have come for them.
#[derive(Debug, Default)]
pub struct Inherited(Vec<One>);

#[derive(Debug)]
struct One {
    socket: TcpListener,
    address: SocketAddr,
    /// Where it came in the order in which it was passed.
    place: usize,
    /// What whoever passed it calls it.
    name: Option<String>,
    /// See [`Shared`]; it stays so.
    for_good: bool,
}

/// Whether another process has a listener's sockets as well. Then their queues are its own too: who waits there is
/// not lost when we close, and what we set on the socket holds for the other as well.
#[derive(Clone, Debug, Default)]
pub struct Shared(Arc<AtomicBool>);

/// One socket as it is offered to a successor.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) socket: TcpListener,
    pub(crate) address: SocketAddr,
    /// That of its listener.
    pub(crate) shared: Shared,
    /// Whether systemd has it too, and keeps it.
    pub(crate) for_good: bool,
}

/// What came for one address.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) sockets: Vec<TcpListener>,
    /// Whether whoever passed them keeps them.
    pub(crate) for_good: bool,
}

// === impl Inherited ===

impl Inherited {
    /// Adds a socket. `for_good`: whoever passed it keeps it while we live.
    ///
    /// # Errors
    ///
    /// If it is not a TCP socket that listens.
    pub(crate) fn add(
        &mut self,
        socket: TcpListener,
        name: Option<String>,
        for_good: bool,
    ) -> io::Result<()> {
        let address = socket.local_addr()?;
        if !SockRef::from(&socket).is_listener()? {
            let why = format!("{address} is a socket that does not listen");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        // What accepts from it waits for the event loop, and what is accepted inherits the other.
        socket.set_nonblocking(true)?;
        SockRef::from(&socket).set_tcp_nodelay(true)?;
        let place = self.0.last().map_or(0, |last| last.place + 1);
        self.0.push(One {
            socket,
            address,
            place,
            name,
            for_good,
        });
        Ok(())
    }

    /// Those at `address`, all of them.
    pub(crate) fn take(&mut self, address: SocketAddr) -> Taken {
        let mut taken = Taken::default();
        for one in self.0.extract_if(.., |one| one.address == address) {
            taken.for_good |= one.for_good;
            taken.sockets.push(one.socket);
        }
        if let Some(socket) = taken.sockets.first()
            && address.is_ipv6()
            && !SockRef::from(socket).only_v6().unwrap_or(true)
        {
            tracing::warn!(%address, "the inherited socket takes IPv4 as well, which a listener of ours at this address does not");
        }
        taken
    }

    /// Nobody has passed any, or all are taken.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The places of those that nobody took.
    pub(crate) fn places(&self) -> Vec<usize> {
        self.0.iter().map(|one| one.place).collect()
    }
}

impl fmt::Display for Inherited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{}", one.address)?;
            if let Some(name) = &one.name {
                write!(f, " ({name})")?;
            }
        }
        Ok(())
    }
}

// === impl Shared ===

impl Shared {
    pub(crate) fn new(shared: bool) -> Self {
        Self(Arc::new(AtomicBool::new(shared)))
    }

    pub(crate) fn set(&self, shared: bool) {
        self.0.store(shared, Ordering::Release);
    }

    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Gives `sockets` to so many workers: each worker has one at least, and each socket has one at least. Where there are
/// fewer sockets than workers, some share one; more would be another socket at the address, whose queue
/// nobody empties who does not know of it.
///
/// # Errors
///
/// If there is no descriptor left for a second handle.
pub(crate) fn share_out(
    sockets: Vec<TcpListener>,
    workers: usize,
) -> io::Result<Vec<Vec<TcpListener>>> {
    let mut shares: Vec<Vec<TcpListener>> = (0..workers).map(|_| Vec::new()).collect();
    let count = sockets.len().max(1);
    for (index, share) in shares.iter_mut().enumerate().skip(count) {
        let of = index.checked_rem(count).unwrap_or(0);
        if let Some(socket) = sockets.get(of) {
            share.push(socket.try_clone()?);
        }
    }
    for (index, socket) in sockets.into_iter().enumerate() {
        let of = index.checked_rem(workers).unwrap_or(0);
        if let Some(share) = shares.get_mut(of) {
            share.push(socket);
        }
    }
    Ok(shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[test]
    fn a_listener_takes_all_that_are_its_own_and_the_rest_is_named() {
        let mut inherited = Inherited::default();
        let sockets = crate::listen::bind("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        let mine = sockets[0].local_addr().unwrap();
        let (other, elsewhere) = listener();
        for socket in sockets {
            inherited.add(socket, None, false).unwrap();
        }
        inherited.add(other, Some("old".into()), true).unwrap();

        let taken = inherited.take(mine);
        assert_eq!((taken.sockets.len(), taken.for_good), (3, false));
        assert!(inherited.take(mine).sockets.is_empty());
        assert_eq!(inherited.places(), [3]);
        assert_eq!(inherited.to_string(), format!("{elsewhere} (old)"));
        assert!(inherited.take(elsewhere).for_good);
        assert!(inherited.is_empty());
    }

    #[test]
    fn what_does_not_listen_is_refused() {
        let socket =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket
            .bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into())
            .unwrap();
        let error = Inherited::default()
            .add(socket.into(), None, true)
            .unwrap_err();
        assert!(error.to_string().contains("does not listen"), "{error}");
    }

    #[test]
    fn every_worker_has_a_socket_and_every_socket_a_worker() {
        for (sockets, workers) in [(1, 1), (1, 4), (2, 4), (3, 4), (4, 4), (4, 3), (4, 1)] {
            let (listeners, addresses): (Vec<_>, Vec<_>) = (0..sockets).map(|_| listener()).unzip();
            let shares = share_out(listeners, workers).unwrap();
            assert_eq!(shares.len(), workers);
            assert!(shares.iter().all(|share| !share.is_empty()));
            let held = |address| {
                let mut all = shares.iter().flatten();
                all.any(|socket| socket.local_addr().unwrap() == address)
            };
            assert!(addresses.into_iter().all(held), "{sockets} {workers}");
            let handles = shares.iter().flatten().count();
            assert_eq!(handles, sockets.max(workers));
        }
    }
}
