//! The response's head.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, Response, StatusCode, Version, response};

use crate::connection::Connection;
use crate::fault::ResponseFault;
use crate::fields::{self, Fields, Source};
use crate::limits::{BodyLength, HeadLimits};
use crate::lines::{self, FEW, Found};
use crate::plain::{self, Written};
use crate::refusal::Refusal;
use crate::scan;

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
    /// The fields were written by [`parse_plain_response`], and the map is empty.
    pub written: Option<Written>,
    /// The headers hold at least one field with which proxies of this family explain a failure: `x-error-code`,
    /// `x-soe-degraded`, or one whose name begins with `soe-`. Whether the backend may speak so is for the
    /// caller to know.
    pub explains: bool,
}

/// Parses the head of a response to a request with method `to` at the beginning of `buf`. `None`: it is
/// not complete yet; call again with more bytes behind the same ones.
///
/// # Errors
///
/// A [`ResponseFault`]. The status line and the limits are judged while the head is incomplete, the
/// fields when it is complete.
pub fn parse_response(
    buf: &[u8],
    limits: &HeadLimits,
    to: &Method,
) -> Result<Option<ResponseHead>, ResponseFault> {
    parse(buf, limits, to, None)
}

/// The same for an answer that is to be passed on to an HTTP/1 client.
///
/// A success with a body, whose fields concern nobody on the way, has them appended to `out` instead of
/// put into the map: as [`write_plain_response_head`](crate::write_plain_response_head) wants them, without
/// those that frame the message or belong to its connection. [`ResponseHead::written`] says so. For any
/// other answer this is [`parse_response`], and `out` is as it was.
///
/// # Errors
///
/// Those of [`parse_response`], for the same heads.
pub fn parse_plain_response(
    buf: &[u8],
    limits: &HeadLimits,
    to: &Method,
    out: &mut Vec<u8>,
) -> Result<Option<ResponseHead>, ResponseFault> {
    parse(buf, limits, to, Some(out))
}

#[inline]
fn parse(
    buf: &[u8],
    limits: &HeadLimits,
    to: &Method,
    out: Option<&mut Vec<u8>>,
) -> Result<Option<ResponseHead>, ResponseFault> {
    let bytes = limits.window(buf);
    let mut few = [0; FEW];
    let most = limits.max_headers.saturating_add(1);
    match lines::find(bytes, 0, &mut few[..FEW.min(most)]) {
        Found::Head { lines, len } => finish(&bytes[..len], &few[..lines], limits, to, out),
        Found::Partial => incomplete(bytes, limits).map(|()| None),
        Found::TooMany => many(bytes, most, limits, to),
    }
}

/// A head of more lines than fit on the stack.
#[cold]
fn many(
    bytes: &[u8],
    most: usize,
    limits: &HeadLimits,
    to: &Method,
) -> Result<Option<ResponseHead>, ResponseFault> {
    // The shortest line that is not empty has two bytes.
    let mut ends = vec![0; most.min(bytes.len() / 2 + 1)];
    match lines::find(bytes, 0, &mut ends) {
        Found::Head { lines, len } => finish(&bytes[..len], &ends[..lines], limits, to, None),
        Found::Partial => incomplete(bytes, limits).map(|()| None),
        Found::TooMany => {
            judge(bytes)?;
            Err(ResponseFault::TooManyHeaders)
        }
    }
}

#[inline]
fn finish(
    bytes: &[u8],
    ends: &[u32],
    limits: &HeadLimits,
    to: &Method,
    out: Option<&mut Vec<u8>>,
) -> Result<Option<ResponseHead>, ResponseFault> {
    // An empty first line: no status line.
    let &first = ends.first().ok_or(ResponseFault::NotHttp)?;
    let line = lines::line(bytes, 0, first as usize);
    let (version, status) = status_line(&bytes[line])?;
    if let Some(out) = out
        && plain::is_plain(status, to)
    {
        let before = out.len();
        match plain(bytes, ends, (version, status), limits, out) {
            Ok(Some(head)) => return Ok(Some(head)),
            Ok(None) => out.truncate(before),
            Err(fault) => {
                out.truncate(before);
                return Err(fault);
            }
        }
    }
    let start = first as usize + 1;
    let copy = fields::copy(&bytes[start..]);
    let source = Source {
        bytes,
        copy,
        start,
        ends,
        most: limits.max_headers,
    };
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = status;
    parts.version = version;
    let mut fields = fields::read::<false>(&source, &mut parts.headers).map_err(field_fault)?;
    if fields.chunked && version == Version::HTTP_10 {
        return Err(ResponseFault::Length);
    }
    let body = body(&fields, &mut parts.headers, status, to);
    let connection = fields.connection(version, body == BodyLength::UntilClose);
    Ok(Some(ResponseHead {
        parts,
        body,
        connection,
        len: bytes.len(),
        written: None,
        explains: fields.explains,
    }))
}

