//! The response's head.

use http::header::CONTENT_LENGTH;
use http::{Method, Response, StatusCode, Version, response};
use httparse::{EMPTY_HEADER, Error, Header, Status};

use crate::connection::Connection;
use crate::fault::ResponseFault;
use crate::fields::{self, Copy, FEW};
use crate::limits::{BodyLength, HeadLimits};
use crate::refusal::Refusal;

/// A response's head.
#[derive(Debug)]
pub struct ResponseHead {
    /// Status, version (1.1 or 1.0) and headers, without `connection` and `transfer-encoding`. The
    /// reason phrase is dropped: it means nothing (RFC 9112 §4).
    pub parts: response::Parts,
    /// How the body's end is known.
    pub body: BodyLength,
    /// What the response says about the connection.
    pub connection: Connection,
    /// Bytes that the head took.
    pub len: usize,
}

/// Parses the head of a response to a request with method `to` at the beginning of `buf`. `None`: it is
/// not complete yet.
///
/// # Errors
///
/// A [`ResponseFault`] as soon as the bytes cannot become a response that is taken.
pub fn parse_response(
    buf: &[u8],
    limits: &HeadLimits,
    to: &Method,
) -> Result<Option<ResponseHead>, ResponseFault> {
    let head = &buf[..buf.len().min(limits.max_bytes)];
    let mut few = [EMPTY_HEADER; FEW];
    let parsed = parse(head, &mut few[..FEW.min(limits.max_headers)], limits, to);
    if limits.max_headers > FEW && matches!(parsed, Err(ResponseFault::TooManyHeaders)) {
        return parse_many(head, limits, to);
    }
    parsed
}

#[cold]
fn parse_many(
    head: &[u8],
    limits: &HeadLimits,
    to: &Method,
) -> Result<Option<ResponseHead>, ResponseFault> {
    // The shortest field has three bytes.
    let most = limits.max_headers.min(head.len() / 3 + 1);
    parse(head, &mut vec![EMPTY_HEADER; most], limits, to)
}

fn parse<'b>(
    head: &'b [u8],
    headers: &mut [Header<'b>],
    limits: &HeadLimits,
    to: &Method,
) -> Result<Option<ResponseHead>, ResponseFault> {
    let mut line = httparse::Response::new(headers);
    let outcome = line.parse(head);
    if head.first().is_some_and(|&first| first != b'H') {
        return stranger(head, limits);
    }
    match (outcome, line.code, line.version) {
        (Ok(Status::Complete(len)), Some(code), Some(minor)) => {
            let status = StatusCode::from_u16(code).map_err(|_| ResponseFault::NotHttp)?;
            let version = if minor == 1 {
                Version::HTTP_11
            } else {
                Version::HTTP_10
            };
            finish(&head[..len], status, version, line.headers, limits, to).map(Some)
        }
        (Err(error), ..) => Err(fault(head, error)),
        _ => more(head, limits),
    }
}

fn finish(
    head: &[u8],
    status: StatusCode,
    version: Version,
    headers: &[Header<'_>],
    limits: &HeadLimits,
    to: &Method,
) -> Result<ResponseHead, ResponseFault> {
    let copy = Copy::new(head);
    let mut fields = fields::read::<false>(headers, &copy, limits).map_err(field_fault)?;
    if fields.chunked && version == Version::HTTP_10 {
        return Err(ResponseFault::Length);
    }
    // The rules of RFC 9112 §6.3, in their order.
    let body = if status.is_informational()
        || status == StatusCode::NO_CONTENT
        || (*to == Method::CONNECT && status.is_success())
    {
        fields.map.remove(CONTENT_LENGTH);
        BodyLength::None
    } else if *to == Method::HEAD || status == StatusCode::NOT_MODIFIED {
        BodyLength::None
    } else if fields.chunked {
        BodyLength::Chunked
    } else {
        fields
            .length
            .map_or(BodyLength::UntilClose, BodyLength::Length)
    };
    let connection = fields.connection(version, body == BodyLength::UntilClose);
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = status;
    parts.version = version;
    parts.headers = fields.map;
    Ok(ResponseHead {
        parts,
        body,
        connection,
        len: head.len(),
    })
}

fn more<T>(head: &[u8], limits: &HeadLimits) -> Result<Option<T>, ResponseFault> {
    if head.len() >= limits.max_bytes {
        Err(ResponseFault::HeadersTooLarge)
    } else {
        Ok(None)
    }
}

/// The first byte is not that of `HTTP/`.
#[cold]
fn stranger<T>(head: &[u8], limits: &HeadLimits) -> Result<Option<T>, ResponseFault> {
    /// The head of HTTP/2's first frame, SETTINGS on stream 0, behind its length.
    const SETTINGS: [u8; 6] = [4, 0, 0, 0, 0, 0];
    match head {
        [0x15 | 0x16] => more(head, limits),
        [0x15 | 0x16, 0x03, ..] => Err(ResponseFault::TlsRecord),
        [0, 0, _, rest @ ..] if rest.starts_with(&SETTINGS) => Err(ResponseFault::Version),
        [0, 0, _, rest @ ..] if SETTINGS.starts_with(rest) => more(head, limits),
        [0] | [0, 0] => more(head, limits),
        _ => Err(ResponseFault::NotHttp),
    }
}

#[cold]
fn fault(head: &[u8], error: Error) -> ResponseFault {
    match error {
        Error::TooManyHeaders => ResponseFault::TooManyHeaders,
        Error::HeaderName | Error::HeaderValue | Error::NewLine => ResponseFault::InvalidHeader,
        Error::Version if matches!(head, [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', ..]) => {
            ResponseFault::Version
        }
        Error::Version | Error::Status | Error::Token => ResponseFault::NotHttp,
    }
}

#[cold]
fn field_fault(refusal: Refusal) -> ResponseFault {
    match refusal {
        Refusal::TooManyHeaders => ResponseFault::TooManyHeaders,
        Refusal::HeaderName | Refusal::HeaderValue => ResponseFault::InvalidHeader,
        _ => ResponseFault::Length,
    }
}
