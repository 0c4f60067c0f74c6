//! The PROXY protocol header before the first byte of a connection: who the client is.
//!
//! Versions 1 and 2 of the [specification](https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt).
//! Never a byte behind the header is taken: what follows belongs to TLS or HTTP. The longest header
//! of version 1 has 107 bytes; of version 2 at most [`MAX_V2`] bytes behind the fixed part are
//! accepted, which is room for a client certificate's details. How long it may take is the
//! connection's watch's business, as for the head of a request.

use std::io;
use std::net::SocketAddr;

use proxy_header::{ParseConfig, ProxyHeader};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// What every header of version 2 begins with.
const V2: &[u8; 12] = b"\r\n\r\n\x00\r\nQUIT\n";
/// What every header of version 1 begins with.
const V1: &[u8; 6] = b"PROXY ";
/// The shortest header of version 1, `PROXY UNKNOWN\r\n`; shorter than any of version 2.
const SHORTEST: usize = 15;
/// The longest header of version 1, with its line end.
const MAX_V1: usize = 107;
/// Signature, command, family and length of version 2.
const FIXED_V2: usize = 16;
/// The longest rest of version 2: addresses and TLVs.
const MAX_V2: usize = 4096;
/// Version 2, command LOCAL: the balancer's own connection, such as a health check.
const LOCAL: u8 = 0x20;

/// Whom a header tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// The client; `None` if the balancer speaks for itself or does not know.
    pub(super) client: Option<SocketAddr>,
    /// The client spoke TLS to the balancer.
    pub(super) tls: bool,
}

/// Why there is no header.
#[derive(Debug, thiserror::Error)]
pub(super) enum HeaderError {
    #[error("not a PROXY protocol header")]
    Malformed,
    #[error("the PROXY protocol header is longer than allowed")]
    TooLong,
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// What is missing of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    Nothing,
    /// Exactly so many bytes, before more can be said.
    Bytes(usize),
    /// The rest of a line, its end included; no more bytes than this.
    Line(usize),
}

/// Reads the header from `stream` and nothing more.
///
/// # Errors
///
/// If the connection does not begin with a header, or closes before its end.
pub(super) async fn read(stream: &mut TcpStream) -> Result<Told, HeaderError> {
    let mut header = Vec::with_capacity(MAX_V1);
    loop {
        let take = match missing(&header)? {
            Missing::Nothing => return told(&header),
            Missing::Bytes(count) => count,
            Missing::Line(most) => line(stream, most).await?,
        };
        let mut limited = (&mut *stream).take(take as u64);
        if limited.read_buf(&mut header).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
}

/// How many of the waiting bytes, `most` at most, belong to the line. All of them are taken next, so
/// that waiting again is waiting for new ones.
async fn line(stream: &TcpStream, most: usize) -> io::Result<usize> {
    let mut waiting = [0; MAX_V1];
    let count = stream.peek(&mut waiting[..most.min(MAX_V1)]).await?;
    let end = waiting[..count].iter().position(|byte| *byte == b'\n');
    // At the end of the stream one byte is asked for, and the read tells.
    Ok(end.map_or(count, |end| end + 1).max(1))
}

/// What is missing of `header`.
fn missing(header: &[u8]) -> Result<Missing, HeaderError> {
    let could_be = |signature: &[u8]| {
        let count = header.len().min(signature.len());
        header[..count] == signature[..count]
    };
    let (v1, v2) = (could_be(V1), could_be(V2));
    if !v1 && !v2 {
        return Err(HeaderError::Malformed);
    }
    if header.len() < SHORTEST {
        return Ok(Missing::Bytes(SHORTEST - header.len()));
    }
    if v1 {
        return match header.len() {
            _ if header.ends_with(b"\n") => Ok(Missing::Nothing),
            length if length < MAX_V1 => Ok(Missing::Line(MAX_V1 - length)),
            _ => Err(HeaderError::TooLong),
        };
    }
    let Some(fixed) = header.first_chunk::<FIXED_V2>() else {
        return Ok(Missing::Bytes(FIXED_V2 - header.len()));
    };
    let rest = usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    if rest > MAX_V2 {
        return Err(HeaderError::TooLong);
    }
    match (FIXED_V2 + rest).checked_sub(header.len()) {
        None | Some(0) => Ok(Missing::Nothing),
        Some(count) => Ok(Missing::Bytes(count)),
    }
}

/// What a complete header says.
fn told(header: &[u8]) -> Result<Told, HeaderError> {
    // Whatever else a LOCAL header has is to be ignored, also what does not parse.
    if header.starts_with(V2) && header.get(V2.len()) == Some(&LOCAL) {
        return Ok(Told {
            client: None,
            tls: false,
        });
    }
    let (parsed, length) =
        ProxyHeader::parse(header, ParseConfig::default()).map_err(|_| HeaderError::Malformed)?;
    if length != header.len() {
        return Err(HeaderError::Malformed);
    }
    Ok(Told {
        client: parsed.proxied_address().map(|address| address.source),
        tls: parsed.ssl().is_some_and(|ssl| ssl.client_ssl()),
    })
}

#[cfg(test)]
#[path = "proxy_header_tests.rs"]
mod tests;
