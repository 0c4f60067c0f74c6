//! The heads of messages, as far as the comparisons need them.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// More fields than any proxy adds.
const MAX_FIELDS: usize = 64;
/// The longest head.
const MAX_HEAD: usize = 64 * 1024;
/// What is read at once.
const CHUNK: usize = 16 * 1024;

/// What a backend or a relay wants to know of a head.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Bytes of the head.
    pub(super) length: usize,
    /// Bytes of the body after it.
    pub(super) body: usize,
    /// Request method; empty for an answer.
    pub(super) method: String,
    /// Request target; empty for an answer.
    pub(super) path: String,
    /// The value of `X-Load-Id`.
    pub(super) id: Option<String>,
    /// `Connection: close`.
    pub(super) close: bool,
    /// An `Upgrade` field is there.
    pub(super) upgrade: bool,
}

/// Which kind of head.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Request,
    Answer,
}

// === impl Head ===

impl Head {
    /// The head at the start of `bytes`; `None` if more is needed.
    pub(super) fn parse(kind: Kind, bytes: &[u8]) -> io::Result<Option<Self>> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut head = Self::default();
        let parsed = match kind {
            Kind::Request => {
                let mut request = httparse::Request::new(&mut fields);
                let parsed = request.parse(bytes).map_err(bad)?;
                head.method.push_str(request.method.unwrap_or_default());
                head.path.push_str(request.path.unwrap_or_default());
                parsed
            }
            Kind::Answer => httparse::Response::new(&mut fields)
                .parse(bytes)
                .map_err(bad)?,
        };
        let httparse::Status::Complete(length) = parsed else {
            return Ok(None);
        };
        head.length = length;
        for field in fields.iter().take_while(|field| !field.name.is_empty()) {
            head.note(field)?;
        }
        Ok(Some(head))
    }

    fn note(&mut self, field: &httparse::Header<'_>) -> io::Result<()> {
        let name = field.name;
        let text = || std::str::from_utf8(field.value).map_err(bad);
        if name.eq_ignore_ascii_case("content-length") {
            self.body = text()?.trim().parse().map_err(bad)?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(bad("only bodies with a Content-Length"));
        } else if name.eq_ignore_ascii_case("x-load-id") {
            self.id = Some(text()?.to_owned());
        } else if name.eq_ignore_ascii_case("connection") {
            self.close = text()?.eq_ignore_ascii_case("close");
        } else if name.eq_ignore_ascii_case("upgrade") {
            self.upgrade = true;
        }
        Ok(())
    }
}

/// Reads until `buffer` begins with a whole head; `None` at a clean end.
pub(super) async fn read_head(
    from: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
    kind: Kind,
) -> io::Result<Option<Head>> {
    loop {
        if !buffer.is_empty()
            && let Some(head) = Head::parse(kind, buffer)?
        {
            return Ok(Some(head));
        }
        if buffer.len() > MAX_HEAD {
            return Err(bad("the head is too long"));
        }
        if more(from, buffer).await? == 0 {
            return match buffer.is_empty() {
                true => Ok(None),
                false => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        }
    }
}

/// Reads until `buffer` has this many bytes.
pub(super) async fn read_up_to(
    from: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
    length: usize,
) -> io::Result<()> {
    while buffer.len() < length {
        if more(from, buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// Reads once.
async fn more(from: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> io::Result<usize> {
    buffer.reserve(CHUNK);
    from.read_buf(buffer).await
}

/// The first line of a head, to show what came instead.
pub(super) fn first_line(head: &[u8]) -> String {
    let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
    String::from_utf8_lossy(line).into_owned()
}

/// Something that this peer should not have sent.
pub(super) fn bad(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_head_is_read() {
        let bytes = b"POST /x HTTP/1.1\r\nContent-Length: 7\r\nX-Load-ID: a-1\r\nConnection: Close\r\n\r\nbody";
        let head = Head::parse(Kind::Request, bytes).unwrap().unwrap();
        assert_eq!((head.length, head.body), (bytes.len() - 4, 7));
        assert_eq!((head.method.as_str(), head.path.as_str()), ("POST", "/x"));
        assert_eq!((head.id.as_deref(), head.close), (Some("a-1"), true));
    }

    #[test]
    fn half_a_head_is_none_and_a_broken_one_an_error() {
        assert_eq!(Head::parse(Kind::Answer, b"HTTP/1.1 200 O").unwrap(), None);
        assert!(Head::parse(Kind::Request, b"\x00\x01 nonsense\r\n\r\n").is_err());
        let chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert!(Head::parse(Kind::Request, chunked).is_err());
    }
}
