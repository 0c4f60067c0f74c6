//! The four forms of a request target (RFC 9112 §3.2).

use std::ops::Range;

use http::Method;
use http::uri::{PathAndQuery, Uri};

use crate::fields::Source;
use crate::refusal::Refusal;
use crate::value;

/// The longest target that [`Uri`] holds.
pub(super) const MOST: usize = u16::MAX as usize - 1;

/// Parses the target at `range`.
#[inline]
pub(super) fn parse(
    method: &Method,
    range: Range<usize>,
    source: &Source<'_>,
) -> Result<Uri, Refusal> {
    let target = &source.bytes[range.clone()];
    if !target.is_ascii() {
        return Err(Refusal::Target);
    }
    let uri = Uri::from_maybe_shared(source.share(range)).map_err(|_| Refusal::Target)?;
    if target[0] != b'/' || *method == Method::CONNECT {
        return other_form(method, target, uri);
    }
    // The type cuts a fragment off, which must not be there.
    match uri.path_and_query() {
        Some(path) if path.as_str().len() == target.len() => Ok(uri),
        _ => Err(Refusal::Target),
    }
}

/// Any other than the origin form.
#[cold]
fn other_form(method: &Method, target: &[u8], uri: Uri) -> Result<Uri, Refusal> {
    if target.contains(&b'#') {
        return Err(Refusal::Target);
    }
    if target == b"*" {
        return if *method == Method::OPTIONS {
            Ok(uri)
        } else {
            Err(Refusal::Target)
        };
    }
    // A user's name and password have no place in a target (RFC 9110 §4.2.4): they are no host.
    let authority = uri.authority().ok_or(Refusal::Target)?;
    if !value::is_host(authority.as_str().as_bytes()) {
        return Err(Refusal::Target);
    }
    match uri.scheme_str() {
        None if *method == Method::CONNECT && authority.port().is_some() => Ok(uri),
        Some("http" | "https") if *method != Method::CONNECT => absolute(method, target, uri),
        _ => Err(Refusal::Target),
    }
}

/// `OPTIONS http://host` asks about the server, as `OPTIONS *` does (RFC 9112 §3.2.4).
fn absolute(method: &Method, target: &[u8], uri: Uri) -> Result<Uri, Refusal> {
    let slashes = target.iter().filter(|&&byte| byte == b'/').count();
    if *method != Method::OPTIONS || slashes > 2 || target.contains(&b'?') {
        return Ok(uri);
    }
    let mut parts = uri.into_parts();
    parts.path_and_query = Some(PathAndQuery::from_static("*"));
    Uri::from_parts(parts).map_err(|_| Refusal::Target)
}
