//! The trailer section (RFC 9112 §7.1.2).

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http::header::HeaderValue;

use super::Step;
use crate::fault::BodyFault;
use crate::{fields, lines, scan};

/// Bytes of a trailer section.
const MOST_BYTES: usize = 16 * 1024;
/// Fields of a trailer section.
const MOST_FIELDS: usize = 64;

/// A trailer section as far as it has arrived.
#[derive(Debug, Default)]
pub(super) struct Trailer {
    section: Vec<u8>,
}

impl Trailer {
    /// Takes bytes up to the section's end.
    pub(super) fn decode(&mut self, input: &mut Bytes) -> Result<Step, BodyFault> {
        let mut used = 0;
        let mut end = false;
        for &byte in input.iter() {
            used += 1;
            let cr = self.section.last() == Some(&b'\r');
            if cr != (byte == b'\n') || self.section.len() == MOST_BYTES {
                return Err(BodyFault::Trailer);
            }
            self.section.push(byte);
            if byte == b'\n' && self.section.ends_with(b"\r\n\r\n") {
                end = true;
                break;
            }
        }
        input.advance(used);
        if !end {
            return Ok(Step::More);
        }
        let map = parse(&self.section)?;
        Ok(if map.is_empty() {
            Step::End
        } else {
            Step::Trailers(map)
        })
    }
}

fn parse(section: &[u8]) -> Result<HeaderMap, BodyFault> {
    let mut map = HeaderMap::new();
    let mut start = 0;
    let mut count = 0;
    while let Some(len) = scan::find(&section[start..], b'\n') {
        let line = lines::line(section, start, start + len);
        start += len + 1;
        if line.is_empty() {
            break;
        }
        count += 1;
        if count > MOST_FIELDS {
            return Err(BodyFault::Trailer);
        }
        let (name, value) = fields::split(section, line).map_err(|_| BodyFault::Trailer)?;
        let name = fields::other_name(name).map_err(|_| BodyFault::Trailer)?;
        let value = HeaderValue::from_bytes(&section[value]).map_err(|_| BodyFault::Trailer)?;
        if !is_forbidden(name.as_str()) {
            map.append(name, value);
        }
    }
    Ok(map)
}

/// Fields that decide about framing, routing, the right to do something, or how the content is read.
/// They must not be in a trailer section (RFC 9110 §6.5.1), and are dropped.
pub(crate) fn is_forbidden(name: &str) -> bool {
    matches!(
        name,
        "authorization"
            | "cache-control"
            | "connection"
            | "content-encoding"
            | "content-length"
            | "content-range"
            | "content-type"
            | "cookie"
            | "expect"
            | "forwarded"
            | "host"
            | "keep-alive"
            | "max-forwards"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "range"
            | "set-cookie"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "www-authenticate"
    ) || name.starts_with("x-forwarded-")
        || name.starts_with("if-")
}
