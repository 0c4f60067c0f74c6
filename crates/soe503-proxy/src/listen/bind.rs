//! Opening listening sockets, one per worker on the same address.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that the kernel keeps for us while the worker is busy.
const BACKLOG: i32 = 4096;

/// Opens `count` sockets on `address`; the kernel spreads connections over them.
///
/// With more than one, `SO_REUSEPORT` would let a second process of the same user slip in beside
/// us unnoticed; a first bind without it makes that an error (`EADDRINUSE`). Port 0 picks one port
/// for all of them.
///
/// # Errors
///
/// What the kernel says: address in use, not ours, not permitted.
pub(crate) fn bind(address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    let first = socket(address)?;
    first.bind(&address.into())?;
    if count <= 1 {
        first.listen(BACKLOG)?;
        return Ok(vec![first.into()]);
    }
    let address = first.local_addr()?.as_socket().unwrap_or(address);
    drop(first);
    (0..count)
        .map(|_| {
            let socket = socket(address)?;
            socket.set_reuse_port(true)?;
            socket.bind(&address.into())?;
            socket.listen(BACKLOG)?;
            Ok(socket.into())
        })
        .collect()
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        // `[::]` means IPv6 and nothing else; a second listener can take 0.0.0.0.
        socket.set_only_v6(true)?;
    }
    // A restart must not wait for the old connections' TIME_WAIT.
    socket.set_reuse_address(true)?;
    // Accepted connections inherit it: answers are written whole, and waiting for more would only
    // delay them.
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_sockets_share_one_free_port() {
        let sockets = bind("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        let ports: Vec<u16> = sockets
            .iter()
            .map(|s| s.local_addr().unwrap().port())
            .collect();
        assert_eq!(ports.len(), 3);
        assert!(ports[0] != 0 && ports.iter().all(|p| *p == ports[0]));
    }

    #[test]
    fn a_taken_port_is_an_error_not_a_silent_share() {
        let held = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let address = held[0].local_addr().unwrap();
        assert_eq!(
            bind(address, 2).unwrap_err().kind(),
            io::ErrorKind::AddrInUse
        );
    }
}
