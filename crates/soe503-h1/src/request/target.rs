//! The four forms of a request target (RFC 9112 §3.2).

use http::Method;
use http::uri::{PathAndQuery, Uri};

use crate::fields::Copy;
use crate::refusal::Refusal;

/// The longest target that [`Uri`] holds.
pub(crate) const MOST: usize = u16::MAX as usize - 1;

/// Parses `target`, a slice of the head that `copy` was made of.
pub(crate) fn parse(method: &Method, target: &str, copy: &Copy) -> Result<Uri, Refusal> {
    if !target.is_ascii() {
        return Err(Refusal::Target);
    }
    let uri = Uri::from_maybe_shared(copy.slice(target.as_bytes())).map_err(|_| Refusal::Target)?;
    if target.starts_with('/') && *method != Method::CONNECT {
        // Origin form. A fragment would have been cut off.
        return if uri
            .path_and_query()
            .is_some_and(|path| path.as_str().len() == target.len())
        {
            Ok(uri)
        } else {
            Err(Refusal::Target)
        };
    }
    other_form(method, target, uri)
}

#[cold]
fn other_form(method: &Method, target: &str, uri: Uri) -> Result<Uri, Refusal> {
    if target.contains('#') {
        return Err(Refusal::Target);
    }
    if target == "*" {
        return if *method == Method::OPTIONS {
            Ok(uri)
        } else {
            Err(Refusal::Target)
        };
    }
    // A user's name and password have no place in a target (RFC 9110 §4.2.4).
    let authority = uri.authority().ok_or(Refusal::Target)?;
    if !crate::value::is_host(authority.as_str().as_bytes()) {
        return Err(Refusal::Target);
    }
    match uri.scheme_str() {
        None if *method == Method::CONNECT && authority.port().is_some() => Ok(uri),
        Some("http" | "https") if *method != Method::CONNECT => absolute(method, target, uri),
        _ => Err(Refusal::Target),
    }
}

/// `OPTIONS http://host` asks about the server, as `OPTIONS *` does (RFC 9112 §3.2.4).
fn absolute(method: &Method, target: &str, uri: Uri) -> Result<Uri, Refusal> {
    let after = target.find("://").map_or("", |at| &target[at + 3..]);
    if *method != Method::OPTIONS || after.contains(['/', '?']) {
        return Ok(uri);
    }
    let mut parts = uri.into_parts();
    parts.path_and_query = Some(PathAndQuery::from_static("*"));
    Uri::from_parts(parts).map_err(|_| Refusal::Target)
}
