//! HTTP/1.1 or HTTP/2 with prior knowledge? The first bytes tell.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;

/// What every HTTP/2 connection begins with (RFC 9113 §3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How often a client that sent only a part of the preface is looked at again.
const PARTIAL: Duration = Duration::from_millis(10);

/// The version that a client begins to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// HTTP/1.0 or 1.1, or something that the HTTP/1 parser will refuse.
    Http1,
    /// HTTP/2 without TLS (h2c by prior knowledge).
    Http2,
}

/// Waits for the first bytes and looks at them without taking them. `None`: closed without a word.
///
/// # Errors
///
/// What the socket says.
pub(crate) async fn detect(stream: &TcpStream) -> io::Result<Option<Version>> {
    let mut first = [0; PREFACE.len()];
    loop {
        let count = stream.peek(&mut first).await?;
        let seen = &first[..count];
        if seen.is_empty() {
            return Ok(None);
        }
        if seen == PREFACE {
            return Ok(Some(Version::Http2));
        }
        if !PREFACE.starts_with(seen) {
            return Ok(Some(Version::Http1));
        }
        // The socket stays readable, so waiting for readability would spin.
        tokio::time::sleep(PARTIAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        (near, listener.accept().await.unwrap().0)
    }

    #[tokio::test]
    async fn tells_by_the_first_bytes() {
        for (sent, expected) in [
            (&PREFACE[..], Version::Http2),
            (b"GET / HTTP/1.1\r\n", Version::Http1),
            (b"PRI * HTTP/1.1\r\n", Version::Http1),
            (b"PUT", Version::Http1),
            (b"\x16\x03\x01", Version::Http1),
        ] {
            let (mut client, server) = pair().await;
            client.write_all(sent).await.unwrap();
            assert_eq!(detect(&server).await.unwrap(), Some(expected), "{sent:?}");
        }
    }

    #[tokio::test]
    async fn a_preface_in_pieces_is_still_one() {
        let (mut client, server) = pair().await;
        client.write_all(&PREFACE[..3]).await.unwrap();
        let detecting = tokio::spawn(async move { detect(&server).await });
        client.write_all(&PREFACE[3..]).await.unwrap();
        assert_eq!(detecting.await.unwrap().unwrap(), Some(Version::Http2));
    }

    #[tokio::test]
    async fn silence_is_none() {
        let (client, server) = pair().await;
        drop(client);
        assert_eq!(detect(&server).await.unwrap(), None);
    }
}
