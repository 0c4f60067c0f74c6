//! The request's head.

mod line;
mod target;

use http::{Request, Version, request};

use crate::connection::Connection;
use crate::fields::{self, Source};
use crate::limits::{BodyLength, HeadLimits};
use crate::lines::{self, FEW, Found};
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
/// A [`Refusal`]. The request line and the limits are judged while the head is incomplete, the fields
/// when it is complete. The refusal does not depend on how the bytes were cut into reads.
pub fn parse_request(buf: &[u8], limits: &HeadLimits) -> Result<Option<RequestHead>, Refusal> {
    let bytes = limits.window(buf);
    let start = lines::skip_empty(bytes).ok_or(Refusal::RequestLine)?;
    let mut few = [0; FEW];
    let most = limits.max_headers.saturating_add(1);
    match lines::find(bytes, start, &mut few[..FEW.min(most)]) {
        Found::Head { lines, len } => finish(bytes, start, len, &few[..lines], limits),
        Found::Partial => line::incomplete(bytes, start, limits).map(|()| None),
        Found::TooMany => many(bytes, start, most, limits),
    }
}

/// A head of more lines than fit on the stack.
#[cold]
fn many(
    bytes: &[u8],
    start: usize,
    most: usize,
    limits: &HeadLimits,
) -> Result<Option<RequestHead>, Refusal> {
    // The shortest line that is not empty has two bytes.
    let mut ends = vec![0; most.min(bytes.len() / 2 + 1)];
    match lines::find(bytes, start, &mut ends) {
        Found::Head { lines, len } => finish(bytes, start, len, &ends[..lines], limits),
        Found::Partial => line::incomplete(bytes, start, limits).map(|()| None),
        Found::TooMany => {
            line::judge(bytes, start, limits)?;
            Err(Refusal::TooManyHeaders)
        }
    }
}

#[inline]
fn finish(
    bytes: &[u8],
    start: usize,
    len: usize,
    ends: &[u32],
    limits: &HeadLimits,
) -> Result<Option<RequestHead>, Refusal> {
    let line = lines::line(bytes, start, ends[0] as usize);
    let (method, target, version) = line::parse(bytes, line, limits)?;
    let source = Source {
        bytes,
        copy: fields::copy(&bytes[target.start..len]),
        start: target.start,
        ends,
        most: limits.max_headers,
    };
    let uri = target::parse(&method, target, &source)?;
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = method;
    parts.uri = uri;
    parts.version = version;
    let mut fields = fields::read::<true>(&source, &mut parts.headers)?;
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
    Ok(Some(RequestHead {
        parts,
        body,
        connection,
        expect_continue: fields.expect_continue && version == Version::HTTP_11,
        len,
    }))
}
