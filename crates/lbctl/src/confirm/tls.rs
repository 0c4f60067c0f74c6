//! TLS, with the certificates that this machine trusts.

use soe503_api::client::Tls;
pub(crate) use soe503_api::client::TlsFault;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

/// Shakes hands with `host` over `stream`. Offers HTTP/1.1 only, because that is what is asked.
pub(super) async fn handshake(
    host: &str,
    stream: TcpStream,
) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + use<>, TlsFault> {
    Tls::system()?.shake_hands(host, stream).await
}
