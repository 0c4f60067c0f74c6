//! A client of many WebSockets.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::clients::{Load, Tally, drive};
use super::requests::{bad, first_line};

/// The answer to the handshake below; key and accept value are the example of RFC 6455, section 1.3.
pub(super) const ACCEPTED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const HANDSHAKE: &[u8] = b"GET /ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";
/// Bytes of a message.
const MESSAGE: usize = 64;
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Keeps one message under way on each of `load.connections` WebSockets and counts the echoes.
pub async fn websockets(load: Load) -> Tally {
    drive(&load, async move |counter| {
        let mut stream = open(load.target).await?;
        let (frame, expected) = frames();
        let mut answer = vec![0; expected.len()];
        while counter.goes_on() {
            stream.write_all(&frame).await?;
            stream.read_exact(&mut answer).await?;
            if answer != expected {
                return Err(bad("not the message that was sent"));
            }
            counter.count();
        }
        Ok(())
    })
    .await
}

async fn open(target: std::net::SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(target).await?;
    stream.set_nodelay(true)?;
    stream.write_all(HANDSHAKE).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    match head.starts_with(b"HTTP/1.1 101 ") {
        true => Ok(stream),
        false => Err(bad(format!("no upgrade: {}", first_line(&head)))),
    }
}

/// A message as the client sends it, and its echo.
fn frames() -> (Vec<u8>, Vec<u8>) {
    let text = [b'm'; MESSAGE];
    let mut sent = vec![0x81, 0x80 | MESSAGE as u8];
    sent.extend_from_slice(&MASK);
    sent.extend(text.iter().zip(MASK.iter().cycle()).map(|(t, m)| t ^ m));
    let mut back = vec![0x81, MESSAGE as u8];
    back.extend_from_slice(&text);
    (sent, back)
}