/// The head of an answer that is passed on as it is; `None` if it has to be understood.
#[inline]
fn plain(
    bytes: &[u8],
    ends: &[u32],
    (version, status): (Version, StatusCode),
    limits: &HeadLimits,
    out: &mut Vec<u8>,
) -> Result<Option<ResponseHead>, ResponseFault> {
    let source = Source {
        bytes,
        copy: Bytes::new(),
        start: 0,
        ends,
        most: limits.max_headers,
    };
    let Some((mut fields, written)) = plain::write(&source, out).map_err(field_fault)? else {
        return Ok(None);
    };
    if fields.chunked && version == Version::HTTP_10 {
        return Err(ResponseFault::Length);
    }
    let body = match fields.length {
        _ if fields.chunked => BodyLength::Chunked,
        Some(length) => BodyLength::Length(length),
        None => BodyLength::UntilClose,
    };
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = status;
    parts.version = version;
    Ok(Some(ResponseHead {
        parts,
        body,
        connection: fields.connection(version, body == BodyLength::UntilClose),
        len: bytes.len(),
        written: Some(written),
        explains: false,
    }))
}

/// The rules of RFC 9112 §6.3, in their order.
#[inline]
fn body(fields: &Fields, map: &mut HeaderMap, status: StatusCode, to: &Method) -> BodyLength {
    if status.is_informational()
        || status == StatusCode::NO_CONTENT
        || (*to == Method::CONNECT && status.is_success())
    {
        if fields.length.is_some() {
            map.remove(CONTENT_LENGTH);
        }
        BodyLength::None
    } else if *to == Method::HEAD || status == StatusCode::NOT_MODIFIED {
        BodyLength::None
    } else if fields.chunked {
        BodyLength::Chunked
    } else {
        fields
            .length
            .map_or(BodyLength::UntilClose, BodyLength::Length)
    }
}

/// `HTTP-version SP status-code [ SP reason-phrase ]`. The space is due without a phrase as well, but
/// left out by some.
#[inline]
fn status_line(line: &[u8]) -> Result<(Version, StatusCode), ResponseFault> {
    let [
        b'H',
        b'T',
        b'T',
        b'P',
        b'/',
        b'1',
        b'.',
        minor @ (b'0' | b'1'),
        b' ',
        rest @ ..,
    ] = line
    else {
        return Err(bad_status_line(line));
    };
    let version = if *minor == b'1' {
        Version::HTTP_11
    } else {
        Version::HTTP_10
    };
    let (code, reason) = rest.split_at_checked(3).ok_or(ResponseFault::NotHttp)?;
    let control = |&byte: &u8| (byte < b' ' && byte != b'\t') || byte == 0x7f;
    if !matches!(reason, [] | [b' ', ..]) || reason.iter().any(control) {
        return Err(ResponseFault::NotHttp);
    }
    let status = StatusCode::from_bytes(code).map_err(|_| ResponseFault::NotHttp)?;
    Ok((version, status))
}

/// What begins a response, if not `HTTP/1.`.
#[cold]
fn bad_status_line(line: &[u8]) -> ResponseFault {
    match line {
        [0x15 | 0x16, 0x03, ..] => ResponseFault::TlsRecord,
        // The head of HTTP/2's first frame behind its length: SETTINGS on stream 0.
        [0, 0, _, 4, 0, 0, 0, 0, 0, ..] => ResponseFault::Version,
        [b'H', b'T', b'T', b'P', b'/', b'0' | b'2'..=b'9', ..] => ResponseFault::Version,
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9', ..] => ResponseFault::Version,
        _ => ResponseFault::NotHttp,
    }
}

/// An incomplete head: it may be wrong already. `Ok`: more bytes are needed.
#[cold]
fn incomplete(bytes: &[u8], limits: &HeadLimits) -> Result<(), ResponseFault> {
    judge(bytes)?;
    if limits.is_full(bytes.len()) {
        Err(ResponseFault::HeadersTooLarge)
    } else {
        Ok(())
    }
}

/// Judges the status line, as far as it is there.
#[cold]
fn judge(bytes: &[u8]) -> Result<(), ResponseFault> {
    /// The longest of the beginnings that tell something.
    const TELLING: usize = 9;
    if let Some(lf) = scan::find(bytes, b'\n') {
        return status_line(&bytes[lines::line(bytes, 0, lf)]).map(|_| ());
    }
    if begins(bytes) {
        return Ok(());
    }
    let fault = bad_status_line(bytes);
    let open = matches!(bytes, [0x15 | 0x16] | [0, ..]) && bytes.len() < TELLING;
    if fault == ResponseFault::NotHttp && open {
        Ok(())
    } else {
        Err(fault)
    }
}

/// Whether a status line of ours may begin so.
fn begins(bytes: &[u8]) -> bool {
    const BEGINNING: &[u8] = b"HTTP/1.";
    let len = bytes.len().min(BEGINNING.len());
    bytes[..len] == BEGINNING[..len] && matches!(bytes.get(len), None | Some(b'0' | b'1'))
}

#[cold]
fn field_fault(refusal: Refusal) -> ResponseFault {
    match refusal {
        Refusal::TooManyHeaders => ResponseFault::TooManyHeaders,
        Refusal::HeaderName | Refusal::HeaderValue | Refusal::ObsFold => {
            ResponseFault::InvalidHeader
        }
        _ => ResponseFault::Length,
    }
}
