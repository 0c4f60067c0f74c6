//! Why a request is not taken: one variant for each rule.

use http::StatusCode;

/// Why [`parse_request`](crate::parse_request) does not take a request. After any of them the place
/// where the next request would begin is unknown: answer with [`Refusal::status`] and close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The first bytes are those of a TLS record: TLS spoken to a plain port.
    TlsRecord,
    /// The request line is not `method SP target SP version` (RFC 9112 §3).
    RequestLine,
    /// The method is not a token (RFC 9110 §9.1).
    Method,
    /// The target has a form or a byte that is not allowed (RFC 9112 §3.2).
    Target,
    /// The target is longer than the limit.
    TargetTooLong,
    /// Neither HTTP/1.1 nor HTTP/1.0 (RFC 9110 §15.6.6).
    Version,
    /// A field name is not a token, or white space stands before its colon (RFC 9112 §5.1).
    HeaderName,
    /// A field value holds NUL, CR or another control character (RFC 9110 §5.5).
    HeaderValue,
    /// A line begins with white space: line folding (RFC 9112 §5.2), or white space before the first
    /// field (§2.2).
    ObsFold,
    /// The head is longer than the limit.
    HeadTooLarge,
    /// More fields than the limit.
    TooManyHeaders,
    /// `Content-Length` is not a decimal number below 2^63 (RFC 9112 §6.3).
    ContentLength,
    /// `Content-Length` is given more than once, be it the same number (RFC 9110 §8.6).
    ContentLengthRepeated,
    /// `Content-Length` beside `Transfer-Encoding` (RFC 9112 §6.3).
    LengthAndCoding,
    /// `Transfer-Encoding` in an HTTP/1.0 request (RFC 9112 §6.1).
    CodingOnHttp10,
    /// `Transfer-Encoding` is anything but `chunked` (RFC 9112 §6.3).
    Coding,
    /// `Transfer-Encoding` ends in `chunked` but names another coding before it (RFC 9112 §6.1).
    CodingUnsupported,
    /// `Transfer-Encoding` is given more than once.
    CodingRepeated,
    /// An HTTP/1.1 request without `Host` (RFC 9112 §3.2).
    HostMissing,
    /// `Host` is given more than once (RFC 9112 §3.2).
    HostRepeated,
    /// `Host` is no `host[:port]` (RFC 9112 §3.2).
    Host,
}

impl Refusal {
    /// The status to answer with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::HeadTooLarge | Self::TooManyHeaders => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Self::CodingUnsupported => StatusCode::NOT_IMPLEMENTED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// What is wrong, in one sentence for the client. It repeats nothing of the request.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::TlsRecord => "A TLS connection was opened to a plain HTTP port.",
            Self::RequestLine => "The request line is not \"method target version\".",
            Self::Method => "The method is not a token.",
            Self::Target => "The request target has a form or a character that is not allowed.",
            Self::TargetTooLong => "The request target is too long.",
            Self::Version => "The version is neither HTTP/1.1 nor HTTP/1.0.",
            Self::HeaderName => {
                "A field name is empty, is not a token, or is followed by white space."
            }
            Self::HeaderValue => "A field value holds a control character.",
            Self::ObsFold => "A field line begins with white space.",
            Self::HeadTooLarge => "The request's head is too large.",
            Self::TooManyHeaders => "The request has too many fields.",
            Self::ContentLength => "Content-Length is not a valid decimal number.",
            Self::ContentLengthRepeated => "Content-Length is given more than once.",
            Self::LengthAndCoding => "Content-Length and Transfer-Encoding are both given.",
            Self::CodingOnHttp10 => "Transfer-Encoding is given in an HTTP/1.0 request.",
            Self::Coding => "Transfer-Encoding is not \"chunked\".",
            Self::CodingUnsupported => {
                "Transfer-Encoding names a coding other than \"chunked\", which is not supported."
            }
            Self::CodingRepeated => "Transfer-Encoding is given more than once.",
            Self::HostMissing => "An HTTP/1.1 request needs a Host field.",
            Self::HostRepeated => "Host is given more than once.",
            Self::Host => "Host is not a valid host with an optional port.",
        }
    }
}
