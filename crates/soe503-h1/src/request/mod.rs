//! The request's head.

mod line;
mod target;

use http::{Method, Request, Version, request};
use httparse::{EMPTY_HEADER, Header, Status};

use crate::connection::Connection;
use crate::fields::{self, Copy, FEW};
use crate::limits::{BodyLength, HeadLimits};
use crate::refusal::Refusal;

/// A request's head.
#[derive(Debug)]
pub struct RequestHead {
    /// Method, target, version (1.1 or 1.0) and headers, without `connection` and
    /// `transfer-encoding`.
    pub parts: request::Parts,
    /// How the body's end is known; never [`BodyLength::UntilClose`].
    pub body: BodyLength,
    /// What the request says about the connection.
    pub connection: Connection,
    /// `Expect: 100-continue`, in HTTP/1.1 (RFC 9110 §10.1.1).
    pub expect_continue: bool,
    /// Bytes that the head took, with empty lines before it. What follows is body or the next request.
    pub len: usize,
}

/// Parses a request's head at the beginning of `buf`. `None`: it is not complete yet; call again with
/// more bytes behind the same ones.
///
/// # Errors
///
/// A [`Refusal`] as soon as the bytes cannot become a request that is taken. What is refused does not
/// depend on how the bytes were cut into reads.
pub fn parse_request(buf: &[u8], limits: &HeadLimits) -> Result<Option<RequestHead>, Refusal> {
    let head = &buf[..buf.len().min(limits.max_bytes)];
    let mut few = [EMPTY_HEADER; FEW];
    let parsed = parse(head, &mut few[..FEW.min(limits.max_headers)], limits);
    if limits.max_headers > FEW && matches!(parsed, Err(Refusal::TooManyHeaders)) {
        return parse_many(head, limits);
    }
    parsed
}

#[cold]
fn parse_many(head: &[u8], limits: &HeadLimits) -> Result<Option<RequestHead>, Refusal> {
    // The shortest field has three bytes.
    let most = limits.max_headers.min(head.len() / 3 + 1);
    parse(head, &mut vec![EMPTY_HEADER; most], limits)
}

fn parse<'b>(
    head: &'b [u8],
    headers: &mut [Header<'b>],
    limits: &HeadLimits,
) -> Result<Option<RequestHead>, Refusal> {
    let mut line = httparse::Request::new(headers);
    let outcome = line.parse(head);
    if line
        .path
        .is_some_and(|target| target.len() > limits.max_target.min(target::MOST))
    {
        return Err(Refusal::TargetTooLong);
    }
    match (outcome, line.method, line.path, line.version) {
        (Ok(Status::Complete(len)), Some(method), Some(target), Some(minor)) => {
            let version = if minor == 1 {
                Version::HTTP_11
            } else {
                Version::HTTP_10
            };
            finish(&head[..len], method, target, version, line.headers, limits).map(Some)
        }
        (outcome, ..) => line::unfinished(head, &line, outcome.err(), limits).map(|()| None),
    }
}

fn finish(
    head: &[u8],
    method: &str,
    target: &str,
    version: Version,
    headers: &[Header<'_>],
    limits: &HeadLimits,
) -> Result<RequestHead, Refusal> {
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| Refusal::Method)?;
    let copy = Copy::new(head);
    let uri = target::parse(&method, target, &copy)?;
    let mut fields = fields::read::<true>(headers, &copy, limits)?;
    if version == Version::HTTP_11 {
        if !fields.host {
            return Err(Refusal::HostMissing);
        }
    } else if fields.chunked {
        return Err(Refusal::CodingOnHttp10);
    }
    let connection = fields.connection(version, false);
    let body = match fields.length {
        Some(length) => BodyLength::Length(length),
        None if fields.chunked => BodyLength::Chunked,
        None => BodyLength::None,
    };
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = method;
    parts.uri = uri;
    parts.version = version;
    parts.headers = fields.map;
    Ok(RequestHead {
        parts,
        body,
        connection,
        expect_continue: fields.expect_continue && version == Version::HTTP_11,
        len: head.len(),
    })
}
