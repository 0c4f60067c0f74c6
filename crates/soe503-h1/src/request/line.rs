//! The request line (RFC 9112 §3), also while it is incomplete.

use std::ops::Range;

use http::{Method, Version};

use super::target;
use crate::limits::HeadLimits;
use crate::refusal::Refusal;
use crate::{lines, scan};

/// A request line's method, where its target stands, and its version.
#[inline]
pub(super) fn parse(
    bytes: &[u8],
    line: Range<usize>,
    limits: &HeadLimits,
) -> Result<(Method, Range<usize>, Version), Refusal> {
    let text = &bytes[line.clone()];
    let space = scan::find(text, b' ').ok_or_else(|| without_target(text))?;
    let method = Method::from_bytes(&text[..space]).map_err(|_| bad_method(text))?;
    let rest = &text[space + 1..];
    let target = scan::find(rest, b' ').ok_or_else(|| without_version(rest, limits))?;
    if target > limits.max_target.min(target::MOST) {
        return Err(Refusal::TargetTooLong);
    }
    let version = match &rest[target + 1..] {
        _ if target == 0 => return Err(Refusal::RequestLine),
        b"HTTP/1.1" => Version::HTTP_11,
        b"HTTP/1.0" => Version::HTTP_10,
        other => return Err(bad_version(other)),
    };
    let start = line.start + space + 1;
    Ok((method, start..start + target, version))
}

/// An incomplete head: it may be refused already. `Ok`: more bytes are needed.
#[cold]
pub(super) fn incomplete(bytes: &[u8], start: usize, limits: &HeadLimits) -> Result<(), Refusal> {
    judge(bytes, start, limits)?;
    if limits.is_full(bytes.len()) {
        Err(Refusal::HeadTooLarge)
    } else {
        Ok(())
    }
}

/// Judges the request line, as far as it is there.
#[cold]
pub(super) fn judge(bytes: &[u8], start: usize, limits: &HeadLimits) -> Result<(), Refusal> {
    match scan::find(&bytes[start..], b'\n') {
        Some(lf) => parse(bytes, lines::line(bytes, start, start + lf), limits).map(|_| ()),
        None => prefix(&bytes[start..], limits),
    }
}

/// The beginning of a request line: a method's bytes, and a target that is not too long.
fn prefix(text: &[u8], limits: &HeadLimits) -> Result<(), Refusal> {
    // It may be the line's end.
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let Some(space) = scan::find(text, b' ') else {
        // The second byte of a TLS record tells.
        let known = text.is_empty() || text == [0x16] || Method::from_bytes(text).is_ok();
        return if known { Ok(()) } else { Err(bad_method(text)) };
    };
    Method::from_bytes(&text[..space]).map_err(|_| bad_method(text))?;
    let rest = &text[space + 1..];
    let target = scan::find(rest, b' ').unwrap_or(rest.len());
    if target > limits.max_target.min(target::MOST) {
        Err(Refusal::TargetTooLong)
    } else {
        Ok(())
    }
}

/// A line without a space.
#[cold]
fn without_target(text: &[u8]) -> Refusal {
    match Method::from_bytes(text) {
        Ok(_) => Refusal::RequestLine,
        Err(_) => bad_method(text),
    }
}

/// What stands before the first space is no method.
#[cold]
fn bad_method(text: &[u8]) -> Refusal {
    match text {
        [0x16, 0x03, ..] => Refusal::TlsRecord,
        [b' ', ..] => Refusal::RequestLine,
        _ => Refusal::Method,
    }
}

/// A target and nothing behind it: HTTP/0.9.
#[cold]
fn without_version(target: &[u8], limits: &HeadLimits) -> Refusal {
    if target.is_empty() {
        Refusal::RequestLine
    } else if target.len() > limits.max_target.min(target::MOST) {
        Refusal::TargetTooLong
    } else {
        Refusal::Version
    }
}

/// `HTTP/` and a number is a version, if not one of ours.
#[cold]
fn bad_version(version: &[u8]) -> Refusal {
    match version {
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Refusal::Version
        }
        _ => Refusal::RequestLine,
    }
}
