//! Closing a connection so that the client reads why.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// As much of what a client still says is read, in bytes.
const MOST_READ: u64 = 64 * 1024;

/// How long the client may take to read what was said to it.
const LINGER: Duration = Duration::from_secs(1);

/// Says nothing more, and waits until the client has hung up, or for [`LINGER`]. If what it has sent were left unread, the
/// kernel would close with a reset, which overtakes what the client has not read yet (RFC 9112 §9.6). In TLS 1.3 that
/// is how clients are told that their certificate is refused: they have sent their first request by then.
pub(super) async fn linger(stream: &mut TcpStream) {
    let read = async {
        stream.shutdown().await?;
        let mut rest = stream.take(MOST_READ);
        let mut discarded = [0; 1024];
        while rest.read(&mut discarded).await? > 0 {}
        std::io::Result::Ok(())
    };
    // It is gone, or it had its time: nothing more to do for it.
    let _ = tokio::time::timeout(LINGER, read).await;
}
