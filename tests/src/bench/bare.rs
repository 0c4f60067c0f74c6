//! The second floor: HTTP is parsed on both sides, and nothing is done with it.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::relay::{Backends, connect};
use super::requests::{Head, Kind, read_head};

/// What is read at once of a body.
const CHUNK: usize = 32 * 1024;

/// Reads each head with `httparse`, on both sides, and passes on the bytes as they are. No pool, no
/// fields changed, no timeouts, no figures: what a proxy in this language cannot do without.
pub async fn parse_and_relay(listener: TcpListener, backends: Backends) -> io::Result<()> {
    loop {
        let (client, _) = listener.accept().await?;
        let backend = backends.next();
        tokio::spawn(async move {
            // Either side may end it; the load generator sees and counts what broke.
            let _ = exchanges(client, backend).await;
        });
    }
}

async fn exchanges(mut client: TcpStream, backend: std::net::SocketAddr) -> io::Result<()> {
    let mut backend = connect(&client, backend).await?;
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    while let Some(head) = read_head(&mut client, &mut asked, Kind::Request).await? {
        pass(&mut client, &mut backend, &mut asked, &head).await?;
        let Some(answer) = read_head(&mut backend, &mut answered, Kind::Answer).await? else {
            return Ok(());
        };
        pass(&mut backend, &mut client, &mut answered, &answer).await?;
        if head.close {
            break;
        }
    }
    client.shutdown().await
}

/// Passes on one message, of which `buffer` has the beginning; leaves there what follows it.
async fn pass(
    from: &mut TcpStream,
    to: &mut TcpStream,
    buffer: &mut Vec<u8>,
    head: &Head,
) -> io::Result<()> {
    let mut left = head.length + head.body;
    loop {
        let now = left.min(buffer.len());
        to.write_all(&buffer[..now]).await?;
        buffer.drain(..now);
        left -= now;
        if left == 0 {
            return Ok(());
        }
        buffer.reserve(CHUNK);
        if from.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
