//! What can be wrong with a backend's response, and with a body.

/// Why [`parse_response`](crate::parse_response) does not take a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponseFault {
    /// The first bytes are no HTTP/1 status line (RFC 9112 §4).
    NotHttp,
    /// The first bytes are those of a TLS record: the backend speaks TLS, and was not spoken to in it.
    TlsRecord,
    /// The head is longer than the limit.
    HeadersTooLarge,
    /// More fields than the limit.
    TooManyHeaders,
    /// HTTP of another version: a status line of it, or the first frame of HTTP/2.
    Version,
    /// A field line is malformed or folded (RFC 9112 §5).
    InvalidHeader,
    /// `Content-Length` and `Transfer-Encoding` do not give one length (RFC 9112 §6.3).
    Length,
}

impl ResponseFault {
    /// What is wrong, in one sentence.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::NotHttp => "The backend's first bytes are not an HTTP/1 status line.",
            Self::TlsRecord => "The backend speaks TLS, and was spoken to in plain text.",
            Self::HeadersTooLarge => "The response's head is too large.",
            Self::TooManyHeaders => "The response has too many fields.",
            Self::Version => "The backend answered in another version than HTTP/1.1 or HTTP/1.0.",
            Self::InvalidHeader => "A field line of the response is malformed.",
            Self::Length => {
                "Content-Length and Transfer-Encoding of the response do not give one length."
            }
        }
    }
}

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyFault {
    /// The peer closed before the body's end.
    Truncated,
    /// A chunk's size is not 1 to 16 hexadecimal digits, or the line goes on as it must not.
    ChunkSize,
    /// Chunk extensions are too long, or hold a control character.
    ChunkExtension,
    /// A chunk's data is not followed by CRLF.
    ChunkEnd,
    /// The trailer section is malformed, too large, or has too many fields.
    Trailer,
}

impl BodyFault {
    /// What is wrong, in one sentence.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Truncated => "The connection was closed before the body's end.",
            Self::ChunkSize => "A chunk's size is not a valid hexadecimal number.",
            Self::ChunkExtension => "Chunk extensions are too long or malformed.",
            Self::ChunkEnd => "A chunk's data is not followed by CRLF.",
            Self::Trailer => "The trailer section is malformed or too large.",
        }
    }
}
