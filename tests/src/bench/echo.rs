//! The backend's side of a WebSocket.

use std::io;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::requests::{bad, read_up_to};

/// The longest payload whose length is in the second byte (RFC 6455, section 5.2).
const MAX_SHORT: usize = 125;
const MASKED: u8 = 0x80;
const CLOSE: u8 = 0x8;
/// Two bytes of header, four of mask.
const HEAD: usize = 6;

/// Sends every message back until the client closes. `buffer` is what came with the handshake.
/// Only short messages are understood.
pub(super) async fn echo(stream: &mut TcpStream, mut buffer: Vec<u8>) -> io::Result<()> {
    loop {
        read_up_to(stream, &mut buffer, HEAD).await?;
        let length = usize::from(buffer[1] & !MASKED);
        if buffer[1] & MASKED == 0 || length > MAX_SHORT {
            return Err(bad("only short masked messages"));
        }
        let end = HEAD + length;
        read_up_to(stream, &mut buffer, end).await?;
        stream.write_all(&unmasked(&buffer[..end])).await?;
        if buffer[0] & 0xf == CLOSE {
            return stream.shutdown().await;
        }
        buffer.drain(..end);
    }
}

/// A client's frame as a server sends it.
fn unmasked(frame: &[u8]) -> Vec<u8> {
    let mask = &frame[2..HEAD];
    let payload = frame[HEAD..].iter().zip(mask.iter().cycle());
    [frame[0], frame[1] & !MASKED]
        .into_iter()
        .chain(payload.map(|(byte, mask)| byte ^ mask))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        // RFC 6455, section 5.7: "Hello", masked and unmasked.
        let masked = [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        assert_eq!(
            unmasked(&masked),
            [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]
        );
    }
}
