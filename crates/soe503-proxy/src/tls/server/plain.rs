//! Clients that do not begin with a TLS handshake.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::handshake::{HandshakeError, Reason};
use super::linger::linger;

const ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    content-type: text/plain; charset=utf-8\r\n\
    content-length: 58\r\n\
    connection: close\r\n\
    \r\n\
    This port speaks TLS, and you spoke plain HTTP: use https\n";

/// Why there is no TLS with a client that began with `seen`. Plain HTTP has been answered when this returns.
pub(super) async fn refuse(stream: &mut TcpStream, seen: &[u8]) -> HandshakeError {
    let detail = format!("the client begins with \"{}\"", seen.escape_ascii());
    // A method (RFC 9110 §9.1 has only such), or the preface of HTTP/2.
    if !seen.first().is_some_and(u8::is_ascii_uppercase) {
        return HandshakeError::new(Reason::NotTls, detail);
    }
    answer(stream).await;
    HandshakeError::new(Reason::PlainHttp, detail)
}

/// Says what is wrong and waits a little until the client has read it.
async fn answer(stream: &mut TcpStream) {
    if stream.write_all(ANSWER).await.is_ok() {
        linger(stream).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_as_long_as_it_says() {
        let text = std::str::from_utf8(ANSWER).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
    }
}
