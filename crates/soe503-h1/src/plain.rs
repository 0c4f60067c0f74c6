//! Fields that nobody on the way has to understand: checked, and written for the next hop at once.
//!
//! A map of a response's fields is made to be asked, and most answers pass without a question. One pass
//! over the lines finds out whether this is such an answer; what it finds is written as
//! [`write_response_head`](crate::write_response_head) would write it from a map: names in small letters,
//! one space, CRLF. No byte is passed on as it came and unchecked.

use http::header::{CONTENT_TYPE, DATE};
use http::{Method, StatusCode};

use crate::fields::{self, Fields, Source};
use crate::lines;
use crate::names::{self, Kind};
use crate::refusal::Refusal;
use crate::value;

/// Fields of a response that were written instead of put into the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// `Date` is among them.
    pub dated: bool,
}

/// Bytes of a name (RFC 9110 §5.1), in small letters; 0 for those that are none.
static NAME: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        let special = matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        );
        if byte.is_ascii_alphanumeric() || special {
            table[at] = byte.to_ascii_lowercase();
        }
        at += 1;
    }
    table
};

/// Whether an answer with this status can be such a one: a success with a body.
#[inline]
pub(crate) fn is_plain(status: StatusCode, to: &Method) -> bool {
    status.is_success() && status != StatusCode::NO_CONTENT && *to != Method::HEAD
}

/// Appends the fields to `out`, but for those that frame the message. `None`: one of them means
/// something, or is faulty in a way that is for [`fields::read`] to say; what was appended is garbage.
#[inline]
pub(crate) fn write(
    source: &Source<'_>,
    out: &mut Vec<u8>,
) -> Result<Option<(Fields, Written)>, Refusal> {
    let mut fields = Fields::default();
    let mut written = Written { dated: false };
    for ends in source.ends.windows(2) {
        let line = lines::line(source.bytes, ends[0] as usize + 1, ends[1] as usize);
        let (name, value) = fields::split(source.bytes, line)?;
        let value = &source.bytes[value];
        match names::find(name) {
            None => {
                if !append_name(name, out) {
                    return Ok(None);
                }
            }
            Some(entry) => match entry.kind {
                Kind::Plain | Kind::Host | Kind::Expect => {
                    if entry.name == CONTENT_TYPE && is_grpc(value) {
                        return Ok(None);
                    }
                    written.dated |= entry.name == DATE;
                    out.extend_from_slice(entry.name.as_str().as_bytes());
                }
                Kind::ContentLength => match (fields.length, value::length(value)) {
                    (None, Some(length)) => {
                        fields.length = Some(length);
                        continue;
                    }
                    _ => return Ok(None),
                },
                Kind::Connection | Kind::TransferEncoding => {
                    fields.connection_specific(entry.kind, value, source.most)?;
                    continue;
                }
                Kind::Upgrade | Kind::HopByHop => return Ok(None),
            },
        }
        if !is_value(value) {
            return Err(Refusal::HeaderValue);
        }
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    let contradiction = fields.chunked && fields.length.is_some();
    let simple = !contradiction && !fields.names_others();
    Ok(simple.then_some((fields, written)))
}

/// Its result may be among the fields, or behind the body.
fn is_grpc(value: &[u8]) -> bool {
    value.starts_with(b"application/grpc")
}

/// A name that is not in the table; false if it is none, or somebody has to look at the field.
fn append_name(name: &[u8], out: &mut Vec<u8>) -> bool {
    let from = out.len();
    out.extend(name.iter().map(|&byte| NAME[byte as usize]));
    let name = &out[from..];
    !name.is_empty() && !name.contains(&0) && !fields::explains(name)
}

/// What [`http::HeaderValue`] takes: no control characters but the tab (RFC 9110 §5.5).
fn is_value(value: &[u8]) -> bool {
    value.iter().fold(true, |valid, &byte| {
        valid & ((byte >= b' ') | (byte == b'\t')) & (byte != 0x7f)
    })
}
