//! Who may use the admin API.
//!
//! Two attackers are kept out. One has a network path to the port: answered by the loopback
//! default and the bearer token. The other has none, but has the operator's browser: a web page
//! can point its own name at 127.0.0.1 (DNS rebinding) or post a form across sites (CSRF).
//! The first shows in `Host`, the second in `Origin` and `Sec-Fetch-Site`, and neither can know a
//! token, though a browser that was told it once sends it along. There is no CORS: no page of another origin ever
//! reads an answer.
//!
//! | request | without a token configured | with one |
//! | --- | --- | --- |
//! | `/healthz`, `/readyz` | anybody | anybody |
//! | `POST /api/v1/changes/github` | whoever signs it, from anywhere | the same |
//! | other `GET` | peer on loopback, `Host` ours | the token, from anywhere, any `Host` |
//! | a link to a page followed (`GET`) | the same, from any site | the same, from any site |
//! | `POST` | the same, and not cross-site | the same, and not cross-site |

use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, Uri};
use soe503_api::{Problem, path};

use crate::config::{AdminAccess, AdminToken};
use crate::control::change_hooks::Source;

/// The rules for one admin listener.
#[derive(Clone, Debug)]
pub struct Guard {
    address: SocketAddr,
    access: AdminAccess,
}

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No token, or a wrong one.
    Unauthorized,
    /// Not from this machine, and there is no token that could prove it harmless.
    NotLocal,
    /// `Host` names another server: the mark of DNS rebinding.
    ForeignHost,
    /// The request was made by a page of another site.
    CrossSite,
}

// === impl Guard ===

impl Guard {
    /// The rules for a listener at `address`.
    pub const fn new(address: SocketAddr, access: AdminAccess) -> Self {
        Self { address, access }
    }

    /// Lets a request in, or says why not. `peer` is the other end of the connection.
    ///
    /// # Errors
    ///
    /// The rule that turns it away.
    pub fn admit(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        peer: IpAddr,
    ) -> Result<(), Denied> {
        // GitHub has no token: what it sends is signed, and refused otherwise where it is read.
        let signed = path::changes_from(Source::GitHub.word());
        if matches!(uri.path(), path::HEALTHZ | path::READYZ) || uri.path() == signed {
            return Ok(());
        }
        let host = uri.authority().map_or_else(
            || headers.get(HOST).and_then(|host| host.to_str().ok()),
            |authority| Some(authority.as_str()),
        );
        match &self.access {
            AdminAccess::Token(token) => {
                if !presents(headers, token) {
                    return Err(Denied::Unauthorized);
                }
            }
            AdminAccess::Loopback => {
                if !peer.to_canonical().is_loopback() {
                    return Err(Denied::NotLocal);
                }
                if !host.is_some_and(|host| self.is_ours(host)) {
                    return Err(Denied::ForeignHost);
                }
            }
        }
        if follows_link(method, uri.path(), headers) {
            return Ok(());
        }
        same_site(headers, host)
    }

    /// Whether `host` (a name or address, with or without a port) means this listener.
    fn is_ours(&self, host: &str) -> bool {
        let name = without_port(host);
        if name.eq_ignore_ascii_case("localhost") || name.eq_ignore_ascii_case("localhost.") {
            return true;
        }
        let literal = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'))
            .unwrap_or(name);
        literal
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback() || ip == self.address.ip())
    }
}

/// Somebody follows a link to a page of the dashboard that shows, from a chat or a runbook. The page that it is on reads
/// nothing of the answer, which is shown in a window of its own, and looking changes nothing. A question whether
/// something shall be done is not among them: another site could lay it under the pointer of who clicks twice.
fn follows_link(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let shows = matches!(path, "/" | "/config" | "/incidents") || path.starts_with("/incidents/");
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|said| said == value);
    shows
        && method == Method::GET
        && says("sec-fetch-mode", "navigate")
        && says("sec-fetch-dest", "document")
        && !headers.contains_key(ORIGIN)
}

/// A page of another origin says so; a page of ours says the host it was loaded from; `curl` and
/// `lbctl` say nothing.
fn same_site(headers: &HeaderMap, host: Option<&str>) -> Result<(), Denied> {
    if let Some(site) = headers.get("sec-fetch-site")
        && site != "same-origin"
        && site != "none"
    {
        return Err(Denied::CrossSite);
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return Ok(());
    };
    let from = origin.to_str().ok().and_then(|origin| {
        origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"))
    });
    match (from, host) {
        (Some(from), Some(host)) if from.eq_ignore_ascii_case(host) => Ok(()),
        _ => Err(Denied::CrossSite),
    }
}

/// What somebody calls themselves who was asked for the token by a browser. Nobody has looked whether that is true.
pub(super) fn claimed_name(headers: &HeaderMap) -> Option<String> {
    let (scheme, presented) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(presented.trim()).ok()?;
    let (name, _password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    (!name.is_empty()).then_some(name)
}

/// As a bearer token (RFC 6750), or as the password of anybody (RFC 7617): that is what a browser can ask a person for.
fn presents(headers: &HeaderMap, token: &AdminToken) -> bool {
    let right = |value: &HeaderValue| -> Option<bool> {
        let (scheme, presented) = value.to_str().ok()?.split_once(' ')?;
        let presented = presented.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(token.matches(presented));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = STANDARD.decode(presented).ok()?;
        let (_name, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        Some(token.matches(password))
    };
    headers.get(AUTHORIZATION).and_then(right).unwrap_or(false)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // A colon inside brackets belongs to an IPv6 address.
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

// === impl Denied ===

impl Denied {
    /// The answer to the request.
    pub fn problem(self) -> Problem {
        match self {
            Self::Unauthorized => Problem::new(
                401,
                "A token is needed",
                "Send the admin token as `Authorization: Bearer …` (lbctl: --token-file or LBCTL_TOKEN); a browser asks for it as a password, with any name.",
            ),
            Self::NotLocal => Problem::new(
                403,
                "Only from this machine",
                "Without a token the admin API serves loopback connections alone; set [admin].token_file to use it from elsewhere.",
            ),
            Self::ForeignHost => Problem::new(
                403,
                "Another server's name",
                "The Host of this request is neither a loopback name nor the configured address; set [admin].token_file to use other names.",
            ),
            Self::CrossSite => Problem::new(
                403,
                "A request from another site",
                "A page of another origin made this request; the admin API does not take part in that.",
            ),
        }
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
