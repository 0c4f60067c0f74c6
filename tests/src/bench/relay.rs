//! The first floor: bytes from one socket to another.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;

use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::{TcpListener, TcpStream};

/// What is copied at once in each direction.
const BUFFER: usize = 32 * 1024;

/// Backends, taken in turn.
#[derive(Debug)]
pub struct Backends {
    addresses: Vec<SocketAddr>,
    next: Cell<usize>,
}

/// Copies bytes in both directions and looks at none of them. Each client has its own connection
/// to a backend.
pub async fn relay(listener: TcpListener, backends: Backends) -> io::Result<()> {
    loop {
        let (mut client, _) = listener.accept().await?;
        let backend = backends.next();
        tokio::spawn(async move {
            // Either side may end it; the load generator sees and counts what broke.
            let _ = async {
                let mut backend = connect(&client, backend).await?;
                copy_bidirectional_with_sizes(&mut client, &mut backend, BUFFER, BUFFER).await
            }
            .await;
        });
    }
}

/// Opens the second half of a relay.
pub(super) async fn connect(client: &TcpStream, backend: SocketAddr) -> io::Result<TcpStream> {
    client.set_nodelay(true)?;
    let backend = TcpStream::connect(backend).await?;
    backend.set_nodelay(true)?;
    Ok(backend)
}

// === impl Backends ===

impl Backends {
    /// `None` if there is none.
    pub fn new(addresses: Vec<SocketAddr>) -> Option<Self> {
        (!addresses.is_empty()).then(|| Self {
            addresses,
            next: Cell::new(0),
        })
    }

    pub(super) fn next(&self) -> SocketAddr {
        let next = self.next.get();
        self.next.set((next + 1) % self.addresses.len());
        self.addresses[next]
    }
}
